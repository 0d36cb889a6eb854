import type { Migration } from '../../../platform/database/types.ts';

export const dataScanMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0430-data-scans',
    sql: `
      -- Instants are milliseconds since the epoch.
      create table data_scans (
        id uuid primary key,
        version_id uuid not null references data_versions on delete cascade,
        state text not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
        options jsonb not null,
        -- Digest of the options: of a version, one scan with the same ones waits or runs at a time
        fingerprint text not null,
        -- Begun by the server itself when the version came in
        automatic boolean not null,
        failure text,
        rows bigint,
        suspected bigint,
        blind_spots jsonb not null default '[]',
        created_by_id text not null,
        created_by text not null,
        created_at bigint not null,
        started_at bigint,
        ended_at bigint
      );
      create index data_scans_version on data_scans (version_id, created_at, id);
      create unique index data_scans_active on data_scans (version_id, fingerprint)
        where state in ('queued', 'running');

      create table data_scan_findings (
        scan_id uuid not null references data_scans on delete cascade,
        number integer not null,
        check_id text not null,
        title text not null,
        severity text not null check (severity in ('info', 'low', 'medium', 'high', 'critical')),
        message text not null,
        -- All rows that are known, ascending, as u32 little-endian; complete: these are all of count
        rows bytea not null,
        complete boolean not null,
        count bigint not null,
        precision_share jsonb,
        -- JSON as text, since names of columns may hold what jsonb does not
        evidence text not null,
        maps jsonb not null,
        decision text not null default 'open' check (decision in ('open', 'confirmed', 'dismissed')),
        decided_by text,
        decided_at bigint,
        note text,
        primary key (scan_id, number)
      );

      create table data_scan_records (
        scan_id uuid not null references data_scans on delete cascade,
        rank integer not null,
        row bigint not null,
        score double precision not null,
        checks text[] not null,
        -- JSON as text; without what the records say
        reasons text not null,
        primary key (scan_id, rank)
      );
    `,
  },
]);
