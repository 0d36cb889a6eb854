import { SYSTEM } from '../../audit/index.ts';
import type { LifecycleDeps, SinkMeter } from '../ports.ts';
import type { StoredSink } from './model.ts';
import type { SinkStore } from './store.ts';

export interface BehindDeps extends Pick<LifecycleDeps, 'audit' | 'alarm' | 'clock' | 'logger'> {
  readonly store: Pick<SinkStore, 'transaction' | 'setAlarm'>;
  readonly meter: Pick<SinkMeter, 'lag'>;
}

/**
 * Looks at how far a sink is behind. Once for all servers, and once until it has caught up, it raises an alarm;
 * both ends of that are in the audit log.
 */
export function createBehind({ store, audit, alarm, clock, logger, meter }: BehindDeps) {
  return async (sink: StoredSink, lag: { records: number; seconds: number }): Promise<void> => {
    meter.lag(sink.name, lag);
    const behind = lag.seconds > sink.settings.alarmAfterSeconds;
    const announce = await store.transaction(async (tx) => {
      if (!(await store.setAlarm(sink.id, behind ? clock.now() : null, tx))) return null;
      const subject = `sink:${sink.id}`;
      const detail = {
        name: sink.name,
        records: lag.records,
        seconds: Math.round(lag.seconds),
        paused: sink.paused,
      };
      const action = behind ? 'sinks.behind' : 'sinks.caught_up';
      await audit.record({ actor: SYSTEM, action, subject, detail }, tx);
      if (!behind) return null;
      const summary = `A sink is behind: ${sink.name}`;
      return await alarm({ kind: 'sink-behind', severity: 'high', summary, subject }, tx);
    });
    if (announce === null) return;
    announce();
    logger.error({ sink: sink.name, ...lag }, 'a sink is behind: events wait longer than it allows');
  };
}
