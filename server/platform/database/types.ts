import type { Kysely } from 'kysely';

/**
 * A forward-only migration. Each domain lists its own; they run ordered by `id` across domains, once,
 * each in a transaction, under one advisory lock so that two servers may start together.
 */
export interface Migration {
  /** `NNNN-domain-what`, e.g. `0010-endpoints-create`: unique, never renamed once released. */
  readonly id: string;
  /** Plain SQL, several statements allowed. */
  readonly sql: string;
}

/** The database before a domain says which tables it knows: `db.withTables<EndpointTables>()`. */
// biome-ignore lint/complexity/noBannedTypes: no tables are known here
export type Database = Kysely<{}>;
