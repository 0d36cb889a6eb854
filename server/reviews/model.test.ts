import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Caller, canonical, digestOf, stateOf, whyNotDecide, whyNotWithdraw } from './model.ts';
import type { ReviewRow } from './store.ts';

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).toReversed();
  return Object.fromEntries(members.map(([name, member]) => [name, shuffled(member)]));
};

describe('the canonical form', () => {
  test('does not depend on the order of members, and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonical(value);
        expect(canonical(shuffled(value))).toBe(text);
        expect(canonical(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('binds review, change and facts apart', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.jsonValue(), fc.jsonValue(), (id, other, change, facts) => {
        const digest = digestOf(id, canonical(change), facts);
        expect(digest).toMatch(/^[0-9a-f]{64}$/);
        if (id !== other) expect(digestOf(other, canonical(change), facts)).not.toBe(digest);
        expect(digestOf(id, canonical([change]), facts)).not.toBe(digest);
        expect(digestOf(id, canonical(change), [facts])).not.toBe(digest);
      }),
    );
  });
});

const NOW = 1_800_000_000_000;
const row = (change: Partial<ReviewRow> = {}): ReviewRow => ({
  id: 'r',
  kind: 'policies.remove',
  proposal: '{}',
  digest: '',
  title: '',
  subject: '',
  changes: [],
  reason: '',
  state: 'open',
  proposerKind: 'person',
  proposerId: 'ada',
  proposerName: 'Ada',
  proposerPerson: 'ada',
  proposedAt: NOW - 1,
  expiresAt: NOW + 1,
  deciderKind: null,
  deciderId: null,
  deciderName: null,
  decidedAt: null,
  decisionNote: '',
  ...change,
});
const caller = (change: Partial<Caller> = {}): Caller => ({
  kind: 'person',
  id: 'sam',
  name: 'Sam',
  ownerId: 'sam',
  permissions: new Set(['policies.approve']),
  teams: '*',
  ...change,
});

const nobody: ReadonlySet<string> = new Set();

describe('who decides', () => {
  test('is somebody else who may, while it is open', () => {
    expect(whyNotDecide(row(), caller(), NOW, nobody)).toBe('');
    const byKey = row({ proposerKind: 'key', proposerId: 'k' });
    expect(whyNotDecide(byKey, caller(), NOW, new Set(['bob']))).toBe('');
  });

  test('is never a key, whoever answers for it', () => {
    for (const kind of ['key', 'scim', 'system'] as const) {
      const reason = whyNotDecide(row(), caller({ kind, id: 'k', ownerId: 'sam' } as never), NOW, nobody);
      expect(reason).toBe('only a person who is signed in decides; keys propose');
    }
  });

  test('is nobody who stands behind the key that proposed', () => {
    const byKey = row({ proposerKind: 'key', proposerId: 'k' });
    const reason = whyNotDecide(byKey, caller(), NOW, new Set(['bob', 'sam']));
    expect(reason).toContain('you stand behind the key that proposed it');
  });

  test.each<[string, Partial<ReviewRow>, Partial<Caller>]>([
    ['the proposer', {}, { id: 'ada', ownerId: 'ada' }],
    ['a key of the proposer', {}, { kind: 'key', id: 'k', ownerId: 'ada' }],
    [
      'the owner of the key that proposed',
      { proposerKind: 'key', proposerId: 'k' },
      { id: 'ada', ownerId: 'ada' },
    ],
    ['a key that nobody answers for', {}, { kind: 'key', id: 'k', ownerId: null }],
    ['somebody without the permission', {}, { permissions: new Set(['policies.manage']) }],
    ['anybody, once it expired', { expiresAt: NOW }, {}],
    ['anybody, once it was rejected', { state: 'rejected' }, {}],
  ])('is not %s', (_, review, who) => {
    expect(whyNotDecide(row(review), caller(who), NOW, nobody)).not.toBe('');
  });

  test('and only the proposer’s side takes it back', () => {
    expect(whyNotWithdraw(row(), caller({ ownerId: 'ada' }), NOW)).toBe('');
    expect(whyNotWithdraw(row(), caller(), NOW)).not.toBe('');
    expect(whyNotWithdraw(row(), caller({ ownerId: null }), NOW)).not.toBe('');
    expect(whyNotWithdraw(row({ state: 'stale' }), caller({ ownerId: 'ada' }), NOW)).not.toBe('');
  });

  test('an open review expires to the millisecond', () => {
    expect(stateOf(row(), NOW)).toBe('open');
    expect(stateOf(row({ expiresAt: NOW }), NOW)).toBe('expired');
    expect(stateOf(row({ state: 'approved', expiresAt: 0 }), NOW)).toBe('approved');
  });
});
