import type { Migration } from '../database/types.ts';

export const leadershipMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0160-leadership-create',
    sql: `
      -- Who does work that only one server may do. The lock decides; this says who had it last, and fences.
      create table leaderships (
        name text primary key,
        -- Grows with every election: work of an earlier leader is told apart from that of a later one.
        term bigint not null,
        holder uuid not null,
        since timestamptz not null
      );
    `,
  },
]);
