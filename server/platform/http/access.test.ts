import { describe, expect, test } from 'vitest';
import { AppError } from '../../kernel/error.ts';
import { CONFIRMED_FOR_MS, demandAccess, demandPurpose, demandStepUp } from './access.ts';
import type { Principal } from './types.ts';

const NOW = Date.UTC(2026, 10, 21);
const person = (more: Partial<Principal> = {}): Principal => ({
  kind: 'person',
  id: 'p1',
  name: 'Ada',
  roles: ['viewer'],
  permissions: new Set(['policies.read']),
  teams: new Set(),
  ...more,
});

describe('stepping up', () => {
  test.each([
    ['just now', NOW, true],
    ['at the edge', NOW - CONFIRMED_FOR_MS, true],
    ['too long ago', NOW - CONFIRMED_FOR_MS - 1, false],
    ['in the future, by a clock set back', NOW + 1, false],
    ['never', undefined, false],
  ])('a person who confirmed %s', (_, confirmedAt, passes) => {
    const attempt = () => demandStepUp(person({ confirmedAt }), NOW);
    if (passes) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(expect.objectContaining({ code: 'step_up_required', status: 403 }));
  });
  test('is not asked of keys', () => {
    expect(() => demandStepUp(person({ kind: 'key' }), NOW)).not.toThrow();
  });
});

describe('a purpose', () => {
  test.each(['Kunde%20meldet%20falsche%20Antwort%20%C3%BC', 'incident 2026-11 triage'])(
    '%s is taken',
    (header) => expect(demandPurpose(header)).toBe(decodeURIComponent(header)),
  );
  test('is one line', () => {
    expect(demandPurpose('first%0d%0aset-cookie: second%00')).toBe('first set-cookie: second');
  });
  test.each([undefined, '', 'because', '%20'.repeat(40), '%E0%A4%A', 'x'.repeat(501)])(
    '%s is not enough',
    (header) => {
      expect(() => demandPurpose(header)).toThrow(expect.objectContaining({ code: 'purpose_required' }));
    },
  );
});

describe('a person without the second factor that is demanded', () => {
  const enrolling = person({ mustEnrol: true });
  test('may set one up, and nothing else', () => {
    expect(() => demandAccess({ id: 'auth.me', access: 'signed-in' }, enrolling)).not.toThrow();
    expect(() => demandAccess({ id: 'policies.list', access: 'policies.read' }, enrolling)).toThrow(
      expect.objectContaining({ code: 'second_factor_required' }),
    );
  });
});

test('a provisioning token opens provisioning, and provisioning nothing else', () => {
  const provider = person({ kind: 'scim', permissions: new Set() });
  expect(() => demandAccess({ id: 'scim.users', access: 'scim' }, provider)).not.toThrow();
  expect(() => demandAccess({ id: 'scim.users', access: 'scim' }, person())).toThrow();
  expect(() => demandAccess({ id: 'auth.sessions', access: 'signed-in' }, provider)).toThrow();
});

describe('nobody hears how to be somebody', () => {
  const refusal = (access: 'scim' | 'people.read', sentKey: boolean) => {
    try {
      demandAccess({ id: 'x', access }, null, sentKey);
    } catch (error) {
      if (error instanceof AppError) return [error.code, error.message, error.hint];
    }
    return [];
  };
  test.each([
    ['people.read', false, 'sign in or send an API key', 'Bearer bz_…'],
    ['people.read', true, 'this API key is not known, or has ended', 'Bearer bz_…'],
    ['scim', false, 'send a provisioning token', 'Bearer bzs_…'],
    ['scim', true, 'this provisioning token is not known, or has ended', 'Bearer bzs_…'],
  ] as const)('%s, with a key: %s', (access, sentKey, message, hint) => {
    expect(refusal(access, sentKey)).toEqual(['unauthenticated', message, expect.stringContaining(hint)]);
  });
});
