export { type KeptBudgets, keepBudgets } from './keep.ts';
export {
  createLimiter,
  type DayUsage,
  isLimited,
  type LocalLimiter,
  type SubjectState,
  type UsageDelta,
} from './limiter.ts';
