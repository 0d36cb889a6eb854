import type { Migration } from '../../../platform/database/types.ts';

export const uploadMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0202-uploads-create',
    sql: `
      -- Instants are milliseconds since the epoch.
      create table uploads (
        id uuid primary key,
        -- The person who answers for it, or the principal itself where nobody does
        owner_id text not null,
        state text not null check (state in ('open', 'finished')),
        model text not null,
        -- Of a model that is registered by it
        team_id uuid,
        -- Description, tags, alias and base of the version
        settings jsonb not null,
        fingerprint text not null,
        total_bytes bigint not null,
        created_at bigint not null,
        expires_at bigint not null,
        -- The version that it became
        version jsonb
      );
      create index uploads_owner on uploads (owner_id, id);
      create index uploads_expiry on uploads (expires_at);

      create table upload_files (
        upload_id uuid not null references uploads on delete cascade,
        position integer not null,
        path text not null,
        size bigint not null,
        -- As the client told
        expected text,
        -- Of complete files
        sha256 text references objects (sha256),
        -- Of files that come in parts: where they lie until they are complete
        staging text,
        received bigint not null default 0,
        -- The request that writes it, and until when it holds it
        lease uuid,
        lease_until bigint,
        primary key (upload_id, position),
        unique (upload_id, path)
      );
      create index upload_files_sha256 on upload_files (sha256) where sha256 is not null;
    `,
  },
  {
    id: '0203-downloads-create',
    sql: `
      -- Files that somebody fetched of something in an hour (hours since the epoch), until it is over and recorded
      create table download_counts (
        subject text not null,
        actor_id text not null,
        hour bigint not null,
        actor jsonb not null,
        detail jsonb not null,
        files bigint not null,
        bytes bigint not null,
        primary key (subject, actor_id, hour)
      );
      create index download_counts_hour on download_counts (hour);
    `,
  },
]);
