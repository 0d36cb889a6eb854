import type { DataPolicy, Dataset, ReviewDetail } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { loans, versionOf } from '../datasets/testing.ts';
import { looseningOf } from './loosening.ts';
import { FIRST_POLICY, loosen, WHY } from './testing.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const person = (id: string, name: string): Principal => ({ ...principalWith(), id, ownerId: id, name });
const ADA = person('00000000-0000-7000-8000-0000000000a1', 'Ada');
const BEN = person('00000000-0000-7000-8000-0000000000b1', 'Ben');
/** Ada's own key. */
const KEY: Principal = { ...ADA, kind: 'key', id: '00000000-0000-7000-8000-0000000000c1', name: 'pipeline' };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const dataset = async (name: string): Promise<string> => {
  const made: Dataset = await server.call('data.datasets.create', { principal: ADA, body: { name } });
  return made.id;
};
const set = (
  id: string,
  policy: Partial<DataPolicy> | null,
  principal = ADA,
): Promise<{ own: DataPolicy | null; effective: DataPolicy }> =>
  server.call('dataPolicies.setOfDataset', {
    principal,
    params: { dataset: id },
    body: { policy: policy && { ...FIRST_POLICY, ...policy } },
  });
const effective = async (id: string): Promise<DataPolicy> => {
  const got: { effective: DataPolicy } = await server.call('dataPolicies.getOfDataset', {
    principal: ADA,
    params: { dataset: id },
  });
  return got.effective;
};
const propose = (
  id: string | null,
  policy: Partial<DataPolicy> | null,
  principal = ADA,
): Promise<ReviewDetail> =>
  server.call('reviews.propose', {
    principal,
    body: {
      proposal: { kind: 'data.policy', dataset: id, policy: policy && { ...FIRST_POLICY, ...policy } },
      reason: WHY,
    },
  });
const approve = ({ id, digest }: ReviewDetail, principal: Principal) =>
  server.call('reviews.approve', { principal, params: { id }, body: { digest } });

describe('demanding less', () => {
  it('is each rule that is off and each purpose more, and nothing else', () => {
    const strict: DataPolicy = {
      trustedSourcesOnly: true,
      fourEyes: true,
      newSourceReview: true,
      scanBeforeUse: true,
      purposes: ['fraud'],
    };
    for (const rule of ['trustedSourcesOnly', 'fourEyes', 'newSourceReview', 'scanBeforeUse'] as const) {
      expect(looseningOf(strict, { ...strict, [rule]: false })).toHaveLength(1);
      expect(looseningOf({ ...strict, [rule]: false }, strict)).toEqual([]);
    }
    for (const purposes of [[], ['other'], ['fraud', 'other']])
      expect(looseningOf(strict, { ...strict, purposes })).toEqual(['more purposes are allowed']);
    expect(looseningOf({ ...strict, purposes: ['fraud', 'other'] }, strict)).toEqual([]);
    expect(looseningOf({ ...strict, purposes: [] }, strict)).toEqual([]);
    expect(looseningOf(strict, { ...strict, purposes: [' Fraud '] })).toEqual([]);
    // More of one does not pay for less of another.
    expect(looseningOf({ ...strict, fourEyes: false }, { ...strict, scanBeforeUse: false })).toEqual([
      'scan before use is off',
    ]);
  });

  it('takes a second person, where demanding more takes one', async () => {
    const id = await dataset('loosened');
    expect((await set(id, { fourEyes: true })).effective.fourEyes).toBe(true);
    await expect(set(id, {})).rejects.toMatchObject({
      code: 'review_required',
      message: expect.stringContaining('four eyes on changes is off'),
      hint: expect.stringContaining('data.policy'),
    });
    await expect(set(id, { scanBeforeUse: true })).rejects.toMatchObject({ code: 'review_required' });
    await expect(set(id, null)).rejects.toMatchObject({ code: 'review_required' });
    await expect(set(id, {}, KEY)).rejects.toMatchObject({ code: 'review_required' });
    expect((await effective(id)).fourEyes).toBe(true);
    expect((await set(id, { fourEyes: true, scanBeforeUse: true })).effective.scanBeforeUse).toBe(true);
  });

  it('is done when somebody else approves it, and on record with both', async () => {
    const id = await dataset('reviewed');
    await set(id, { fourEyes: true, purposes: ['fraud'] });
    const review = await propose(id, { purposes: ['fraud', 'marketing'] });
    expect(review).toMatchObject({
      title:
        'Demand less before data of "reviewed" is used: four eyes on changes is off, more purposes are allowed',
      subject: `dataset:${id}`,
      changes: [
        { path: 'fourEyes', before: true, after: false },
        { path: 'purposes', before: ['fraud'], after: ['fraud', 'marketing'] },
      ],
    });
    await expect(approve(review, ADA)).rejects.toThrow(/proposed it yourself/);
    await expect(approve(review, KEY)).rejects.toThrow(/only a person/);
    expect((await effective(id)).fourEyes).toBe(true);
    await approve(review, BEN);
    expect(await effective(id)).toMatchObject({ fourEyes: false, purposes: ['fraud', 'marketing'] });
    const entry = (await server.audited()).findLast(({ action }) => action === 'data.policy-changed');
    expect(entry).toMatchObject({
      subject: `dataset:${id}`,
      detail: { review: review.id, proposedBy: { name: 'Ada' } },
    });
    const custody: { items: { by: string; act: string }[] } = await server.call('dataCustody.list', {
      principal: ADA,
      params: { dataset: id },
      query: { act: 'changed' },
    });
    expect(custody.items[0]?.by).toBe('Ben');
  });

  it('is not approved by who stands behind the key that proposed it', async () => {
    const id = await dataset('by key');
    await set(id, { fourEyes: true });
    await expect(approve(await propose(id, {}, KEY), ADA)).rejects.toThrow(/stand behind the key/);
    expect((await effective(id)).fourEyes).toBe(true);
  });

  it('is proposed anew where the policy changed meanwhile', async () => {
    const id = await dataset('overtaken');
    await set(id, { fourEyes: true });
    const review = await propose(id, {});
    await set(id, { fourEyes: true, trustedSourcesOnly: true });
    await expect(approve(review, BEN)).rejects.toThrow(/changed since/);
    expect(await effective(id)).toMatchObject({ fourEyes: true, trustedSourcesOnly: true });
  });

  it('is not there for other teams, nor for who may not manage data', async () => {
    const id = await dataset('bounded');
    await set(id, { fourEyes: true });
    const reader: Principal = { ...BEN, permissions: new Set(['policies.read', 'data.read', 'data.write']) };
    await expect(propose(id, {}, reader)).rejects.toMatchObject({ code: 'forbidden' });
    const bounded: Principal = { ...BEN, teams: new Set<string>() };
    await expect(propose(null, {}, bounded)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('of all datasets holds where one follows them, and is proposed too', async () => {
    const put = (policy: Partial<DataPolicy>, principal = ADA) =>
      server.call('dataPolicies.set', { principal, body: { ...FIRST_POLICY, ...policy } });
    await expect(put({ newSourceReview: false })).rejects.toMatchObject({ code: 'review_required' });
    await expect(propose(null, { fourEyes: true })).rejects.toThrow(/no second person/);
    await expect(propose(null, null)).rejects.toThrow(/left out/);
    await put({ scanBeforeUse: true });
    const own = await dataset('follows');
    // A policy of its own that demands less than that of all is no way around it.
    await expect(set(own, {})).rejects.toMatchObject({ code: 'review_required' });
    await expect(put({})).rejects.toMatchObject({ code: 'review_required' });
    await loosen(server, { dataset: null, policy: FIRST_POLICY }, { by: ADA, approver: BEN });
    expect((await effective(own)).scanBeforeUse).toBe(false);
  });

  it('does not let one person push past four eyes', async () => {
    const id = await dataset('past four eyes');
    await set(id, { fourEyes: true });
    await expect(set(id, {})).rejects.toMatchObject({ code: 'review_required' });
    await propose(id, {});
    const made = await versionOf(server, 'past four eyes', { 'a.csv': loans(30) }, { principal: ADA });
    expect(made.state).toBe('awaiting-review');
  });

  it('is an emergency account’s, with an alarm', async () => {
    const id = await dataset('emergency');
    await set(id, { fourEyes: true });
    const emergency: Principal = { ...principalWith(), name: 'Emergency', breakGlass: true };
    expect((await set(id, {}, emergency)).effective.fourEyes).toBe(false);
    expect((await server.audited()).map(({ action }) => action)).toContain('reviews.bypassed');
  });
});
