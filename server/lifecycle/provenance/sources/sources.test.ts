import type { CustodyEntry, DataPolicy, DatasetVersion, Source } from '@bartizan/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, loans, pushed, versionOf } from '../datasets/testing.ts';
import { FIRST_POLICY, loosen } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let server: TestServer;
/** Who proposes. */
const by: Principal = { ...principalWith(), ownerId: '00000000-0000-7000-8000-0000000000a1' };
const BEN: Principal = {
  ...principalWith(),
  id: '00000000-0000-7000-8000-0000000000b1',
  ownerId: '00000000-0000-7000-8000-0000000000b1',
  name: 'Ben',
};
const reason = 'looked at the export and its owner';

beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const register = (name: string, principal = ADA): Promise<Source> =>
  server.call('dataSources.create', { principal, body: { name, owner: 'Loans', method: 'export' } });
const trust = (id: string, to: string, principal: Principal): Promise<Source> =>
  server.call('dataSources.trust', { principal, params: { id }, body: { trust: to, reason } });
const version = (dataset: string, number = '1'): Promise<DatasetVersion> =>
  server.call('data.versions.get', { params: { dataset, version: number } });
const setPolicy = (dataset: string, policy: Partial<DataPolicy> | null) =>
  server.call('dataPolicies.setOfDataset', {
    params: { dataset },
    body: { policy: policy && { ...FIRST_POLICY, ...policy } },
  });
async function custody(dataset: string, act?: string): Promise<CustodyEntry[]> {
  const page: { items: CustodyEntry[] } = await server.call('dataCustody.list', {
    params: { dataset },
    query: { act },
  });
  return page.items;
}
type SourcePage = { items: Source[]; next: string | null };
const list = (query: object): Promise<SourcePage> => server.call('dataSources.list', { query });
const lookUp = (principal: Principal, id: string): Promise<Source> =>
  server.call('dataSources.get', { principal, params: { id } });

describe('sources', () => {
  it('are known once, whatever the case', async () => {
    await register('Branch export');
    await expect(register('branch EXPORT')).rejects.toThrow(/already/);
  });

  it('are trusted on the word of somebody else', async () => {
    const { id } = await register('Own word');
    await expect(trust(id, 'trusted', ADA)).rejects.toThrow(/other than who registered/);
    expect(await trust(id, 'trusted', BEN)).toMatchObject({ trust: 'trusted', reviewedBy: 'Ben' });
    expect(await trust(id, 'blocked', ADA)).toMatchObject({ trust: 'blocked' });
  });

  it('are not there for other teams', async () => {
    const { id } = await register('Everybody’s'.replace('’', ''));
    const stranger = { ...principalWith(), teams: new Set<string>(), id: 'stranger' };
    expect((await lookUp(stranger, id)).id).toBe(id);
    await expect(
      server.call('dataSources.create', {
        principal: stranger,
        body: {
          name: 'Foreign',
          owner: 'x',
          method: 'api',
          teamId: '00000000-0000-7000-8000-00000000aaaa',
        },
      }),
    ).rejects.toThrow(/no such team/);
  });

  it('count what is from them, also where another version had it before', async () => {
    const first = await register('First broker');
    const second = await register('Second broker');
    await versionOf(server, 'counted', { 'a.csv': loans(30) }, { source: first.name });
    const same = { 'b.csv': loans(30) };
    await versionOf(server, 'counted', same, { source: second.name, allowSame: true });
    expect(await lookUp(ADA, first.id)).toMatchObject({ versions: 1, delivered: 30, records: 30 });
    expect(await lookUp(ADA, second.id)).toMatchObject({
      versions: 1,
      delivered: 30,
      records: 0,
      datasets: 1,
    });
    await versionOf(server, 'counted', { 'c.csv': loans(35) }, { source: second.name });
    expect(await lookUp(ADA, second.id)).toMatchObject({ versions: 2, delivered: 35, records: 5 });
  });

  it('are found by words, trust and pages', async () => {
    expect((await list({ q: 'own W' })).items.map(({ name }) => name)).toEqual(['Own word']);
    const first = await list({ limit: 1 });
    const second = await list({ limit: 1, cursor: first.next });
    expect(second.items[0]?.id).not.toBe(first.items[0]?.id);
    expect((await list({ trust: 'blocked' })).items.map(({ name }) => name)).toEqual(['Own word']);
  });
});

describe('a version of a source that nobody has reviewed', () => {
  it('waits, and is let in once the source is', async () => {
    const { id, name } = await register('Fresh crawl');
    const made = await versionOf(server, 'crawled', { 'a.csv': loans(50) }, { source: name });
    expect(made.state).toBe('awaiting-review');
    await expect(version('crawled', 'latest')).rejects.toThrow(/no such version/);
    await trust(id, 'known', BEN);
    expect((await version('crawled')).state).toBe('ready');
  });

  it('waits no more once somebody approves it, but not who pushed it', async () => {
    const { name } = await register('Second crawl');
    await versionOf(server, 'approved', { 'a.csv': loans(50) }, { source: name });
    const params = { dataset: 'approved', version: '1' };
    const body = { reason };
    await expect(server.call('dataVersions.approve', { principal: ADA, params, body })).rejects.toThrow(
      /other than who pushed/,
    );
    expect(await server.call('dataVersions.approve', { principal: BEN, params, body })).toEqual({
      state: 'ready',
    });
    expect((await version('approved')).state).toBe('ready');
    expect((await custody('approved', 'approved'))[0]).toMatchObject({ by: 'Ben', reason, version: 1 });
  });

  it('is never used once it is rejected', async () => {
    const { name } = await register('Third crawl');
    await versionOf(server, 'rejected', { 'a.csv': loans(50) }, { source: name });
    const params = { dataset: 'rejected', version: '1' };
    await server.call('dataVersions.reject', { principal: BEN, params, body: { reason } });
    expect(await version('rejected')).toMatchObject({ state: 'rejected', failure: `Ben: ${reason}` });
    await expect(
      server.call('dataVersions.approve', { principal: BEN, params, body: { reason } }),
    ).rejects.toThrow(/does not await review/);
  });
});

describe('what waits', () => {
  it('is not let in by a further push of the same records, nor of the same source', async () => {
    const { name } = await register('Fourth crawl');
    await versionOf(server, 'again', { 'a.csv': loans(40) });
    const held = await versionOf(server, 'again', { 'b.csv': loans(60) }, { source: name });
    expect(held.state).toBe('awaiting-review');
    // The same records, and one more, without a source: what the waiting version brought in still waits.
    const further = await versionOf(server, 'again', { 'c.csv': loans(61) });
    expect(further.state).toBe('awaiting-review');
    expect((await version('again', 'latest')).number).toBe(1);
  });

  it('is not approved by who stands behind the key that pushed it', async () => {
    const key: Principal = {
      ...principalWith(),
      kind: 'key',
      id: '00000000-0000-7000-8000-0000000000c1',
      ownerId: BEN.id,
      name: 'Ben (key pipeline)',
    };
    await server.call('data.datasets.create', { body: { name: 'eyed' } });
    await setPolicy('eyed', { fourEyes: true });
    await versionOf(server, 'eyed', { 'a.csv': loans(30) }, { principal: key });
    const params = { dataset: 'eyed', version: '1' };
    await expect(
      server.call('dataVersions.approve', { principal: key, params, body: { reason } }),
    ).rejects.toThrow(/other than who pushed/);
  });

  it('has no records taken out of it before it is settled', async () => {
    const { name } = await register('Fifth crawl');
    await versionOf(server, 'uncleaned', { 'a.csv': loans(40) }, { source: name });
    await expect(
      server.call('cleaning.quarantine', {
        params: { dataset: 'uncleaned', version: '1' },
        body: { selection: { by: 'rows', rows: [0] }, reason },
      }),
    ).rejects.toThrow(/awaiting-review/);
  });
});

describe('policies', () => {
  it('take in trusted sources only, where they say so', async () => {
    const { id, name } = await register('Vouched for');
    await versionOf(server, 'strict', { 'a.csv': loans(20) });
    await setPolicy('strict', { trustedSourcesOnly: true });
    await expect(pushed(server, 'strict', { 'b.csv': loans(30) })).rejects.toThrow(/no source was named/);
    await expect(pushed(server, 'strict', { 'b.csv': loans(30) }, { source: name })).rejects.toThrow(
      /is not trusted/,
    );
    await trust(id, 'trusted', BEN);
    const made = await versionOf(server, 'strict', { 'b.csv': loans(30) }, { source: name });
    expect(made).toMatchObject({ state: 'ready', source: { name } });
  });

  it('take nothing in of a blocked source, and of one that is not there', async () => {
    const { id, name } = await register('Bad actor');
    await trust(id, 'blocked', ADA);
    await expect(pushed(server, 'blocked', { 'a.csv': loans(20) }, { source: name })).rejects.toThrow(
      /blocked/,
    );
    await expect(pushed(server, 'blocked', { 'a.csv': loans(20) }, { source: 'nowhere' })).rejects.toThrow(
      /no source/,
    );
  });

  it('want four eyes, where they say so', async () => {
    const made = await versionOf(server, 'eyes', { 'a.csv': loans(20) });
    await setPolicy('eyes', { fourEyes: true });
    expect((await versionOf(server, 'eyes', { 'b.csv': loans(21) })).state).toBe('awaiting-review');
    await server.call('dataVersions.approve', {
      principal: BEN,
      params: { dataset: 'eyes', version: '2' },
      body: { reason },
    });
    await loosen(server, { dataset: made.datasetId, policy: null }, { by, approver: BEN });
    expect((await versionOf(server, 'eyes', { 'c.csv': loans(22) })).state).toBe('ready');
  });

  it('let records be read for their purposes only', async () => {
    await versionOf(server, 'bound', { 'a.csv': loans(20) });
    await setPolicy('bound', { purposes: ['fraud model'] });
    const read = (purpose: string): Promise<{ items: unknown[] }> =>
      server.call('data.versions.records', {
        params: { dataset: 'bound', version: '1' },
        headers: { 'bartizan-purpose': purpose },
      });
    await expect(read('just looking around')).rejects.toThrow(/for this purpose/);
    expect((await read('Fraud model: row 7 looks odd')).items.length).toBe(20);
    expect((await custody('bound', 'read'))[0]).toMatchObject({ reason: 'Fraud model: row 7 looks odd' });
  });

  it('of all datasets hold where one has none of its own', async () => {
    const put = (policy: DataPolicy) => server.call('dataPolicies.set', { body: policy });
    await put({ ...FIRST_POLICY, fourEyes: true });
    expect((await versionOf(server, 'everywhere', { 'a.csv': loans(25) })).state).toBe('awaiting-review');
    await loosen(server, { dataset: null, policy: FIRST_POLICY }, { by, approver: BEN });
    await expect(
      server.call('dataPolicies.set', {
        principal: { ...principalWith(), teams: new Set<string>() },
        body: FIRST_POLICY,
      }),
    ).rejects.toThrow(/all teams/);
  });
});

describe('the chain of custody', () => {
  it('names who did what, with the entry of the audit log that proves it', async () => {
    await versionOf(server, 'chained', { 'a.csv': loans(40) }, { reason: 'monthly delivery' });
    const entries = await custody('chained');
    expect(entries.map(({ act }) => act)).toEqual(expect.arrayContaining(['registered', 'added']));
    const added = entries.find(({ act }) => act === 'added');
    expect(added).toMatchObject({ version: 1, records: 40 });
    for (const { auditId } of entries) {
      const { rows } = await sql<{ subject: string }>`select subject from audit_entries
        where id = ${auditId}::uuid`.execute(server.open.database);
      expect(rows[0]?.subject).toMatch(/^dataset(?:-version)?:/);
    }
  });
});

describe('Croissant', () => {
  it('comes out of a version and registers a dataset', async () => {
    await versionOf(server, 'exported', { 'a.csv': loans(10) });
    const document: Record<string, unknown> = await server.call('datasets.croissant', {
      params: { dataset: 'exported', version: '1' },
    });
    expect(document).toMatchObject({ '@type': 'sc:Dataset', name: 'exported' });
    const made: { dataset: string } = await server.call('datasets.importCroissant', {
      body: { document: { ...document, name: 'imported', license: 'MIT' } },
    });
    expect(made.dataset).toBe('imported');
    expect(await server.call('data.datasets.get', { params: { dataset: 'imported' } })).toMatchObject({
      license: 'MIT',
    });
  });
});
