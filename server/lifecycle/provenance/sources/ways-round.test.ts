import type { DataPolicy, Dataset, DatasetVersion, ReviewDetail, Source } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { loans, versionOf } from '../datasets/testing.ts';
import { FIRST_POLICY, loosen, WHY } from './testing.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const person = (id: string, name: string): Principal => ({ ...principalWith(), id, ownerId: id, name });
const ADA = person('00000000-0000-7000-8000-0000000000a1', 'Ada');
const BEN = person('00000000-0000-7000-8000-0000000000b1', 'Ben');
const CLIO = person('00000000-0000-7000-8000-0000000000d1', 'Clio');
const reason = 'looked at the records';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const create = async (name: string): Promise<string> => {
  const made: Dataset = await server.call('data.datasets.create', { principal: ADA, body: { name } });
  return made.id;
};
const set = (dataset: string, policy: Partial<DataPolicy>): Promise<unknown> =>
  server.call('dataPolicies.setOfDataset', {
    principal: ADA,
    params: { dataset },
    body: { policy: { ...FIRST_POLICY, ...policy } },
  });
const setForAll = (policy: Partial<DataPolicy>): Promise<unknown> =>
  server.call('dataPolicies.set', { principal: ADA, body: { ...FIRST_POLICY, ...policy } });
const effective = async (dataset: string): Promise<DataPolicy> => {
  const got: { effective: DataPolicy } = await server.call('dataPolicies.getOfDataset', {
    principal: ADA,
    params: { dataset },
  });
  return got.effective;
};
const push = (dataset: string, rows: number) =>
  versionOf(server, dataset, { 'a.csv': loans(rows) }, { principal: ADA });
const approve = (dataset: string): Promise<{ state: string }> =>
  server.call('dataVersions.approve', {
    principal: BEN,
    params: { dataset, version: '1' },
    body: { reason },
  });
const both = { by: ADA, approver: BEN };

describe('the policy of a dataset', () => {
  it('stays with its name when the dataset is removed, or renamed', async () => {
    await create('payroll');
    await set('payroll', { fourEyes: true });
    await server.call('data.datasets.remove', { principal: ADA, params: { dataset: 'payroll' } });
    expect((await push('payroll', 30)).state).toBe('awaiting-review');
    expect((await effective('payroll')).fourEyes).toBe(true);
    await server.call('data.datasets.update', {
      principal: ADA,
      params: { dataset: 'payroll' },
      body: { name: 'payroll of before' },
    });
    // Nor is the one that took it let go by another name, nor does one from elsewhere take the name.
    expect((await effective('payroll of before')).fourEyes).toBe(true);
    expect((await push('harmless', 30)).state).toBe('ready');
    await expect(
      server.call('data.datasets.update', {
        principal: ADA,
        params: { dataset: 'harmless' },
        body: { name: 'payroll' },
      }),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('stays with it') });
    expect((await push('Payroll', 30)).state).toBe('awaiting-review');
    // Neither by a policy of its own, nor by none, does one person get round it.
    await expect(set('Payroll', {})).rejects.toMatchObject({ code: 'review_required' });
    const { id }: Dataset = await server.call('data.datasets.get', { params: { dataset: 'Payroll' } });
    await loosen(server, { dataset: id, policy: FIRST_POLICY }, both);
    expect((await effective('Payroll')).fourEyes).toBe(false);
    expect((await approve('Payroll')).state).toBe('ready');
    expect((await push('Payroll', 31)).state).toBe('ready');
  });

  it('that asks less than that of all holds only as far as a second person said so', async () => {
    const pinned = await create('pinned');
    await set('pinned', { purposes: ['fraud', 'marketing'] });
    await setForAll({ fourEyes: true, purposes: ['fraud'] });
    expect(await effective('pinned')).toMatchObject({ fourEyes: true, purposes: ['fraud'] });
    expect((await push('pinned', 30)).state).toBe('awaiting-review');

    const excepted = { ...FIRST_POLICY, purposes: ['fraud'] };
    await loosen(server, { dataset: pinned, policy: excepted }, both);
    expect((await effective('pinned')).fourEyes).toBe(false);
    expect((await approve('pinned')).state).toBe('ready');
    expect((await push('pinned', 31)).state).toBe('ready');
    // The exception is from four eyes; what is demanded of all since then holds here too.
    await setForAll({ fourEyes: true, purposes: ['fraud'], scanBeforeUse: true });
    expect(await effective('pinned')).toMatchObject({ fourEyes: false, scanBeforeUse: true });
    // One who asks more of the dataset does not lose the exception, and cannot widen it.
    await set('pinned', { ...excepted, scanBeforeUse: true, trustedSourcesOnly: true });
    expect(await effective('pinned')).toMatchObject({ fourEyes: false, trustedSourcesOnly: true });
    await expect(set('pinned', excepted)).rejects.toMatchObject({ code: 'review_required' });
    await loosen(server, { dataset: null, policy: FIRST_POLICY }, both);
  });

  it('lets nothing be read where its purposes and those of all have none in common', async () => {
    await push('apart', 20);
    await set('apart', { purposes: ['marketing'] });
    await setForAll({ purposes: ['fraud'] });
    const read = (purpose: string): Promise<unknown> =>
      server.call('data.versions.records', {
        principal: ADA,
        params: { dataset: 'apart', version: '1' },
        headers: { 'bartizan-purpose': purpose },
      });
    const [shown] = (await effective('apart')).purposes;
    for (const purpose of ['fraud: row 1', 'marketing: row 1', `${shown}: row 1`])
      await expect(read(purpose)).rejects.toThrow(/for this purpose/);
    await loosen(server, { dataset: null, policy: FIRST_POLICY }, both);
    await read('marketing: row 1');
  });

  it('is judged as it was proposed', async () => {
    const id = await create('judged');
    await set('judged', { fourEyes: true });
    const review: ReviewDetail = await server.call('reviews.propose', {
      principal: ADA,
      body: { proposal: { kind: 'data.policy', dataset: id, policy: FIRST_POLICY }, reason: WHY },
    });
    await setForAll({ scanBeforeUse: true });
    await expect(
      server.call('reviews.approve', {
        principal: BEN,
        params: { id: review.id },
        body: { digest: review.digest },
      }),
    ).rejects.toThrow(/changed since/);
    await loosen(server, { dataset: null, policy: FIRST_POLICY }, both);
  });
});

describe('a version that awaits review', () => {
  const decide = (dataset: string, what: 'approve' | 'reject', principal = BEN): Promise<{ state: string }> =>
    server.call(`dataVersions.${what}`, { principal, params: { dataset, version: '1' }, body: { reason } });
  const trust = (source: Source, to: string): Promise<unknown> =>
    server.call('dataSources.trust', {
      principal: CLIO,
      params: { id: source.id },
      body: { trust: to, reason },
    });
  const held = async (dataset: string): Promise<Source> => {
    const source: Source = await server.call('dataSources.create', {
      principal: ADA,
      body: { name: `Feed of ${dataset}`, owner: 'Loans', method: 'export' },
    });
    const made = await versionOf(
      server,
      dataset,
      { 'a.csv': loans(30) },
      { source: source.name, principal: ADA },
    );
    expect(made.state).toBe('awaiting-review');
    return source;
  };
  const stateOf = async (dataset: string): Promise<string> => {
    const version: DatasetVersion = await server.call('data.versions.get', {
      params: { dataset, version: '1' },
    });
    return version.state;
  };

  it('is not let in by an approval once its source is blocked', async () => {
    await create('blocked since');
    await set('blocked since', { scanBeforeUse: true });
    const source = await held('blocked since');
    expect((await decide('blocked since', 'approve')).state).toMatch(/scan/);
    await trust(source, 'blocked');
    const scan: { id: string } = await server.call('dataScans.start', {
      principal: ADA,
      params: { dataset: 'blocked since', version: '1' },
      body: {},
    });
    await vi.waitFor(
      async () => {
        const now: { scan: { state: string } } = await server.call('dataScans.get', {
          principal: ADA,
          params: { id: scan.id },
        });
        expect(now.scan.state).toBe('done');
      },
      { timeout: 90_000, interval: 200 },
    );
    expect(await stateOf('blocked since')).toBe('awaiting-review');
    await expect(decide('blocked since', 'approve')).rejects.toThrow(/source .* is blocked/);
    await trust(source, 'known');
    expect(await stateOf('blocked since')).toBe('ready');
  });

  it('is approved or rejected, not both', async () => {
    for (const dataset of ['race one', 'race two', 'race three']) {
      await held(dataset);
      const answers = await Promise.allSettled([decide(dataset, 'approve'), decide(dataset, 'reject', CLIO)]);
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const lost = answers.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(lost.reason).toMatchObject({ code: 'conflict' });
      expect(await stateOf(dataset)).toBe(answers[0]?.status === 'fulfilled' ? 'ready' : 'rejected');
    }
  });
});
