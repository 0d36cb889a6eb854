import { Alarm, gatewayRoutes } from '@bartizan/contracts';
import { type Meter, SERVER_METRICS } from '@bartizan/contracts/telemetry/index.ts';
import type { RouteImplementation } from '../http/index.ts';

interface Recorded {
  readonly action: string;
}
interface AuditRecorder<Entry, Within> {
  readonly record: (entry: Entry, within?: Within) => Promise<void>;
  readonly recordMany?: (entries: readonly Entry[], within?: Within) => Promise<void>;
}

/** The same audit log, whose entries are counted by what happened, once they are written. */
export function measuredAudit<Entry extends Recorded, Within, Log extends AuditRecorder<Entry, Within>>(
  log: Log & AuditRecorder<Entry, Within>,
  meter: Meter,
): Log {
  const counted = meter.counter(SERVER_METRICS.auditEntries);
  const { recordMany } = log;
  return Object.freeze({
    ...log,
    async record(entry: Entry, within?: Within): Promise<void> {
      await log.record(entry, within);
      counted.add([entry.action]);
    },
    ...(recordMany === undefined
      ? {}
      : {
          async recordMany(entries: readonly Entry[], within?: Within): Promise<void> {
            await recordMany(entries, within);
            for (const { action } of entries) counted.add([action]);
          },
        }),
  });
}

/** Counts alarms by kind. All kinds are there from the start: what appears with its first event has no increase. */
export function alarmMeasure(meter: Meter): (alarm: { readonly kind: string }) => void {
  const alarms = meter.counter(SERVER_METRICS.alarms);
  for (const kind of Alarm.shape.kind.options) alarms.add([kind], 0);
  return ({ kind }) => alarms.add([kind]);
}

/** The same routes, of which the one that takes interactions from gateways counts them. */
export function measuredIngest(
  implementations: readonly RouteImplementation[],
  meter: Meter,
): readonly RouteImplementation[] {
  const ingested = meter.counter(SERVER_METRICS.ingested);
  for (const result of ['stored', 'known', 'refused']) ingested.add([result], 0);
  return implementations.map((implementation) =>
    implementation.contract.id === gatewayRoutes.ship.id
      ? counting(implementation, ingested.add)
      : implementation,
  );
}

function counting(
  implementation: RouteImplementation,
  add: (labels: readonly string[], by: number) => void,
): RouteImplementation {
  return Object.freeze({
    contract: implementation.contract,
    async handle(...given: Parameters<RouteImplementation['handle']>) {
      try {
        const result = await implementation.handle(...given);
        const counts = gatewayRoutes.ship.response?.safeParse(result).data;
        add(['stored'], counts?.stored ?? 0);
        add(['known'], counts?.known ?? 0);
        return result;
      } catch (error) {
        const body = gatewayRoutes.ship.body?.safeParse(given[0].body).data;
        add(['refused'], body?.interactions.length ?? 0);
        throw error;
      }
    },
  });
}
