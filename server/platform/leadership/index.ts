export {
  createLeadership,
  type Leadership,
  LeadershipLost,
  type LeadershipOptions,
  type Term,
} from './leadership.ts';
export { leadershipMigrations } from './migrations.ts';
