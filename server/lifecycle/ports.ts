import type { SnapshotKey } from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type pg from 'pg';
import type { Clock } from '../kernel/clock.ts';
import type { Events } from '../kernel/events.ts';
import type { Database } from '../platform/database/types.ts';
import type { Principal } from '../platform/http/types.ts';

/** Who did something, as the audit log names them. */
export type Actor = Pick<Principal, 'kind' | 'id' | 'name'> | SystemActor;
export interface SystemActor {
  readonly kind: 'system';
  readonly id: string;
  readonly name: string;
}
export const SYSTEM: SystemActor = Object.freeze({ kind: 'system', id: 'system', name: 'Bartizan' });

/** One line of the audit log. `subject` is `<kind>:<id>`; `detail` holds no secrets and no content. */
export interface AuditEntry {
  readonly actor: Actor;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
export interface Audit {
  readonly record: (entry: AuditEntry) => Promise<unknown>;
}

/** What happens in the lifecycle that other domains of this process may want to know. */
export interface LifecycleEvents {
  /** Something in the gateways' snapshot changed: endpoints, policies or keys. */
  'configuration.changed': { readonly reason: string };
}

export interface Logger {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

export interface LifecycleDeps {
  readonly database: Database;
  readonly pool: pg.Pool;
  /** For LISTEN; the pool's own connection string where absent. */
  readonly databaseUrl?: string;
  readonly masterKey: MasterKey;
  readonly audit: Audit;
  readonly events: Events<LifecycleEvents>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: {
    readonly publicUrl: string;
    readonly gatewayUrl: string;
    /** True when the built-in demo assistant is offered. */
    readonly demo: boolean;
  };
  readonly identity: {
    /** Keys that may call endpoints, neither revoked nor of a disabled person. */
    readonly gatewayKeys: () => Promise<readonly SnapshotKey[]>;
    /** Notes that keys were used, `atMs` being the newest use. Unknown ids are ignored. */
    readonly touchKeys: (ids: readonly string[], atMs: number) => Promise<void>;
  };
}
