import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../kernel/clock.ts';
import type { OpenDatabase } from '../platform/database/index.ts';
import { withTestDatabase } from '../platform/database/testing.ts';
import { auditMigrations, createAuditLog, SYSTEM } from './index.ts';

let open: OpenDatabase;
beforeAll(async () => {
  open = await withTestDatabase(auditMigrations);
});
afterAll(async () => open?.close());

const entry = {
  actor: SYSTEM,
  action: 'keys.created',
  subject: 'key:1',
  detail: { scopes: ['gateway.invoke'] },
};
const count = async () => (await open.pool.query('select count(*) as n from audit_entries')).rows[0].n;

test('entries are added, and belong to the transaction they are recorded in', async () => {
  const audit = createAuditLog({ database: open.database, clock: systemClock });
  await audit.record(entry);
  const rolledBack = open.database.transaction().execute(async (transaction) => {
    await audit.record(entry, transaction);
    throw new Error('the change failed');
  });
  await expect(rolledBack).rejects.toThrow('the change failed');
  await open.database.transaction().execute((transaction) => audit.record(entry, transaction));
  expect(await count()).toBe(2);
  const { rows } = await open.pool.query(
    'select actor_kind, action, subject, detail from audit_entries limit 1',
  );
  expect(rows[0]).toEqual({
    actor_kind: 'system',
    action: 'keys.created',
    subject: 'key:1',
    detail: { scopes: ['gateway.invoke'] },
  });
});

test.each([
  ["update audit_entries set action = 'x'"],
  ['delete from audit_entries'],
  ['truncate audit_entries'],
])('the database refuses: %s', async (sql) => {
  await expect(open.pool.query(sql)).rejects.toThrow('only ever added');
});
