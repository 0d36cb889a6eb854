import type { Migration } from '../../platform/database/index.ts';

export const federationMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0030-identity-federation',
    sql: `
      -- Somebody whose directory took every group away has no role left.
      alter table people drop constraint people_roles_check;

      create table federation_settings (
        only_row boolean primary key default true check (only_row),
        sso_only boolean not null,
        scim_default_roles text[] not null,
        max_key_days int check (max_key_days > 0)
      );
      insert into federation_settings (sso_only, scim_default_roles) values (false, '{viewer}');

      create table sso_providers (
        id uuid primary key,
        settings jsonb not null,
        client_secret text,
        created_at timestamptz not null,
        updated_at timestamptz not null
      );
      comment on column sso_providers.client_secret is 'sealed with the master key; null for a public client';
      create table federated_identities (
        provider_id uuid not null references sso_providers on delete cascade,
        issuer text not null,
        subject text not null,
        person_id uuid not null references people on delete cascade,
        created_at timestamptz not null,
        last_sign_in_at timestamptz not null,
        primary key (provider_id, issuer, subject)
      );
      create index federated_identities_person on federated_identities (person_id);
      create table sso_spent (
        hash text primary key check (length(hash) = 64),
        expires_at timestamptz not null
      );
      create index sso_spent_expires on sso_spent (expires_at);
      comment on table sso_spent is 'sign-ins that were finished: each answer of a provider counts once';

      create table directory_roles (
        person_id uuid not null references people on delete cascade,
        source text not null,
        roles text[] not null,
        primary key (person_id, source)
      );
      comment on table directory_roles is 'a person with rows here has the roles of all of them, and no others';

      create table scim_tokens (
        id uuid primary key,
        name text not null,
        prefix text not null,
        hash text not null unique check (length(hash) = 64),
        created_by text not null,
        created_at timestamptz not null,
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz
      );
      create table scim_users (
        person_id uuid primary key references people on delete cascade,
        user_name text not null,
        external_id text,
        attributes jsonb not null,
        provisioned boolean not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        deleted_at timestamptz
      );
      comment on column scim_users.provisioned is 'the directory made the account; else it took over one that was there';
      create unique index scim_users_name on scim_users (lower(user_name)) where deleted_at is null;
      create index scim_users_external on scim_users (external_id);
      create table scim_groups (
        id uuid primary key,
        name text not null,
        external_id text,
        roles text[] not null default '{}',
        teams uuid[] not null default '{}',
        created_at timestamptz not null,
        updated_at timestamptz not null
      );
      create unique index scim_groups_name on scim_groups (lower(name));
      create table scim_members (
        group_id uuid not null references scim_groups on delete cascade,
        person_id uuid not null references people on delete cascade,
        primary key (group_id, person_id)
      );
      create index scim_members_person on scim_members (person_id);

      create table service_accounts (
        id uuid primary key,
        name text not null,
        description text not null,
        roles text[] not null,
        owner_id uuid references people on delete set null,
        team_id uuid references teams,
        disabled boolean not null default false,
        created_at timestamptz not null,
        removed_at timestamptz
      );
      create unique index service_accounts_name on service_accounts (lower(name)) where removed_at is null;
      create index service_accounts_owner on service_accounts (owner_id);

      alter table api_keys
        add column service_account_id uuid references service_accounts,
        add column rotated_at timestamptz,
        add column previous_hash text unique check (length(previous_hash) = 64),
        add column previous_prefix text,
        add column previous_ends_at timestamptz,
        add check (owner_id is null or service_account_id is null),
        add check ((previous_hash is null) = (previous_ends_at is null)
          and (previous_hash is null) = (previous_prefix is null));
      create index api_keys_service_account on api_keys (service_account_id);
      comment on column api_keys.previous_hash is 'the secret before the last rotation; good until previous_ends_at';
      comment on column api_keys.owner_id is
        'null: of a service account, or, without one, of Bartizan itself (the key of the demo)';
    `,
  },
]);
