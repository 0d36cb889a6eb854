export * from './corrections.ts';
export * from './fields.ts';
export * from './models.ts';
