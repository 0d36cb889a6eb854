import type { Migration } from '../platform/database/index.ts';
import { factorMigrations } from './factors/migrations.ts';
import { federationMigrations } from './federation/migrations.ts';
import { teamMigrations } from './teams/migrations.ts';

/** `people`, `people_credentials` and `sessions` are what better-auth calls user, account and session. */
export const identityMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0001-identity-create',
    sql: `
      create table people (
        id uuid primary key,
        name text not null,
        email text not null unique check (email = lower(email)),
        email_verified boolean not null default false,
        image text,
        roles text[] not null check (cardinality(roles) > 0),
        disabled boolean not null default false,
        last_seen_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null
      );
      create table people_credentials (
        id uuid primary key,
        person_id uuid not null references people on delete cascade,
        provider_id text not null,
        account_id text not null,
        password text,
        access_token text,
        refresh_token text,
        id_token text,
        access_token_expires_at timestamptz,
        refresh_token_expires_at timestamptz,
        scope text,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        unique (provider_id, account_id)
      );
      create index people_credentials_person on people_credentials (person_id);
      create table sessions (
        id uuid primary key,
        token text not null unique,
        person_id uuid not null references people on delete cascade,
        ip_address text,
        user_agent text,
        expires_at timestamptz not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        last_seen_at timestamptz
      );
      create index sessions_person on sessions (person_id);
      create index sessions_expires on sessions (expires_at);
      create table one_time_tokens (
        hash text primary key check (length(hash) = 64),
        purpose text not null check (purpose in ('setup', 'invite')),
        person_id uuid references people on delete cascade,
        expires_at timestamptz not null,
        check ((purpose = 'invite') = (person_id is not null))
      );
      create index one_time_tokens_person on one_time_tokens (person_id);
      create table api_keys (
        id uuid primary key,
        name text not null,
        prefix text not null,
        hash text not null unique check (length(hash) = 64),
        scopes text[] not null check (cardinality(scopes) > 0),
        endpoints uuid[],
        limits jsonb not null,
        owner_id uuid references people,
        created_at timestamptz not null,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz
      );
      comment on column api_keys.endpoints is 'null means every endpoint';
      comment on column api_keys.owner_id is 'null means Bartizan itself (the key of the demo)';
      create index api_keys_owner on api_keys (owner_id);
    `,
  },
  ...factorMigrations,
  ...teamMigrations,
  ...federationMigrations,
]);
