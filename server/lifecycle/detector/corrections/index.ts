export { type CorrectionService, createCorrectionService } from './service.ts';
