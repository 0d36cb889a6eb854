import type { Migration } from '../database/types.ts';

/**
 * What lies in the object store. Tables that refer to content do it with a foreign key to `objects (sha256)`: that is
 * how upkeep knows what is still needed.
 */
export const objectMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0201-objects-create',
    sql: `
      -- Instants are milliseconds since the epoch.
      create table objects (
        sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
        size bigint not null check (size >= 0),
        created_at bigint not null,
        -- When somebody last stored it or said that they are about to refer to it
        touched_at bigint not null
      );
      create index objects_touched on objects (touched_at);
    `,
  },
]);
