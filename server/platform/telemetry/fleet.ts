import type { Fleet } from '@bartizan/contracts';
import { SERVER_METRICS as M, type Meter } from '@bartizan/contracts/telemetry/index.ts';

export interface FleetView {
  readonly get: () => Promise<Fleet>;
}

/** One look at the fleet serves all metrics of a scrape. */
const FRESH_MS = 1_000;

/** Gateways and servers as this server knows them. */
export function watchFleet(meter: Meter, fleet: FleetView): void {
  let seen: { readonly at: number; readonly fleet: Promise<Fleet> } | null = null;
  const look = (): Promise<Fleet> => {
    const nowMs = performance.now();
    if (seen === null || nowMs - seen.at > FRESH_MS) seen = { at: nowMs, fleet: fleet.get() };
    return seen.fleet;
  };
  meter.watch(M.fleetGateways, async () => {
    const counts = { current: 0, behind: 0, silent: 0 };
    for (const { alive, current } of (await look()).gateways) {
      counts[alive ? (current ? 'current' : 'behind') : 'silent'] += 1;
    }
    return Object.entries(counts).map(([state, value]) => ({ labels: [state], value }));
  });
  meter.watch(M.fleetBacklog, async () => [
    { labels: [], value: (await look()).gateways.reduce((sum, { backlog }) => sum + backlog, 0) },
  ]);
  meter.watch(M.fleetServers, async () => {
    const alive = (await look()).servers.filter((server) => server.alive).length;
    return [{ labels: [], value: alive }];
  });
  meter.watch(M.leader, async () => {
    const own = (await look()).servers.find(({ answering }) => answering);
    return (own?.leads ?? []).map((task) => ({ labels: [task], value: 1 }));
  });
}
