import type { Migration } from '../../../platform/database/types.ts';

export const dataWatchMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0470-data-watch',
    sql: `
      -- Instants are milliseconds since the epoch. Texts that come of records are JSON as text: they may hold what jsonb
      -- does not.
      create table data_watches (
        dataset_id uuid primary key references data_datasets on delete cascade,
        settings jsonb not null default '{}',
        -- Counts of accepted history, with values of records: never shown as it is; null before there is any
        memory text,
        -- The label that the memory is about
        label text,
        -- No class: why nothing is counted
        unusable text,
        notes text not null default '[]',
        -- Changed with every change, so that two servers do not undo each other's
        revision bigint not null default 0
      );

      -- Versions that were looked at, so that each is once
      create table data_watch_versions (
        version_id uuid primary key references data_versions on delete cascade,
        dataset_id uuid not null references data_datasets on delete cascade,
        -- Why it could not be watched; null where it was
        failure text,
        at bigint not null
      );
      create index data_watch_versions_dataset on data_watch_versions (dataset_id, at);

      create table data_watch_days (
        dataset_id uuid not null references data_datasets on delete cascade,
        source text not null,
        day bigint not null,
        name text not null,
        version_id uuid not null references data_versions on delete cascade,
        records bigint not null,
        evidence double precision not null,
        at bigint not null,
        primary key (dataset_id, source, day)
      );

      create table data_watch_alarms (
        id uuid primary key,
        dataset_id uuid not null references data_datasets on delete cascade,
        source text not null,
        since bigint not null,
        until bigint not null,
        -- What carries it, with values of records: shown masked
        counts text not null,
        evidence double precision not null,
        threshold double precision not null,
        at bigint not null,
        dealt_at bigint,
        dealt_by text,
        reason text,
        accepted boolean not null default false
      );
      create unique index data_watch_alarms_open on data_watch_alarms (dataset_id, source) where dealt_at is null;
      create index data_watch_alarms_dataset on data_watch_alarms (dataset_id, at);

      -- Endpoints that serve what was made from records that are no longer trusted
      create table data_exposures (
        id uuid primary key,
        version_id uuid not null references data_versions on delete cascade,
        endpoint_id uuid not null,
        endpoint text not null,
        team_id uuid,
        cause text not null check (cause in ('quarantined', 'finding')),
        since bigint not null,
        cleared_at bigint
      );
      create unique index data_exposures_open on data_exposures (version_id, endpoint_id, cause)
        where cleared_at is null;
      create index data_exposures_endpoint on data_exposures (endpoint_id) where cleared_at is null;
    `,
  },
  {
    id: '0471-data-watch-names',
    sql: `
      -- Names that came of columns are values of records: these may be told, as profiles show them. Of what was kept
      -- before, nobody knows whether they may.
      alter table data_watch_days
        add column name_shown boolean not null default false,
        add column source_shown boolean not null default false;
      -- Who made the watch see less, when, why, and what it was before
      alter table data_watches add column loosened text not null default '[]';
    `,
  },
]);
