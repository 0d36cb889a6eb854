import type { Fleet, FleetGateway, Snapshot } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import type { GatewayProcess, Gateways } from '../endpoints/index.ts';
import type { Servers } from './servers.ts';

/** Gateways and servers say something every 5 s; after this long without, they count as gone. */
const ALIVE_MS = 30_000;

export interface FleetDeps {
  readonly database: Database;
  readonly gateways: Pick<Gateways, 'list'>;
  readonly servers: Pick<Servers, 'list'>;
  readonly snapshots: { readonly current: () => Promise<Snapshot> };
  readonly serverId: string;
  readonly now: () => number;
}

/** The processes of each gateway together; those that are gone are left out where others of it live. */
export function byGateway(processes: readonly GatewayProcess[], nowMs: number): GatewayProcess[][] {
  const groups = new Map<string, GatewayProcess[]>();
  for (const process of processes) {
    const id = process.about?.gateway ?? process.id;
    groups.set(id, [...(groups.get(id) ?? []), process]);
  }
  return [...groups.values()].map((group) => {
    const alive = group.filter(({ lastSeenAt }) => nowMs - lastSeenAt <= ALIVE_MS);
    return alive.length > 0 ? alive : group;
  });
}

/** When each version was followed by another, in ms since the epoch; the current one was not. */
async function replacedAt(database: Database, versions: readonly string[]): Promise<Map<string, number>> {
  if (versions.length === 0) return new Map();
  const { rows } = await sql<{ version: string; at: number }>`
    select known.version, (
      select issued_at from configuration_versions as later
      where later.sequence > known.sequence order by later.sequence limit 1
    ) as at
    from (
      select version, max(sequence) as sequence from configuration_versions
      where version = any(${versions as string[]}) group by version
    ) as known`.execute(database);
  return new Map(rows.filter(({ at }) => at !== null).map(({ version, at }) => [version, at]));
}

/** Of a gateway's processes, the one that is furthest behind speaks for it. */
function gatewayOf(
  group: readonly GatewayProcess[],
  current: string,
  at: { readonly nowMs: number; readonly replaced: ReadonlyMap<string, number> },
): FleetGateway {
  const newest = group.reduce((a, b) => (b.lastSeenAt > a.lastSeenAt ? b : a));
  const behind = group.filter(({ snapshotVersion }) => snapshotVersion !== current);
  const last = behind.toSorted((a, b) => a.sequence - b.sequence)[0] ?? newest;
  const modes = group.map(({ about }) => about?.limits ?? null);
  const models = group.flatMap(({ about }) => about?.detector ?? []);
  const starts = group.flatMap(({ about }) => about?.startedAt ?? []);
  return {
    id: newest.about?.gateway ?? newest.id,
    host: newest.about?.host ?? null,
    version: newest.about?.version ?? null,
    startedAt: starts.length > 0 ? Math.min(...starts) : null,
    snapshotVersion: last.snapshotVersion,
    current: behind.length === 0,
    behindSince: behind.length === 0 ? null : (at.replaced.get(last.snapshotVersion) ?? null),
    lastSeenAt: newest.lastSeenAt,
    alive: at.nowMs - newest.lastSeenAt <= ALIVE_MS,
    backlog: group.reduce((sum, { backlog }) => sum + backlog, 0),
    workers: newest.about?.workers ?? 1,
    limits: modes.find((mode) => mode === 'degraded') ?? modes[0] ?? null,
    detector:
      models.find(({ failed }) => failed !== null) ??
      models.find(({ sha256 }) => sha256 !== models[0]?.sha256) ??
      models[0] ??
      null,
  };
}

/** What gateways and servers there are and what they run. */
export function createFleetService({ database, gateways, servers, snapshots, serverId, now }: FleetDeps) {
  return Object.freeze({
    async get(): Promise<Fleet> {
      const [{ version, issuedAt }, processes, all] = await Promise.all([
        snapshots.current(),
        gateways.list(now()),
        servers.list(),
      ]);
      const nowMs = now();
      const versions = [...new Set(processes.map(({ snapshotVersion }) => snapshotVersion))];
      const replaced = await replacedAt(database, versions);
      return {
        snapshot: { version, issuedAt },
        gateways: byGateway(processes, nowMs).map((group) => gatewayOf(group, version, { nowMs, replaced })),
        servers: all.map((server) => {
          const alive = nowMs - server.lastSeenAt <= ALIVE_MS;
          return {
            ...server,
            alive,
            leads: alive ? [...server.leads] : [],
            answering: server.id === serverId,
          };
        }),
      };
    },
  });
}
export type FleetService = ReturnType<typeof createFleetService>;
