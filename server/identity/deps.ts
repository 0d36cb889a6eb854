import type { AuditLog } from '../audit/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Events } from '../kernel/events.ts';
import type { Principal } from '../platform/http/index.ts';
import type { RaisedAlarm } from './factors/alarms.ts';
import type { IdentityDatabase } from './tables.ts';

/** What identity tells the rest of the process. */
export interface IdentityEvents {
  /** A key was made, revoked, or lost its owner: gateways must hear of it. */
  'keys.changed': { readonly reason: string };
  'people.changed': { readonly personId: string };
  /** Something that somebody must look into; it is in the audit log and in `alarms` too. */
  'alarm.raised': RaisedAlarm;
}

/** What every service of identity works with. */
export interface IdentityDeps {
  readonly db: IdentityDatabase;
  readonly audit: AuditLog;
  readonly events: Pick<Events<IdentityEvents>, 'emit'>;
  readonly clock: Clock;
  /** Ids of the endpoints that are there for a caller; `*` where all are. */
  readonly endpointsSeen: (
    viewer: Pick<Principal, 'teams' | 'endpoints'>,
  ) => Promise<ReadonlySet<string> | '*'>;
  /** Address that people open, without a trailing slash. */
  readonly publicUrl: () => string;
}
