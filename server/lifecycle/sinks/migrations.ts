import type { Migration } from '../../platform/database/types.ts';

/** How a source's rows get into the feed: one statement-level trigger for each table. See docs/adr/0010-feed-for-sinks.md. */
export const FEED_SOURCES = Object.freeze({
  interactions: { table: 'interactions', at: 'at' },
  audit: { table: 'audit_entries', at: '(extract(epoch from at) * 1000)::bigint' },
  alarms: { table: 'alarms', at: '(extract(epoch from at) * 1000)::bigint' },
});
export type FeedSource = keyof typeof FEED_SOURCES;

export const sinkMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0180-sinks-create',
    sql: `
      -- Instants are milliseconds since the epoch.
      create table sinks (
        id uuid primary key,
        name text not null unique,
        settings jsonb not null,
        -- JSON of passwords, tokens, keys and header values, sealed under the master key; null for none
        sealed_secrets text,
        paused boolean not null,
        created_at bigint not null,
        updated_at bigint not null
      );

      create table sink_progress (
        sink_id uuid primary key references sinks on delete cascade,
        -- How many records of the feed have been passed: delivered, filtered out, set aside or lost.
        cursor bigint not null,
        delivered bigint not null default 0,
        failed_attempts bigint not null default 0,
        lost bigint not null default 0,
        last_success_at bigint,
        last_error jsonb,
        next_attempt_at bigint,
        alarm_since bigint,
        heartbeat_at bigint
      );

      create table sink_dead_letters (
        id uuid primary key,
        sink_id uuid not null references sinks on delete cascade,
        at bigint not null,
        kind text not null,
        subject_id text not null,
        reason text not null,
        status integer,
        attempts integer not null default 1,
        retry boolean not null default false,
        -- The event as it was sent, sealed under the master key
        sealed_event text not null
      );
      create index sink_dead_letters_sink on sink_dead_letters (sink_id, id);
      create index sink_dead_letters_retry on sink_dead_letters (sink_id, id) where retry;

      -- What was stored, in an order in which nothing ever appears behind a reader. A row stands for the records
      -- of one statement; it gets its place once its transaction is over.
      create table sink_feed (
        id bigint generated always as identity primary key,
        first_position bigint,
        records integer not null,
        source text not null,
        ids uuid[] not null,
        ats bigint[] not null,
        stored_at bigint not null
      );
      alter table sink_feed alter column ids set storage external, alter column ats set storage external;
      create index sink_feed_unplaced on sink_feed (id) where first_position is null;
      create index sink_feed_end on sink_feed ((first_position + records)) where first_position is not null;
      -- How many records have got a place so far.
      create table sink_feed_clock (last bigint not null);
      insert into sink_feed_clock values (0);
    `,
  },
]);

/** Makes the trigger that feeds `source`; the function is replaced where it is there already. */
export function feedTriggerSql(source: FeedSource): string {
  const { table, at } = FEED_SOURCES[source];
  return `
    create or replace function sink_feed_${source}() returns trigger language plpgsql as $$
    begin
      if exists (select from sinks) then
        insert into sink_feed (records, source, ids, ats, stored_at)
        select count(*), '${source}', array_agg(id order by ${at}, id), array_agg(${at} order by ${at}, id),
          (extract(epoch from clock_timestamp()) * 1000)::bigint
        from fresh having count(*) > 0;
      end if;
      return null;
    end $$;
    create or replace trigger sink_feed_${source} after insert on ${table}
      referencing new table as fresh for each statement execute function sink_feed_${source}();`;
}
