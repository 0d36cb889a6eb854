import type { Migration } from '../platform/database/index.ts';

export const auditMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0002-audit-create',
    sql: `
      create table audit_entries (
        id uuid primary key,
        at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        actor_name text not null,
        action text not null,
        subject text not null,
        detail jsonb not null
      );
      create index audit_entries_at on audit_entries (at);
      create index audit_entries_subject on audit_entries (subject, at);
      create function audit_entries_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'audit entries are only ever added';
      end $$;
      create trigger audit_entries_append_only before update or delete on audit_entries
        for each row execute function audit_entries_append_only();
      create trigger audit_entries_no_truncate before truncate on audit_entries
        for each statement execute function audit_entries_append_only();
    `,
  },
  {
    id: '0200-audit-tree',
    sql: `
      create index audit_entries_action on audit_entries (action, at);
      create index audit_entries_actor on audit_entries (actor_id, at);

      -- What was committed and has no place in the tree yet: a row for each statement. See docs/guide/audit.md.
      create table audit_waiting (
        n bigint generated always as identity primary key,
        ids uuid[] not null,
        -- Leaf hashes, 32 bytes each, in the order of the ids
        leaves bytea not null,
        -- HMAC over both with a key that the database does not have; null where the writer had none
        seal bytea,
        since timestamptz not null default clock_timestamp()
      );
      alter table audit_waiting alter column leaves set storage external, alter column ids set storage external;

      -- Which entry is at which place of the tree.
      create table audit_sequence (
        index bigint primary key,
        id uuid not null unique
      );
      create trigger audit_sequence_append_only before update or delete on audit_sequence
        for each row execute function audit_entries_append_only();
      create trigger audit_sequence_no_truncate before truncate on audit_sequence
        for each statement execute function audit_entries_append_only();

      -- Tiles of the tree: up to 256 hashes of 32 bytes (C2SP tlog-tiles).
      create table audit_tiles (
        level integer not null,
        number bigint not null,
        hashes bytea not null,
        primary key (level, number)
      );
      alter table audit_tiles alter column hashes set storage external;

      -- Keys that sign checkpoints; the private ones are sealed under the master key, and gone once retired.
      create table audit_keys (
        key_id text primary key,
        verifier_key text not null,
        sealed_key text,
        created_at bigint not null,
        retired_at bigint,
        vouched_by text
      );

      -- The one tree. Whoever extends it holds this row.
      create table audit_tree (
        one boolean primary key default true check (one),
        origin text not null,
        size bigint not null,
        root bytea not null,
        key_id text not null,
        checkpoint text not null
      );

      create table audit_checkpoints (
        size bigint primary key,
        root bytea not null,
        at bigint not null,
        key_id text not null,
        note text not null
      );

      create table audit_witnesses (
        id uuid primary key,
        verifier_key text not null unique,
        url text,
        allow_private_network boolean not null,
        added_at bigint not null,
        removed_at bigint,
        problem text
      );
      create table audit_cosignatures (
        size bigint not null,
        witness_id uuid not null references audit_witnesses,
        at bigint not null,
        line text not null,
        primary key (size, witness_id)
      );
    `,
  },
  {
    id: '0201-audit-time',
    sql: `
      -- Ids begin with the time, so their index gives the order; a block range index finds stretches of time and
      -- costs writers next to nothing.
      drop index audit_entries_at;
      create index audit_entries_at on audit_entries using brin (at);
    `,
  },
]);
