import type { Migration } from '../../platform/database/types.ts';

export const endpointMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0110-endpoints-create',
    sql: `
      create table endpoints (
        id uuid primary key,
        slug text not null constraint endpoints_slug unique,
        name text not null,
        description text not null,
        enabled boolean not null,
        policy_id uuid constraint endpoints_policy references policies (id) on delete restrict,
        demo boolean not null,
        -- models, retry, limits, userLimits, retention, onGuardError, canaries, maxRequestBytes
        settings jsonb not null,
        created_at bigint not null,
        updated_at bigint not null
      );
      create index endpoints_policy on endpoints (policy_id);
      create table endpoint_upstreams (
        id uuid primary key,
        endpoint_id uuid not null references endpoints (id) on delete cascade,
        position integer not null,
        settings jsonb not null,
        -- bzs1 envelope with context upstream:<id>; never leaves the server but in a gateway's snapshot
        sealed_api_key text,
        api_key_hint text not null
      );
      create index endpoint_upstreams_endpoint on endpoint_upstreams (endpoint_id, position);
      create table gateways (
        id text primary key,
        snapshot_version text not null,
        backlog integer not null,
        last_seen_at bigint not null
      );
    `,
  },
  {
    id: '0111-endpoints-teams',
    sql: `
      alter table endpoints add column team_id uuid
        constraint endpoints_team references teams (id) on delete restrict;
      create index endpoints_team on endpoints (team_id) where team_id is not null;
      -- Whose an endpoint was: its interactions stay until they expire, and stay theirs.
      create table removed_endpoints (
        id uuid primary key,
        team_id uuid,
        slug text not null,
        removed_at bigint not null
      );
    `,
  },
  {
    id: '0170-endpoints-fleet',
    sql: `
      -- Every configuration that gateways were given, in order, over all servers.
      create table configuration_versions (
        sequence bigint primary key,
        version text not null,
        issued_at bigint not null
      );
      alter table gateways add column sequence bigint not null default 0;
      -- What the process says of itself: gateway, host, version, startedAt, workers, limits.
      alter table gateways add column about jsonb;
      create table servers (
        id uuid primary key,
        host text not null,
        version text not null,
        background boolean not null,
        started_at bigint not null,
        last_seen_at bigint not null
      );
    `,
  },
]);
