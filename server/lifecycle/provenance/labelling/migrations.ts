import type { Migration } from '../../../platform/database/types.ts';

export const labellingMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0445-data-labelling',
    sql: `
      -- Instants are milliseconds since the epoch. Names and labels of the data are JSON as text, since they may hold
      -- what jsonb does not.
      create table data_label_queues (
        id uuid primary key,
        version_id uuid not null references data_versions on delete cascade,
        name text not null,
        -- What it is made from, and the columns that are shown
        origin text not null,
        state text not null check (state in ('working', 'open', 'applied', 'failed')),
        -- While working: {is: make} or {is: apply, reason, acting}
        task jsonb,
        failure text,
        classes text not null default '[]',
        items integer not null default 0,
        decided integer not null default 0,
        alpha double precision,
        annotators text not null default '[]',
        applied_as integer,
        -- Name of the dataset whose version the decisions became
        applied_dataset text,
        created_by_id text not null,
        created_by text not null,
        created_at bigint not null
      );
      create index data_label_queues_newest on data_label_queues (created_at, id);
      create index data_label_queues_version on data_label_queues (version_id);
      create index data_label_queues_working on data_label_queues (id) where state = 'working';

      create table data_label_items (
        queue_id uuid not null references data_label_queues on delete cascade,
        place integer not null,
        rows text not null,
        name text not null,
        -- Places in the classes of the queue
        current integer,
        proposed integer,
        confidence double precision,
        votes text not null,
        reason text not null,
        decision integer,
        decided_by text,
        decided_at bigint,
        primary key (queue_id, place)
      );

      -- Who has read records of a queue: that is written down once
      create table data_label_readers (
        queue_id uuid not null references data_label_queues on delete cascade,
        reader text not null,
        primary key (queue_id, reader)
      );
    `,
  },
]);
