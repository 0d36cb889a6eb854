import { type QueryExecutorProvider, sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { Database } from '../platform/database/index.ts';

/** Who did something. */
export interface Actor {
  readonly kind: 'person' | 'key' | 'gateway' | 'scim' | 'system';
  readonly id: string;
  readonly name: string;
}

/** What Bartizan does by itself: set-up, expiry, seeding. */
export const SYSTEM: Actor = Object.freeze({ kind: 'system', id: 'system', name: 'Bartizan' });

export interface AuditEntry {
  readonly actor: Actor;
  /** `<domain>.<what happened>`, e.g. `keys.created`. */
  readonly action: string;
  /** What it happened to: `<kind>:<id>`. */
  readonly subject: string;
  /** Facts that an auditor needs; never secrets or content. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Any connection or transaction of Kysely, whatever tables it knows. */
export type Executor = QueryExecutorProvider;

export interface AuditLog {
  /**
   * Adds an entry. Pass the transaction of the change as `within`, so that no change stands without its
   * entry and no entry without its change.
   */
  readonly record: (entry: AuditEntry, within?: Executor) => Promise<void>;
}

/** An append-only table; the database itself refuses to change or remove its rows. */
export function createAuditLog(deps: { readonly database: Database; readonly clock: Clock }): AuditLog {
  return Object.freeze({
    async record(entry: AuditEntry, within: Executor = deps.database) {
      const nowMs = deps.clock.now();
      const { actor, action, subject, detail } = entry;
      await sql`
        insert into audit_entries (id, at, actor_kind, actor_id, actor_name, action, subject, detail)
        values (${uuidv7(nowMs)}, ${new Date(nowMs)}, ${actor.kind}, ${actor.id}, ${actor.name},
                ${action}, ${subject}, ${JSON.stringify(detail)}::jsonb)
      `.execute(within);
    },
  });
}
