export { CLAIM_CHECK_SECONDS, createJobs, type JobsOptions } from './jobs.ts';
export { jobMigrations } from './migrations.ts';
export { countJobs, HEARTBEAT_SECONDS, JOBS_SCHEMA } from './store.ts';
export {
  defineQueue,
  type Handler,
  type Job,
  type JobMeter,
  type Jobs,
  type Progress,
  type Queue,
  type QueueCounts,
  type SendOptions,
} from './types.ts';
