import type { Migration } from '../../../platform/database/types.ts';

export const cleaningMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0440-data-quarantines',
    sql: `
      -- Records that were taken out of a version. Instants are milliseconds since the epoch.
      create table data_quarantines (
        id uuid primary key,
        version_id uuid not null references data_versions on delete cascade,
        -- The version without them, and the one with them again
        to_version_id uuid references data_versions on delete set null,
        restore_version_id uuid references data_versions on delete set null,
        -- made: a version was begun, whose own state tells the rest
        state text not null check (state in ('working', 'made', 'failed', 'restoring')),
        failure text,
        -- JSON as text, since values may hold what jsonb does not; of many rows the first
        selection text not null,
        reason text not null,
        restore_reason text,
        -- Rows from 0, ascending, as u32 little-endian; null until they are selected
        rows bytea,
        removed bigint not null default 0,
        -- For each record that was removed its row (u32, little-endian) and its hash (32 bytes)
        record text references objects (sha256),
        -- [{kind, id, label, teamId}] as JSON text
        dependants text not null default '[]',
        -- Who asked last: {kind, id, name, teams}
        acting jsonb not null,
        created_by text not null,
        created_at bigint not null,
        told_at bigint
      );
      create index data_quarantines_version on data_quarantines (version_id, created_at, id);
      create index data_quarantines_record on data_quarantines (record) where record is not null;
      create unique index data_quarantines_working on data_quarantines (version_id) where state = 'working';
    `,
  },
]);
