import type { Migration } from '../database/types.ts';

/** pg-boss keeps its own tables, in a schema of its own: see {@link JOBS_SCHEMA}. */
export const jobMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0240-jobs-progress',
    sql: `
      -- How far running jobs are. Of no worth after a crash, when they begin again.
      create unlogged table job_progress (
        queue text not null,
        key text not null,
        done bigint not null,
        total bigint not null,
        detail jsonb not null,
        at bigint not null,
        primary key (queue, key)
      );
    `,
  },
]);
