import type { DatasetVersion, Quarantine, Source } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createAuditLog } from '../../../audit/index.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ended } from '../cleaning/testing.ts';
import { loans, versionOf } from '../datasets/testing.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const id = (end: string): string => `00000000-0000-7000-8000-0000000000${end}`;
const person = (end: string, name: string): Principal => ({
  ...principalWith(),
  id: id(end),
  ownerId: id(end),
  name,
});
/** Owns the service account; Eve rotated its key once; Ben has nothing to do with it. */
const ADA = person('a1', 'Ada');
const EVE = person('e1', 'Eve');
const BEN = person('b1', 'Ben');
const ROBOT: Principal = {
  ...principalWith(),
  kind: 'key',
  id: id('c1'),
  ownerId: null,
  serviceAccountId: id('d1'),
  name: 'robot',
};
const reason = 'looked at the export and its owner';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  const { pool } = server.open;
  for (const { id: key, name } of [ADA, EVE, BEN])
    await pool.query(
      `insert into people (id, name, email, roles, created_at, updated_at)
        values ($1, $2, $3, '{security}', now(), now())`,
      [key, name, `${name.toLowerCase()}@example.test`],
    );
  await pool.query(
    `insert into service_accounts (id, name, description, roles, owner_id, created_at)
      values ($1, 'robot', '', '{security}', $2, now())`,
    [id('d1'), ADA.id],
  );
  await pool.query(
    `insert into api_keys (id, name, prefix, hash, scopes, limits, service_account_id, created_at)
      values ($1, 'robot', 'bz_x', repeat('0', 64), '{data.write}', '{}', $2, now())`,
    [ROBOT.id, id('d1')],
  );
  const audit = createAuditLog({ database: server.open.database, clock: { now: () => Date.now() } });
  await audit.record({ actor: EVE, action: 'keys.rotated', subject: `key:${ROBOT.id}`, detail: {} });
});
afterAll(() => server?.close());

const register = (name: string, principal: Principal): Promise<Source> =>
  server.call('dataSources.create', { principal, body: { name, owner: 'Loans', method: 'export' } });
const trust = (source: Source, principal: Principal): Promise<Source> =>
  server.call('dataSources.trust', {
    principal,
    params: { id: source.id },
    body: { trust: 'trusted', reason },
  });
const approve = (dataset: string, version: string, principal: Principal): Promise<{ state: string }> =>
  server.call('dataVersions.approve', { principal, params: { dataset, version }, body: { reason } });
const version = (dataset: string, number: string): Promise<DatasetVersion> =>
  server.call('data.versions.get', { params: { dataset, version: number } });
const quarantine = (dataset: string, number: string, rows: number[]): Promise<Quarantine> =>
  server.call('cleaning.quarantine', {
    principal: ADA,
    params: { dataset, version: number },
    body: { selection: { by: 'rows', rows }, reason },
  });

it('who owns a service account, or had its key in hand, trusts no source that it registered', async () => {
  const source = await register('Robot feed', ROBOT);
  for (const principal of [ROBOT, ADA, EVE])
    await expect(trust(source, principal), principal.name).rejects.toThrow(/other than who registered/);
  expect((await trust(source, BEN)).trust).toBe('trusted');
  // Nor does it trust one of theirs.
  for (const principal of [ADA, EVE])
    await expect(trust(await register(`Feed of ${principal.name}`, principal), ROBOT)).rejects.toThrow(
      /other than who registered/,
    );
});

it('nor approves what it pushed, nor has it approve what they pushed', async () => {
  const source = await register('Second robot feed', BEN);
  const pushed = { 'a.csv': loans(40) };
  await versionOf(server, 'robot', pushed, { source: source.name, principal: ROBOT });
  for (const principal of [ROBOT, ADA, EVE])
    await expect(approve('robot', '1', principal), principal.name).rejects.toThrow(/other than who pushed/);
  await versionOf(server, 'ada', pushed, { source: source.name, principal: ADA });
  await expect(approve('ada', '1', ROBOT)).rejects.toThrow(/other than who pushed/);
  expect((await approve('robot', '1', BEN)).state).toBe('ready');
});

it('records of a version that was rejected come back neither by the same push nor by cleaning', async () => {
  const source = await register('Poisoned feed', ADA);
  await versionOf(server, 'refused', { 'a.csv': loans(30) }, { principal: ADA });
  const held = await versionOf(
    server,
    'refused',
    { 'b.csv': loans(60) },
    { principal: ADA, source: source.name },
  );
  expect(held.state).toBe('awaiting-review');
  await expect(quarantine('refused', '2', [0])).rejects.toThrow(/awaiting-review/);
  await server.call('dataVersions.reject', {
    principal: BEN,
    params: { dataset: 'refused', version: '2' },
    body: { reason },
  });
  await expect(quarantine('refused', '2', [0])).rejects.toThrow(/rejected/);
  // The same records again, without a source.
  const again = await versionOf(server, 'refused', { 'c.csv': loans(60) }, { principal: ADA });
  expect(again.state).toBe('awaiting-review');
  await expect(approve('refused', String(again.number), ADA)).rejects.toThrow(/other than who pushed/);
  expect((await version('refused', 'latest')).number).toBe(1);
});

it('what was taken out is not restored from a version that is in quarantine since', async () => {
  await versionOf(server, 'put away', { 'a.csv': loans(40) }, { principal: ADA });
  const { id: quarantineId } = await ended(server, (await quarantine('put away', '1', [3, 4])).id);
  await server.open.pool.query(
    `update data_versions v set quarantined = true from data_datasets d
      where d.id = v.dataset_id and d.name = 'put away' and v.number = 1`,
  );
  const restored: Quarantine | Error = await server
    .call('cleaning.restore', { principal: ADA, params: { id: quarantineId }, body: { reason } })
    .catch((error: Error) => error);
  if (!(restored instanceof Error)) await ended(server, quarantineId);
  const latest = await version('put away', 'latest');
  expect([latest.number, latest.rows]).toEqual([2, 38]);
});
