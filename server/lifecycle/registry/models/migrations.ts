import type { Migration } from '../../../platform/database/types.ts';

export const modelMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0211-registry-create',
    sql: `
      -- Instants are milliseconds since the epoch. What is removed keeps its row, so that what was made from it
      -- still shows where it comes from; its name is free again.
      create table models (
        id uuid primary key,
        name text not null,
        description text not null,
        team_id uuid constraint models_team references teams (id) on delete restrict,
        -- The highest number that was given to a version; none is given twice.
        last_version integer not null default 0,
        created_by text not null,
        created_at bigint not null,
        updated_at bigint not null,
        removed_at bigint
      );
      create unique index models_name on models (name) where removed_at is null;
      create index models_order_name on models (lower(name), id) where removed_at is null;
      create index models_order_updated on models (updated_at, id) where removed_at is null;
      create index models_of_team on models (team_id) where team_id is not null;

      create table model_tags (
        model_id uuid not null references models on delete cascade,
        key text not null,
        value text not null,
        primary key (model_id, key)
      );

      create table model_versions (
        id uuid primary key,
        model_id uuid not null references models on delete restrict,
        version integer not null check (version > 0),
        -- sha256 over the raw digests of the files in the order of their paths' bytes; null until they are there
        digest text check (digest ~ '^[0-9a-f]{64}$'),
        status text not null check (status in ('pending', 'ready', 'failed')),
        status_message text not null,
        stage text not null check (stage in ('none', 'staging', 'production', 'archived')),
        description text not null,
        source text not null,
        run_id text,
        logged_model_id text,
        file_count integer not null,
        bytes bigint not null,
        -- [{key, value}]; NaN and the infinities by name
        metrics jsonb not null,
        base_version_id uuid constraint model_versions_base references model_versions on delete restrict,
        base_name text,
        base_digest text,
        scan_state text,
        scan_verdict text,
        quarantined boolean not null default false,
        severities jsonb not null default '{"info":0,"low":0,"medium":0,"high":0,"critical":0}',
        formats text[] not null default '{}',
        scanned_at bigint,
        created_by text not null,
        created_at bigint not null,
        updated_at bigint not null,
        removed_at bigint,
        constraint model_versions_number unique (model_id, version),
        constraint model_versions_one_base check (base_version_id is null or base_name is null),
        constraint model_versions_digest check ((status = 'ready') = (digest is not null))
      );
      create index model_versions_base on model_versions (base_version_id) where base_version_id is not null;
      create index model_versions_base_name on model_versions (base_name) where base_name is not null;
      create index model_versions_base_digest on model_versions (base_digest) where base_digest is not null;
      create index model_versions_same on model_versions (digest) where digest is not null;
      create index model_versions_run on model_versions (run_id) where run_id is not null;
      create index model_versions_logged on model_versions (logged_model_id) where logged_model_id is not null;

      create table model_version_files (
        version_id uuid not null references model_versions on delete cascade,
        path text collate "C" not null,
        sha256 text not null constraint model_version_files_object references objects (sha256),
        size bigint not null,
        primary key (version_id, path)
      );
      create index model_version_files_object on model_version_files (sha256);

      create table model_version_tags (
        version_id uuid not null references model_versions on delete cascade,
        key text not null,
        value text not null,
        primary key (version_id, key)
      );

      create table model_version_datasets (
        version_id uuid not null references model_versions on delete cascade,
        position integer not null,
        name text not null,
        digest text not null,
        context text not null,
        source text not null,
        primary key (version_id, position)
      );
      create index model_version_datasets_same on model_version_datasets (name, digest);

      create table model_aliases (
        model_id uuid not null references models on delete cascade,
        alias text not null,
        version_id uuid not null references model_versions on delete cascade,
        primary key (model_id, alias)
      );
      create index model_aliases_version on model_aliases (version_id);

      -- What endpoints say that they serve: a number, an alias or "latest"
      create table endpoint_models (
        endpoint_id uuid not null references endpoints (id) on delete cascade,
        model_id uuid not null references models on delete cascade,
        version text not null,
        position integer not null,
        primary key (endpoint_id, model_id)
      );
      create index endpoint_models_model on endpoint_models (model_id);
    `,
  },
  {
    id: '0212-registry-datasets-named',
    sql: `
      create index model_version_datasets_address on model_version_datasets
        ((substring(source from 'bartizan://datasets/[^"/[:space:]]+/versions/[0-9]+')));
    `,
  },
]);
