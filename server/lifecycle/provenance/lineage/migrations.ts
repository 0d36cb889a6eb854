import type { Migration } from '../../../platform/database/types.ts';

export const lineageMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0420-data-lineage',
    sql: `
      -- Instants are milliseconds since the epoch. What a team's key sent belongs to that team (null: everybody's);
      -- the same name sent by two teams is two things.
      create table data_lineage_events (
        id uuid primary key,
        team_id uuid references teams (id) on delete cascade,
        -- SHA-256 of the event in canonical JSON: the same event again is one
        digest text not null,
        -- As it came, JSON as text
        body text not null,
        by_id text not null,
        by_name text not null,
        received_at bigint not null
      );
      create unique index data_lineage_events_once on data_lineage_events (team_id, digest) nulls not distinct;
      create index data_lineage_events_age on data_lineage_events (received_at);

      -- What each owner has sent in an hour (hours since the epoch)
      create table data_lineage_sent (
        owner_id text not null,
        hour bigint not null,
        events bigint not null,
        datasets bigint not null,
        bytes bigint not null,
        primary key (owner_id, hour)
      );
      create index data_lineage_sent_hour on data_lineage_sent (hour);

      -- Jobs, and datasets as clients name them
      create table data_lineage_nodes (
        id uuid primary key,
        kind text not null check (kind in ('job', 'external-dataset')),
        team_id uuid references teams (id) on delete cascade,
        -- SHA-256 of namespace, name and version
        digest text not null,
        namespace text not null,
        name text not null,
        -- Of a dataset, as its facet says; empty where it says none
        version text not null,
        -- When it was first heard of, by the clients' clocks
        at bigint not null
      );
      create unique index data_lineage_nodes_once
        on data_lineage_nodes (kind, team_id, digest) nulls not distinct;
      create index data_lineage_nodes_newest on data_lineage_nodes (at desc, id);

      -- Which versions of datasets here such a name may mean; looked up when somebody asks, within their reach
      create table data_lineage_claims (
        node_id uuid not null references data_lineage_nodes on delete cascade,
        name_key text not null,
        number integer,
        -- Merkle root or how it begins, lower-case hexadecimal
        root text,
        check ((number is null) <> (root is null))
      );
      create unique index data_lineage_claims_once
        on data_lineage_claims (node_id, name_key, number, root) nulls not distinct;
      create index data_lineage_claims_name on data_lineage_claims (name_key);

      create table data_lineage_runs (
        run_id uuid not null,
        team_id uuid references teams (id) on delete cascade,
        label text not null,
        -- The type of the event with the latest time
        state text not null,
        state_at bigint not null,
        at bigint not null
      );
      create unique index data_lineage_runs_once on data_lineage_runs (run_id, team_id) nulls not distinct;
      create index data_lineage_runs_newest on data_lineage_runs (at desc, run_id);

      create table data_lineage_edges (
        -- <kind>:<key>
        from_id text not null,
        to_id text not null,
        relation text not null check (relation in ('read', 'wrote', 'run-of')),
        team_id uuid references teams (id) on delete cascade
      );
      create unique index data_lineage_edges_once
        on data_lineage_edges (from_id, to_id, relation, team_id) nulls not distinct;
      create index data_lineage_edges_to on data_lineage_edges (to_id);
      create index data_versions_batch on data_versions (dataset_id, batch) where batch is not null;
      create index data_versions_created on data_versions (created_at desc, id);
    `,
  },
  {
    id: '0460-data-lineage-tellers',
    sql: `
      -- Who told: the person, or the service account, that answers for the key. What one tells about a run or a job
      -- never changes what another told. Empty: told before this was kept.
      alter table data_lineage_events add teller_id text not null default '';
      alter table data_lineage_nodes add teller_id text not null default '';
      alter table data_lineage_runs add teller_id text not null default '', add told_by text not null default '';

      -- What somebody in several teams told is seen by those who are in all of them: team_id and these.
      alter table data_lineage_events add also_teams uuid[] not null default '{}';
      alter table data_lineage_nodes add also_teams uuid[] not null default '{}';
      alter table data_lineage_runs add also_teams uuid[] not null default '{}';
      alter table data_lineage_edges add also_teams uuid[] not null default '{}';

      drop index data_lineage_events_once;
      create unique index data_lineage_events_once
        on data_lineage_events (team_id, also_teams, teller_id, digest) nulls not distinct;
      -- Of jobs each teller has their own; of names of datasets the teller is empty: by them lineages join.
      drop index data_lineage_nodes_once;
      create unique index data_lineage_nodes_once
        on data_lineage_nodes (kind, team_id, also_teams, teller_id, digest) nulls not distinct;
      drop index data_lineage_edges_once;
      create unique index data_lineage_edges_once
        on data_lineage_edges (from_id, to_id, relation, team_id, also_teams) nulls not distinct;

      -- What stands in the graph: made of the id that the client gave and the teller
      alter table data_lineage_runs add id uuid;
      update data_lineage_runs set id = run_id;
      alter table data_lineage_runs alter id set not null;
      drop index data_lineage_runs_once;
      create unique index data_lineage_runs_once on data_lineage_runs (id, team_id, also_teams) nulls not distinct;
      create index data_lineage_runs_told on data_lineage_runs (run_id);
    `,
  },
]);
