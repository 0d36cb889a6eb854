export { type KeptBudgets, keepBudgets } from './keep.ts';
export {
  createLimiter,
  type DayUsage,
  type LocalLimiter,
  type SubjectState,
  type UsageDelta,
} from './limiter.ts';
