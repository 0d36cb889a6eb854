import type { Migration } from '../../platform/database/types.ts';

export const detectorMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0280-detector-corrections',
    sql: `
      -- Instants are milliseconds since the epoch.
      -- Data keys of corrected texts, by the day (UTC) on which the last of them expires; -1: of texts that do not.
      create table detector_content_keys (
        day bigint primary key,
        sealed_key text not null
      );

      create table detector_corrections (
        id uuid primary key,
        -- interaction:<id>:<segment>, or text:<text_tag>
        subject text not null,
        -- Keyed hash of the text and who wrote it: the same for the same text, wherever it was met
        text_tag text not null,
        interaction_id uuid,
        endpoint_id uuid,
        segment integer,
        origin text not null check (origin in ('user', 'third_party')),
        segment_kind text not null,
        label text not null check (label in ('attack', 'harmless')),
        kind text not null,
        note text not null,
        lang text,
        chars integer not null,
        span_start integer,
        span_end integer,
        by_id text not null,
        by_name text not null,
        at bigint not null,
        verdict text not null,
        score double precision,
        probability double precision,
        model text not null,
        expires_at bigint,
        key_day bigint not null,
        -- The text, sealed with the data key of key_day
        sealed bytea not null,
        unique (subject, by_id)
      );
      alter table detector_corrections alter column sealed set storage external;
      create index detector_corrections_at on detector_corrections (at, id);
      create index detector_corrections_tag on detector_corrections (text_tag);
      create index detector_corrections_expiry on detector_corrections (expires_at) where expires_at is not null;

      -- What counts where people disagree, until somebody says something new about the text.
      create table detector_settlements (
        text_tag text primary key,
        label text not null,
        by_id text not null,
        by_name text not null,
        at bigint not null
      );

      create table detector_datasets (
        version integer primary key,
        id uuid not null unique,
        -- Of the rows as JSON Lines
        digest text not null,
        object_sha256 text not null references objects (sha256),
        rows integer not null,
        -- When how many rows expire
        expiries jsonb not null,
        conflicting integer not null,
        counts jsonb not null,
        note text not null,
        by_id text not null,
        by_name text not null,
        at bigint not null
      );
    `,
  },
  {
    id: '0281-detector-models',
    sql: `
      create table detector_models (
        -- id@version of the manifest
        name text primary key,
        manifest_sha256 text not null references objects (sha256),
        encoder_sha256 text not null references objects (sha256),
        vocabulary_sha256 text not null references objects (sha256),
        linear_sha256 text not null references objects (sha256),
        bytes bigint not null,
        note text not null,
        by_id text not null,
        by_name text not null,
        at bigint not null
      );

      -- The latest one says what is live; none: the product's own.
      create table detector_switches (
        id uuid primary key,
        model text not null,
        -- The product's own, whatever it is called in the version that runs
        built_in boolean not null,
        before text not null,
        comparison_id uuid,
        override text not null,
        by_id text not null,
        by_name text not null,
        at bigint not null
      );
      create index detector_switches_at on detector_switches (at, id);

      create table detector_comparisons (
        id uuid primary key,
        candidate text not null,
        live text not null,
        state text not null check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
        message text not null,
        sample integer not null,
        by_id text not null,
        by_name text not null,
        at bigint not null,
        finished_at bigint,
        result jsonb
      );
      create index detector_comparisons_at on detector_comparisons (at, id);

      -- Texts about which the two differ, newest first; what they say is where the interaction is.
      create table detector_comparison_changes (
        comparison_id uuid not null references detector_comparisons (id) on delete cascade,
        place integer not null,
        interaction_id uuid not null,
        endpoint_id uuid,
        at bigint not null,
        segment integer not null,
        origin text not null,
        live jsonb not null,
        candidate jsonb not null,
        primary key (comparison_id, place)
      );
    `,
  },
]);
