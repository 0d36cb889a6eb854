import type { Migration } from '../../../platform/database/types.ts';

export const datasetMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0400-data-datasets',
    sql: `
      -- Instants are milliseconds since the epoch.
      create table data_datasets (
        id uuid primary key,
        name text not null,
        -- What names that people take for one have in common
        name_key text not null,
        team_id uuid constraint data_datasets_team references teams (id) on delete restrict,
        description text not null,
        license text not null,
        consent text not null,
        homepage text not null,
        label text,
        retention_days integer,
        created_by_id text not null,
        created_by text not null,
        created_at bigint not null,
        updated_at bigint not null,
        removed_at bigint,
        -- Highest number that a version was ever given
        last_number integer not null default 0
      );
      create unique index data_datasets_name on data_datasets (name_key) where removed_at is null;
      create index data_datasets_created on data_datasets (created_at, id);

      create table data_versions (
        id uuid primary key,
        dataset_id uuid not null references data_datasets,
        number integer not null,
        state text not null check (state in ('processing', 'ready', 'failed', 'awaiting-review', 'rejected')),
        failure text,
        quarantined boolean not null default false,
        storage text not null check (storage in ('value', 'reference')),
        location text,
        format text not null,
        options jsonb not null,
        -- JSON as text, since names of columns may hold what jsonb does not
        schema text,
        profile text,
        rows bigint,
        bytes bigint not null,
        file_count integer not null,
        -- Digests in lower-case hexadecimal
        root text,
        schema_digest text,
        leaves text references objects (sha256),
        -- Roots of blocks of 256 records
        blocks text references objects (sha256),
        -- A number (u32, little-endian) for each record: a place in origins. Null: 0 for all
        record_origins text references objects (sha256),
        -- [{version, rows}]: versions that brought its records in
        origins jsonb not null default '[]',
        measured_by text not null check (measured_by in ('server', 'client')),
        content_removed_at bigint,
        parent_id uuid references data_versions,
        source_id uuid,
        source_name text,
        batch text,
        reason text not null,
        label text,
        allow_same boolean not null,
        -- Who made it, with the teams that bound them: {kind, id, name, teams}
        acting jsonb not null,
        created_at bigint not null,
        ready_at bigint,
        unique (dataset_id, number)
      );
      create index data_versions_root on data_versions (root) where root is not null;
      create index data_versions_parent on data_versions (parent_id) where parent_id is not null;
      create index data_versions_state on data_versions (state) where state = 'processing';
      create index data_versions_leaves on data_versions (leaves) where leaves is not null;
      create index data_versions_blocks on data_versions (blocks) where blocks is not null;
      create index data_versions_record_origins on data_versions (record_origins) where record_origins is not null;
      create index data_versions_source on data_versions (source_id) where source_id is not null;

      create table data_version_files (
        version_id uuid not null references data_versions on delete cascade,
        position integer not null,
        path text not null,
        size bigint not null,
        sha256 text not null references objects (sha256),
        primary key (version_id, position),
        unique (version_id, path)
      );
      create index data_version_files_sha256 on data_version_files (sha256);

      create table data_pushes (
        id uuid primary key,
        -- The person who answers for it, or the principal itself where nobody does
        owner_id text not null,
        state text not null check (state in ('open', 'finished')),
        dataset_name text not null,
        -- Of the dataset, or of one that is registered by it
        team_id uuid,
        -- What was asked for, without the files
        input jsonb not null,
        fingerprint text not null,
        total_bytes bigint not null,
        created_at bigint not null,
        expires_at bigint not null,
        -- The version that it became
        version_id uuid references data_versions on delete set null,
        -- Its records were those of version_id already
        same boolean not null default false,
        failure text
      );
      create index data_pushes_owner on data_pushes (owner_id, id);
      create index data_pushes_expiry on data_pushes (expires_at);
      create index data_pushes_version on data_pushes (version_id) where version_id is not null;

      create table data_push_files (
        push_id uuid not null references data_pushes on delete cascade,
        position integer not null,
        path text not null,
        size bigint not null,
        -- As the client told
        expected text,
        -- Of complete files
        sha256 text references objects (sha256),
        -- Of files that come in parts: where they lie until they are complete
        staging text,
        received bigint not null default 0,
        -- The request that writes it, and until when it holds it
        lease uuid,
        lease_until bigint,
        primary key (push_id, position),
        unique (push_id, path)
      );
      create index data_push_files_sha256 on data_push_files (sha256) where sha256 is not null;
    `,
  },
  {
    id: '0401-data-verifications',
    sql: `
      create table data_verifications (
        id uuid primary key,
        version_id uuid not null references data_versions on delete cascade,
        state text not null check (state in ('running', 'intact', 'tampered', 'error')),
        content_read boolean not null,
        rows bigint,
        counts jsonb not null default '{}',
        -- JSON as text
        tamperings text not null default '[]',
        failure text,
        by_kind text not null,
        by_id text not null,
        by_name text not null,
        started_at bigint not null,
        ended_at bigint
      );
      create index data_verifications_version on data_verifications (version_id, started_at, id);
      create index data_verifications_running on data_verifications (id) where state = 'running';
    `,
  },
  {
    id: '0402-data-verification-notes',
    sql: `
      -- What could not be checked: texts
      alter table data_verifications add column notes jsonb not null default '[]';
    `,
  },
]);
