import type { PrivacyBudgetView, PrivateRelease } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, loans, versionOf } from '../datasets/testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let server: TestServer;
const headers = { 'bartizan-purpose': 'checking the release of statistics' };
const params = { dataset: 'loans' };
const BUDGET = { epsilon: '1', delta: 0.000001, relation: 'add-or-remove-one', unit: 'one loan' };

beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  await versionOf(server, 'loans', { 'loans.csv': loans(3_000) });
});
afterAll(() => server?.close());

const setBudget = (body: object): Promise<PrivacyBudgetView> =>
  server.call('privacy.setBudget', { params, body });
const budget = (): Promise<PrivacyBudgetView> => server.call('privacy.budget', { params });
const ask = (query: object, requestId: string, principal: Principal = ADA): Promise<PrivateRelease> =>
  server.call('privacy.release', { principal, params, headers, body: { query, requestId } });

describe('statistics with differential privacy', () => {
  it('are not released before somebody sets a budget', async () => {
    expect((await budget()).budget).toBeNull();
    await expect(ask({ kind: 'count', epsilon: '0.1' }, 'early')).rejects.toThrow(/no privacy budget/);
  });

  it('are near the truth, differ from it, and are paid for', async () => {
    await setBudget(BUDGET);
    const released = await ask({ kind: 'count', epsilon: '0.1' }, 'count');
    expect(Math.abs((released.value as number) - 3_000)).toBeLessThan(400);
    expect(released.standardError).toBeGreaterThan(10);
    expect(released.spent).toEqual({ epsilon: '0.1', delta: 0 });
    expect((await budget()).spent.epsilon).toBe('0.1');
  });

  it('are the same again for the same request, and cost nothing again', async () => {
    const first = await ask({ kind: 'count', epsilon: '0.1' }, 'count');
    const again = await ask({ kind: 'count', epsilon: '0.1' }, 'count');
    expect(again).toEqual(first);
    expect((await budget()).spent.epsilon).toBe('0.1');
    await expect(ask({ kind: 'count', epsilon: '0.2' }, 'count')).rejects.toThrow(/another question/);
  });

  it('come as histograms, means and quantiles of columns', async () => {
    const bins = await ask(
      { kind: 'histogram', column: 'approved', categories: ['refused', 'granted'], epsilon: '0.2' },
      'histogram',
    );
    expect(Object.keys(bins.value as object)).toEqual(['refused', 'granted']);
    const mean = await ask({ kind: 'mean', column: 'income', low: 0, high: 100_000, epsilon: '0.2' }, 'mean');
    expect(mean.value as number).toBeGreaterThan(30_000);
    expect(mean.value as number).toBeLessThan(60_000);
    const median = await ask(
      { kind: 'quantile', column: 'income', low: 0, high: 100_000, q: 0.5, epsilon: '0.2' },
      'median',
    );
    expect(median.value as number).toBeGreaterThan(30_000);
    expect(median.value as number).toBeLessThan(60_000);
  });

  it('cost nothing where the question is wrong', async () => {
    const before = await budget();
    await expect(
      ask({ kind: 'mean', column: 'zip', low: 0, high: 1, epsilon: '0.1' }, 'wrong column'),
    ).rejects.toThrow(/not numbers/);
    await expect(
      ask({ kind: 'mean', column: 'nowhere', low: 0, high: 1, epsilon: '0.1' }, 'no column'),
    ).rejects.toThrow(/no column/);
    await expect(
      ask({ kind: 'mean', column: 'income', low: 5, high: 1, epsilon: '0.1' }, 'bounds'),
    ).rejects.toThrow(/below/);
    expect((await budget()).spent).toEqual(before.spent);
    expect((await budget()).reserved.epsilon).toBe('0');
  });

  it('end at the budget, also when many ask at once', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => ask({ kind: 'count', epsilon: '0.1' }, `rush ${i}`)),
    );
    const given = asked.filter(({ status }) => status === 'fulfilled').length;
    expect(given).toBeLessThanOrEqual(3);
    expect(Number((await budget()).spent.epsilon)).toBeLessThanOrEqual(1);
    await expect(ask({ kind: 'count', epsilon: '0.5' }, 'too much')).rejects.toThrow(/budget/i);
  });

  it('keep what was spent when the budget changes', async () => {
    const before = await budget();
    await expect(setBudget({ ...BUDGET, epsilon: '0.2' })).rejects.toThrow(/spent already/);
    await expect(setBudget({ ...BUDGET, epsilon: '5', relation: 'replace-one' })).rejects.toThrow();
    const raised = await setBudget({ ...BUDGET, epsilon: '5' });
    expect(raised.spent).toEqual(before.spent);
    expect(raised.budget?.epsilon).toBe('5');
  });

  it('are listed with who asked and why', async () => {
    const { items }: { items: PrivateRelease[] } = await server.call('privacy.releases', { params });
    expect(items[0]).toMatchObject({ purpose: 'checking the release of statistics' });
    expect(items.length).toBe((await budget()).releases);
  });

  it('are not there for other teams', async () => {
    const stranger = { ...principalWith(), teams: new Set<string>() };
    await server.call('data.datasets.create', {
      principal: ADA,
      body: { name: 'hidden', teamId: null },
    });
    await expect(
      server.call('privacy.budget', { principal: stranger, params: { dataset: 'nowhere' } }),
    ).rejects.toThrow(/no such dataset/);
  });
});

it('says what training by DP-SGD spends', async () => {
  const spent: { rdp: number; pld: number } = await server.call('privacy.account', {
    body: { sigma: 1.5, rate: 0.04, steps: 2_250, delta: 1e-5 },
  });
  expect(spent.rdp).toBeCloseTo(7.32911117143, 6);
  expect(spent.pld).toBeGreaterThan(6.7);
  expect(spent.pld).toBeLessThan(6.85);
});

describe('the ledger, while the audit log gives entries their places', () => {
  it('is never told as tampered with', async () => {
    const at = { params: { dataset: 'busy' } };
    await versionOf(server, 'busy', { 'loans.csv': loans(50) });
    await server.call('privacy.setBudget', { ...at, body: { ...BUDGET, epsilon: '1000' } });
    const refusals: string[] = [];
    const told = (error: unknown): void => {
      const message = error instanceof Error ? error.message : String(error);
      if (/not what the audit log holds/.test(message)) refusals.push(message);
    };
    let released = 0;
    for (let turn = 0; turn < 30; turn += 1) {
      const body = { query: { kind: 'count', epsilon: '0.1' }, requestId: `busy-${turn}` };
      const under = server.call('privacy.release', { principal: ADA, ...at, headers, body }).then(() => {
        released += 1;
      }, told);
      const reads = [0, 1, 2].map(() => server.call('privacy.budget', at).catch(told));
      await Promise.all([under, ...reads]);
      await server.call('privacy.budget', at).catch(told);
    }
    expect(refusals).toEqual([]);
    expect(released).toBeGreaterThan(0);
  });
});
