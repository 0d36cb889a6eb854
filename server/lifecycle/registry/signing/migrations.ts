import type { Migration } from '../../../platform/database/types.ts';

export const signingMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0231-signing-create',
    sql: `
      -- Instants are milliseconds since the epoch. Signers are revoked, never removed: what hung on them stays known.
      create table signing_signers (
        id uuid primary key,
        name text not null,
        team_id uuid constraint signing_signers_team references teams (id) on delete restrict,
        -- Patterns of names of models
        models text[] not null,
        trust jsonb not null,
        fingerprint text not null,
        valid_from bigint,
        valid_until bigint,
        created_by text not null,
        created_at bigint not null,
        revoked_at bigint,
        revoked_by text,
        revoked_reason text
      );
      create unique index signing_signers_name on signing_signers (name) where revoked_at is null;

      create table signing_bundles (
        id uuid primary key,
        version_id uuid not null references model_versions on delete cascade,
        kind text not null check (kind in ('signature', 'attestation')),
        bundle text not null,
        sha256 text not null,
        predicate_type text not null,
        -- SLSA provenance v1 as shown; null for other predicates
        provenance jsonb,
        signed_with jsonb not null,
        unsigned_files text[] not null,
        state text not null check (state in ('trusted', 'untrusted', 'invalid')),
        code text,
        message text,
        -- Who vouched for it last, revoked since or not
        signer_id uuid references signing_signers (id) on delete restrict,
        received_at bigint not null,
        received_by text not null,
        verified_at bigint not null,
        constraint signing_bundles_once unique (version_id, kind, sha256),
        constraint signing_bundles_trusted check (state <> 'trusted' or signer_id is not null)
      );
      create index signing_bundles_signer on signing_bundles (signer_id) where signer_id is not null;
      create index signing_bundles_waiting on signing_bundles (id) where state <> 'trusted';

      create table signing_policies (
        id uuid primary key,
        name text not null constraint signing_policies_name unique,
        team_id uuid constraint signing_policies_team references teams (id) on delete restrict,
        -- SigningPolicyInput without name and team
        rules jsonb not null,
        created_at bigint not null,
        updated_at bigint not null
      );
    `,
  },
  {
    id: '0232-signing-binds-names',
    sql: `
      -- Whether it binds the names of files; what came in before names were compared does not count as if it did.
      alter table signing_bundles add column binds_names boolean not null default false;
    `,
  },
]);
