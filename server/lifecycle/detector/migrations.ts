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
  {
    id: '0282-detector-digests',
    sql: `
      -- Every file that a manifest lists, whatever it calls it.
      create table detector_model_files (
        model text not null references detector_models (name) on delete cascade,
        sha256 text not null references objects (sha256),
        primary key (model, sha256)
      );
      create index detector_model_files_sha256 on detector_model_files (sha256);
      insert into detector_model_files (model, sha256)
        select name, encoder_sha256 from detector_models
        union select name, vocabulary_sha256 from detector_models
        union select name, linear_sha256 from detector_models;
      alter table detector_models drop column encoder_sha256, drop column vocabulary_sha256,
        drop column linear_sha256;

      -- Switches in their order, whatever the clocks said. Digests are null of the rules alone; 0…0 where nobody kept
      -- them, which is the digest of nothing.
      alter table detector_switches add column number bigint, add column sha256 text, add column before_sha256 text;
      update detector_switches s set number = n.number
        from (select id, row_number() over (order by at, id) as number from detector_switches) n where n.id = s.id;
      update detector_switches s set
        sha256 = case when model = 'rules' then null else coalesce((select m.manifest_sha256 from detector_models m
          where m.name = s.model and not s.built_in), repeat('0', 64)) end,
        before_sha256 = case when before = 'rules' then null else coalesce((select m.manifest_sha256
          from detector_models m where m.name = s.before), repeat('0', 64)) end;
      alter table detector_switches alter column number set not null, add unique (number);

      alter table detector_comparisons add column candidate_sha256 text, add column live_sha256 text;
      update detector_comparisons c set
        candidate_sha256 = case when candidate = 'rules' then null else coalesce((select m.manifest_sha256
          from detector_models m where m.name = c.candidate), repeat('0', 64)) end,
        live_sha256 = case when live = 'rules' then null else coalesce((select m.manifest_sha256
          from detector_models m where m.name = c.live), repeat('0', 64)) end;
      -- One that judged nothing proves nothing.
      update detector_comparisons set state = 'failed', message = 'there was no text to judge'
        where state = 'done' and coalesce((result->'texts'->>'user')::integer, 0)
          + coalesce((result->'texts'->>'third_party')::integer, 0) = 0;
    `,
  },
  {
    id: '0283-detector-forgetting',
    sql: `
      -- Texts that were tried are kept as long as traffic is by default, from when they were said.
      update detector_corrections set expires_at = at + 30 * 86400000::bigint where expires_at is null;

      -- A key for each correction: rows of datasets are sealed with it, and gone with it.
      create table detector_row_keys (
        correction_id uuid primary key references detector_corrections (id) on delete cascade,
        sealed_key text not null
      );

      -- Of which corrections a dataset has rows, as long as these are there.
      create table detector_dataset_rows (
        dataset_id uuid not null references detector_datasets (id) on delete cascade,
        correction_id uuid not null references detector_corrections (id) on delete cascade,
        primary key (dataset_id, correction_id)
      );
      create index detector_dataset_rows_correction on detector_dataset_rows (correction_id);
    `,
  },
]);
