import type { Migration } from '../../../platform/database/types.ts';

/** The experiment that clients mean who name none: MLflow's `0`. Everybody's. */
export const DEFAULT_EXPERIMENT_ID = '00000000-0000-7000-8000-000000000000';

export const runMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0221-runs-create',
    sql: `
      -- Instants are milliseconds since the epoch.
      create table experiments (
        id uuid primary key,
        -- Deleted experiments keep their name, so that they can be restored.
        name text not null constraint experiments_name unique,
        team_id uuid constraint experiments_team references teams (id) on delete restrict,
        deleted_at bigint,
        created_by text not null,
        created_at bigint not null,
        updated_at bigint not null
      );
      create index experiments_of_team on experiments (team_id) where team_id is not null;
      insert into experiments (id, name, created_by, created_at, updated_at)
        select '${DEFAULT_EXPERIMENT_ID}', 'Default', 'Bartizan', at, at
        from (select (extract(epoch from now()) * 1000)::bigint as at) as clock;

      create table experiment_tags (
        experiment_id uuid not null references experiments on delete cascade,
        key text not null,
        value text not null,
        primary key (experiment_id, key)
      );

      create table runs (
        id uuid primary key,
        experiment_id uuid not null references experiments on delete restrict,
        name text not null,
        -- Who ran it, as the client says; created_by is who called.
        user_name text not null,
        status text not null check (status in ('running', 'scheduled', 'finished', 'failed', 'killed')),
        started_at bigint not null,
        ended_at bigint,
        deleted_at bigint,
        created_by text not null
      );
      create index runs_of_experiment on runs (experiment_id, started_at desc, id desc);
      create index runs_newest on runs (started_at desc, id desc);

      create table run_params (
        run_id uuid not null references runs on delete cascade,
        key text not null,
        value text not null,
        primary key (run_id, key)
      );

      create table run_tags (
        run_id uuid not null references runs on delete cascade,
        key text not null,
        value text not null,
        primary key (run_id, key)
      );
      create index run_tags_parent on run_tags (value) where key = 'mlflow.parentRunId';

      -- Every value that was logged; the same point again is one point.
      create table run_metrics (
        run_id uuid not null references runs on delete cascade,
        key text not null,
        step bigint not null,
        at bigint not null,
        value float8 not null,
        primary key (run_id, key, step, at, value)
      );

      create table run_latest_metrics (
        run_id uuid not null references runs on delete cascade,
        key text not null,
        step bigint not null,
        at bigint not null,
        value float8 not null,
        primary key (run_id, key)
      );

      create table logged_models (
        id uuid primary key,
        experiment_id uuid not null references experiments on delete restrict,
        -- Null: logged outside a run.
        source_run_id uuid references runs on delete restrict,
        name text not null,
        type text not null,
        status text not null check (status in ('pending', 'ready', 'failed')),
        status_message text not null default '',
        deleted_at bigint,
        created_by text not null,
        created_at bigint not null,
        updated_at bigint not null
      );
      create index logged_models_of_experiment on logged_models (experiment_id, created_at desc, id desc);
      create index logged_models_of_run on logged_models (source_run_id) where source_run_id is not null;

      create table logged_model_params (
        model_id uuid not null references logged_models on delete cascade,
        key text not null,
        value text not null,
        primary key (model_id, key)
      );

      create table logged_model_tags (
        model_id uuid not null references logged_models on delete cascade,
        key text not null,
        value text not null,
        primary key (model_id, key)
      );

      -- The latest value that each run found for a model on a dataset; no dataset is the empty text twice.
      create table logged_model_metrics (
        model_id uuid not null references logged_models on delete cascade,
        key text not null,
        run_id uuid not null references runs on delete cascade,
        dataset_name text not null,
        dataset_digest text not null,
        step bigint not null,
        at bigint not null,
        value float8 not null,
        primary key (model_id, key, run_id, dataset_name, dataset_digest)
      );

      -- Datasets as runs describe them; the first description of a digest counts.
      create table datasets (
        id uuid primary key,
        experiment_id uuid not null references experiments on delete cascade,
        name text not null,
        digest text not null,
        source_type text not null,
        source text not null,
        schema text,
        profile text,
        constraint datasets_once unique (experiment_id, name, digest)
      );

      create table run_datasets (
        run_id uuid not null references runs on delete cascade,
        dataset_id uuid not null references datasets on delete cascade,
        context text not null,
        tags jsonb not null,
        primary key (run_id, dataset_id)
      );
      create index run_datasets_of on run_datasets (dataset_id);

      create table run_models (
        run_id uuid not null references runs on delete cascade,
        model_id uuid not null references logged_models on delete cascade,
        direction text not null check (direction in ('input', 'output')),
        step bigint,
        primary key (run_id, direction, model_id)
      );
      create index run_models_of on run_models (model_id);

      -- What is kept of a run or of a logged model, by path; the bytes lie in the object store.
      create table artifact_files (
        root_kind text not null check (root_kind in ('run', 'model')),
        root_id uuid not null,
        path text collate "C" not null,
        sha256 text not null references objects (sha256),
        size bigint not null,
        created_at bigint not null,
        primary key (root_kind, root_id, path)
      );
      create index artifact_files_content on artifact_files (sha256);
    `,
  },
  {
    id: '0222-runs-artifact-bytes',
    sql: `
      -- What each owner has sent as files of runs and models in an hour (hours since the epoch), kept or not
      create table artifact_bytes (
        owner_id text not null,
        hour bigint not null,
        bytes bigint not null,
        primary key (owner_id, hour)
      );
      create index artifact_bytes_hour on artifact_bytes (hour);
    `,
  },
  {
    id: '0223-runs-datasets-named',
    sql: `
      create index datasets_named on datasets (name, digest);
      create index datasets_address on datasets
        ((substring(source from 'bartizan://datasets/[^"/[:space:]]+/versions/[0-9]+')));
    `,
  },
  {
    id: '0224-runs-created-by-id',
    sql: `
      -- Who made it: they alone say how it was made. Null: not known.
      alter table runs add column created_by_id text;
      update runs r set created_by_id = (select e.actor_id from audit_entries e
        where e.action = 'runs.created' and e.subject = 'run:' || r.id::text order by e.id limit 1);
    `,
  },
]);
