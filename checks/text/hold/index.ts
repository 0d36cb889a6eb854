export { createHoldBack, MAX_HELD_CHARS, MAX_WHOLE_CHARS } from './hold.ts';
export type { HoldBack, HoldBackOptions, Released } from './types.ts';
