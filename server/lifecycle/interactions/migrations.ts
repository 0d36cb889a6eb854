import type { Migration } from '../../platform/database/types.ts';

export const interactionMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0120-interactions-create',
    sql: `
      -- Instants are milliseconds since the epoch. One partition a day (UTC), made by partitions.ts;
      -- rows of days that have none go to the default partition, so that no row is ever refused.
      create table interactions (
        at bigint not null,
        id uuid not null,
        expires_at bigint not null,
        endpoint_id uuid,
        endpoint_slug text not null,
        key_id uuid,
        key_name text not null,
        user_name text,
        api text not null,
        model text not null,
        streamed boolean not null,
        status integer not null,
        outcome text not null,
        verdict text not null,
        would_be text not null,
        checks text[] not null,
        total_ms double precision not null,
        tokens bigint,
        policy_id uuid,
        policy_version integer,
        retention text not null,
        primary key (at, id)
      ) partition by range (at);
      create index interactions_id on interactions (id);
      create index interactions_endpoint on interactions (endpoint_id, at, id);
      create index interactions_key on interactions (key_id, at, id);
      create index interactions_user on interactions (user_name, at, id) where user_name is not null;
      create index interactions_verdict on interactions (verdict, at, id) where verdict <> 'allow';
      create index interactions_outcome on interactions (outcome, at, id) where outcome <> 'answered';
      create index interactions_checks on interactions using gin (checks) where checks <> '{}';
      create table interactions_default partition of interactions default;

      -- What was said, sealed with the data key of its day (interaction_content_keys).
      create table interaction_contents (
        at bigint not null,
        id uuid not null,
        expires_at bigint not null,
        key_day bigint not null,
        excerpt bytea,
        body bytea not null,
        raw bytea,
        -- Blind index: keyed hashes of the words of the kept text (docs/adr/0002-blind-index.md)
        words bigint[] not null,
        primary key (at, id)
      ) partition by range (at);
      alter table interaction_contents
        alter column excerpt set storage external,
        alter column body set storage external,
        alter column raw set storage external;
      create index interaction_contents_words on interaction_contents using gin (words);
      create table interaction_contents_default partition of interaction_contents default;

      -- Which days have partitions, and when their first and last rows expire (rounded up to the hour).
      create table interaction_days (
        day bigint primary key,
        first_expiry bigint,
        last_expiry bigint
      );

      create table interaction_content_keys (
        day bigint primary key,
        sealed_key text not null
      );

      create table interaction_rollups (
        step_ms integer not null,
        at bigint not null,
        requests bigint not null,
        blocked bigint not null,
        redacted bigint not null,
        flagged bigint not null,
        failed bigint not null,
        -- Counts by bucket of total time; see latency.ts
        latency bigint[] not null,
        primary key (step_ms, at)
      );
      create table interaction_rollup_endpoints (
        step_ms integer not null,
        at bigint not null,
        endpoint_id text not null,
        slug text not null,
        requests bigint not null,
        blocked bigint not null,
        primary key (step_ms, at, endpoint_id)
      );
      create table interaction_rollup_checks (
        step_ms integer not null,
        at bigint not null,
        check_id text not null,
        count bigint not null,
        primary key (step_ms, at, check_id)
      );
    `,
  },
  {
    id: '0121-interactions-by-team',
    sql: `
      -- Figures for those who see only some endpoints. Older rows have no redacted, flagged, failed and latency.
      alter table interaction_rollup_endpoints
        add column redacted bigint not null default 0,
        add column flagged bigint not null default 0,
        add column failed bigint not null default 0,
        add column latency bigint[] not null default '{}';
      -- '*': counted before endpoints were told apart.
      alter table interaction_rollup_checks add column endpoint_id text not null default '*';
      alter table interaction_rollup_checks drop constraint interaction_rollup_checks_pkey;
      alter table interaction_rollup_checks add primary key (step_ms, at, check_id, endpoint_id);
      -- Endpoints that were removed before there were teams were everybody's.
      insert into removed_endpoints (id, team_id, slug, removed_at)
        select distinct on (r.endpoint_id) r.endpoint_id::uuid, null::uuid, r.slug, r.at
        from interaction_rollup_endpoints r
        where r.endpoint_id <> '' and not exists (select from endpoints e where e.id::text = r.endpoint_id)
        order by r.endpoint_id, r.at desc
        on conflict do nothing;
    `,
  },
  {
    id: '0122-interactions-verdict-batches',
    sql: `
      -- Which interactions an audit entry is over, with their digests; see verdict-batches.ts.
      create table interaction_batches (
        id uuid primary key,
        last_expiry bigint not null,
        ids uuid[] not null,
        ats bigint[] not null,
        expiries bigint[] not null,
        digests bytea not null
      );
      create index interaction_batches_expiry on interaction_batches (last_expiry);
      alter table interaction_batches alter column digests set storage external;
    `,
  },
]);
