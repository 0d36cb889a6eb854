import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuditLog } from '../../audit/index.ts';
import type { IdentityTables } from '../tables.ts';
import { startIdentity, type TestIdentity } from '../testing.ts';
import { createAlarms } from './alarms.ts';

let t: TestIdentity;
beforeAll(async () => {
  t = await startIdentity();
});
afterAll(() => t?.close());

const BROKEN = {
  kind: 'audit-broken',
  severity: 'critical',
  summary: 'The audit log is broken.',
  subject: 'audit-break:rolled-back',
} as const;

test('what several servers notice at once is one alarm, until somebody looked into it', async () => {
  const db = t.open.database.withTables<IdentityTables>();
  const clock = { now: () => Date.now() };
  const audit = createAuditLog({ database: t.open.database, clock });
  const alarms = createAlarms({ db, audit, clock, events: { emit: () => undefined } });
  const raise = (draft: Parameters<typeof alarms.raise>[1]) =>
    db.transaction().execute((within) => alarms.raise(within, draft));
  const raised = await Promise.all(Array.from({ length: 6 }, () => raise(BROKEN)));
  expect(raised.filter((alarm) => alarm !== null)).toHaveLength(1);
  expect(await raise({ ...BROKEN, subject: 'audit-break:forked' })).not.toBeNull();
  const { cookie } = await t.setUp();
  const shown = await t.call('GET', '/alarms', { cookie });
  expect(shown.body).toMatchObject({ open: 2, items: [{ kind: 'audit-broken' }, { kind: 'audit-broken' }] });
  const [{ id }] = shown.body.items.filter((one: { subject: string }) => one.subject === BROKEN.subject);
  const acknowledge = (body?: object) =>
    t.call('POST', `/alarms/${id}/acknowledge`, body ? { cookie, body } : { cookie });
  for (const body of [undefined, {}, { note: '' }, { note: `a${' '.repeat(20)}` }, { note: 'x'.repeat(501) }])
    expect((await acknowledge(body)).body.error.code).toBe('invalid_input');
  const note = 'The disk was restored from last night.';
  const done = await acknowledge({ note });
  expect(done.body).toMatchObject({ acknowledgedBy: 'Ada', note });
  expect((await acknowledge({ note: 'Something else altogether.' })).body).toEqual(done.body);
  const { rows } = await t.open.pool.query(
    "select actor_name as who, detail from audit_entries where action = 'identity.alarm-acknowledged'",
  );
  expect(rows).toEqual([{ who: 'Ada', detail: { kind: 'audit-broken', about: BROKEN.subject, note } }]);
  expect(await raise(BROKEN)).not.toBeNull();
});
