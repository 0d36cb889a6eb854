import type { Migration } from '../../../platform/database/types.ts';

export const sourceMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0410-data-sources',
    sql: `
      -- Instants are milliseconds since the epoch.
      create table data_sources (
        id uuid primary key,
        name text not null,
        -- Lower case, for names are told apart without it
        name_key text not null constraint data_sources_name unique,
        team_id uuid constraint data_sources_team references teams (id) on delete restrict,
        owner text not null,
        method text not null,
        url text not null,
        license text not null,
        consent text not null,
        contact text not null,
        description text not null,
        trust text not null check (trust in ('trusted', 'known', 'unreviewed', 'blocked')),
        reviewed_by text,
        reviewed_at bigint,
        created_by_id text not null,
        created_by text not null,
        created_at bigint not null
      );
      create index data_sources_created on data_sources (created_at, id);

      -- One row has no dataset: what holds where a dataset has no policy of its own.
      create table data_policies (
        id uuid primary key,
        dataset_id uuid constraint data_policies_dataset unique references data_datasets on delete cascade,
        policy jsonb not null,
        changed_at bigint not null,
        changed_by text not null
      );
      create unique index data_policies_of_all on data_policies ((dataset_id is null)) where dataset_id is null;

      -- Who said that a version may be used, though a policy holds it.
      create table data_approvals (
        version_id uuid primary key references data_versions on delete cascade,
        by_id text not null,
        by_name text not null,
        reason text not null,
        at bigint not null
      );

      create table data_custody (
        id uuid primary key,
        dataset_id uuid not null references data_datasets on delete cascade,
        version_id uuid references data_versions on delete cascade,
        action text not null,
        actor_id text not null,
        actor_name text not null,
        reason text not null,
        -- JSON as text: facts of a few hundred bytes, no content
        detail text not null,
        -- Entry of the audit log that was written in the same transaction
        audit_id uuid,
        at bigint not null
      );
      create index data_custody_dataset on data_custody (dataset_id, at, id);
      create function data_custody_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'the chain of custody is only ever added to';
      end $$;
      create trigger data_custody_append_only before update on data_custody
        for each row execute function data_custody_append_only();
    `,
  },
  {
    id: '0411-data-kept',
    sql: `
      -- What was decided and done with data is never taken back: datasets and versions that came in stay for the record.
      create trigger data_custody_no_delete before delete on data_custody
        for each row execute function data_custody_append_only();
      create trigger data_custody_no_truncate before truncate on data_custody
        for each statement execute function data_custody_append_only();
      create function data_approvals_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'approvals are only ever added';
      end $$;
      create trigger data_approvals_append_only before update or delete on data_approvals
        for each row execute function data_approvals_append_only();
      create trigger data_approvals_no_truncate before truncate on data_approvals
        for each statement execute function data_approvals_append_only();
    `,
  },
  {
    id: '0412-data-returns',
    sql: `
      -- Versions that bring back what another one of the dataset, or of one that had its name, is kept from use for.
      create table data_returns (
        version_id uuid not null references data_versions on delete cascade,
        of_id uuid not null references data_versions on delete cascade,
        -- Of the other one's own; null where they were not compared
        records bigint,
        why text not null check (why in ('records', 'schema', 'too-many')),
        primary key (version_id, of_id)
      );

      -- Names that datasets have and had: what was decided under a name holds for whoever takes it again.
      create table data_dataset_names (
        name_key text not null,
        dataset_id uuid not null references data_datasets on delete cascade,
        -- Who had it before stands before
        taken bigint generated always as identity,
        primary key (name_key, dataset_id)
      );
      insert into data_dataset_names (name_key, dataset_id) select name_key, id from data_datasets
        order by created_at, id;
      create function data_dataset_names_kept() returns trigger language plpgsql as $$
      begin
        insert into data_dataset_names (name_key, dataset_id) values (new.name_key, new.id) on conflict do nothing;
        return null;
      end $$;
      create trigger data_dataset_names_kept after insert or update of name_key on data_datasets
        for each row execute function data_dataset_names_kept();

      -- Members in which a second person said that a dataset may ask less than holds for all.
      alter table data_policies add column exceptions jsonb not null default '[]';
    `,
  },
]);
