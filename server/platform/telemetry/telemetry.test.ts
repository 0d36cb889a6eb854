import { createTelemetry, SERVER_METRICS } from '@bartizan/contracts/telemetry/index.ts';
import { parseExposition, total } from '@bartizan/contracts/telemetry/testing.ts';
import { expect, test } from 'vitest';
import { alarmMeasure, createSinkMeasures, measuredAudit, watchAudit } from './index.ts';

const fresh = () => createTelemetry({ version: '0', role: 'server', process: false });

test('audit entries are counted once they are written, one by one and many at once', async () => {
  const telemetry = fresh();
  const written: string[] = [];
  const log = measuredAudit(
    {
      record: async ({ action }: { action: string }) => {
        if (action === 'refused') throw new Error('no');
        written.push(action);
      },
      recordMany: async (entries: readonly { action: string }[]) => {
        written.push(...entries.map(({ action }) => action));
      },
    },
    telemetry,
  );
  await log.record({ action: 'keys.created' });
  await log.recordMany([{ action: 'keys.created' }, { action: 'keys.revoked' }]);
  await expect(log.record({ action: 'refused' })).rejects.toThrow('no');
  expect(written).toEqual(['keys.created', 'keys.created', 'keys.revoked']);
  const text = await telemetry.expose();
  expect(total(text, SERVER_METRICS.auditEntries.name, { action: 'keys.created' })).toBe(2);
  expect(total(text, SERVER_METRICS.auditEntries.name)).toBe(3);
});

test('alarms have every kind from the start, so that the first one is an increase', async () => {
  const telemetry = fresh();
  const raised = alarmMeasure(telemetry);
  const before = parseExposition(await telemetry.expose()).samples.filter(
    ({ name }) => name === 'bartizan_alarms_total',
  );
  expect(before.map(({ value }) => value)).toEqual(before.map(() => 0));
  expect(before.map(({ labels }) => labels.kind)).toContain('break-glass-used');
  raised({ kind: 'break-glass-used' });
  expect(total(await telemetry.expose(), 'bartizan_alarms_total', { kind: 'break-glass-used' })).toBe(1);
});

test('a sink that nobody watches any more stops being behind', async () => {
  const telemetry = fresh();
  let nowMs = 0;
  const sinks = createSinkMeasures(telemetry, () => nowMs);
  sinks.lag('siem', { records: 7, seconds: 30 });
  sinks.lag('gone', { records: 9, seconds: 900 });
  sinks.delivered('siem', 5);
  sinks.failed('gone');
  expect(total(await telemetry.expose(), 'bartizan_sink_lag_seconds', { sink: 'gone' })).toBe(900);
  nowMs = 121_000;
  sinks.lag('siem', { records: 0, seconds: 0 });
  const text = await telemetry.expose();
  expect(text).not.toMatch(/bartizan_sink_lag_seconds\{sink="gone"/);
  expect(total(text, 'bartizan_sink_pending_records', { sink: 'siem' })).toBe(0);
  expect(total(text, 'bartizan_sink_delivered_events_total', { sink: 'siem' })).toBe(5);
  expect(total(text, 'bartizan_sink_failed_attempts_total', { sink: 'gone' })).toBe(1);
});

test('how far the audit tree is; not known, it is left out', async () => {
  const telemetry = fresh();
  watchAudit(telemetry, async () => ({ size: 12, waiting: { entries: 3, oldestMs: 4_500 }, breaks: [] }));
  const text = await telemetry.expose();
  expect(total(text, 'bartizan_audit_tree_entries')).toBe(12);
  expect(total(text, 'bartizan_audit_pending_entries')).toBe(3);
  expect(total(text, 'bartizan_audit_lag_seconds')).toBe(4.5);
  expect(total(text, 'bartizan_audit_open_breaks')).toBe(0);
  const broken = fresh();
  watchAudit(broken, () => Promise.reject(new Error('the database is away')));
  const without = await broken.expose();
  expect(without).not.toMatch(/^bartizan_audit_/m);
  expect(total(without, 'bartizan_metrics_failed_readings_total')).toBe(4);
});
