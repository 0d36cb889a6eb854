import type { LimitsMode } from '@bartizan/contracts';
import { GATEWAY_METRICS as M, type Meter, type Reading } from '@bartizan/contracts/telemetry/index.ts';
import type { Guards } from '../aside/injection.ts';
import type { Judges } from '../aside/judges.ts';
import type { Gateway } from '../gateway.ts';
import type { JournalStore, ShipperOptions } from '../journal/index.ts';
import type { Circuit } from '../ports.ts';
import type { PulledConfiguration } from '../snapshot/index.ts';

/** What one serving process is made of, as far as it can be looked at. */
export interface Watched {
  readonly gateway: Pick<Gateway, 'counts'>;
  readonly journal: Pick<JournalStore, 'backlog' | 'writable' | 'state'>;
  readonly configuration: Pick<PulledConfiguration, 'current' | 'ages'>;
  readonly judges: Pick<Judges, 'load'>;
  readonly guards: Pick<Guards, 'waiting'>;
  readonly upstreams: { readonly circuits: () => readonly Circuit[] };
  readonly limits: () => LimitsMode;
}

const STATES: Readonly<Record<Circuit['state'], number>> = { closed: 0, 'half-open': 1, open: 2 };

const one = (value: number): readonly Reading[] => [{ labels: [], value }];
const age = (at: number | null): readonly Reading[] =>
  at === null ? [] : one(Math.max(0, (Date.now() - at) / 1000));

/** Lets a scrape see the parts of a serving process. Nothing is worked out until somebody looks. */
export function watchProcess(meter: Meter, parts: Watched): void {
  const { gateway, journal, configuration, judges, guards, upstreams, limits } = parts;
  meter.watch(M.active, () => one(gateway.counts().active));
  meter.watch(M.streams, () => one(gateway.counts().streams));
  meter.watch(M.asideWaiting, () => one(judges.load().waiting));
  meter.watch(M.asideThreads, () => {
    const { busy, idle } = judges.load();
    return [
      { labels: ['busy'], value: busy },
      { labels: ['idle'], value: idle },
    ];
  });
  meter.watch(M.injectionWaiting, () => one(guards.waiting()));
  meter.watch(M.backlogRecords, () => one(journal.backlog()));
  meter.watch(M.journalBytes, () => one(journal.state().bytes));
  meter.watch(M.journalLimit, () => one(journal.state().maxBytes));
  meter.watch(M.journalWritable, () => one(journal.writable() ? 1 : 0));
  meter.watch(M.journalOldest, () => age(journal.state().oldestAt ?? Date.now()));
  meter.watch(M.snapshotInfo, () => {
    const version = configuration.current()?.version;
    return version === undefined ? [] : [{ labels: [version], value: 1 }];
  });
  meter.watch(M.snapshotAge, () => age(configuration.ages().issuedAt));
  meter.watch(M.contactAge, () => age(configuration.ages().contactAt));
  meter.watch(M.limitsMode, () => [{ labels: [limits()], value: 1 }]);
  meter.watch(M.circuit, () => worst(upstreams.circuits()));
}

/** Upstreams of one name (on several endpoints) show the worst of their states. */
function worst(circuits: readonly Circuit[]): Reading[] {
  const states = new Map<string, number>();
  for (const { upstream, state } of circuits) {
    states.set(upstream, Math.max(states.get(upstream) ?? 0, STATES[state]));
  }
  return [...states].map(([upstream, value]) => ({ labels: [upstream], value }));
}

/** Counts what becomes of shipped batches. */
export function shipMeasures(meter: Meter): NonNullable<ShipperOptions['onSent']> {
  const batches = meter.counter(M.ships);
  const setAside = meter.counter(M.setAside);
  for (const result of ['taken', 'invalid', 'failed']) batches.add([result], 0);
  // There from the start: what appears with its first event has no increase.
  setAside.add([], 0);
  return (result) => (result === 'set aside' ? setAside.add([]) : batches.add([result]));
}
