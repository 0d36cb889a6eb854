import { ALL_PERMISSIONS, ApiError, identityRoutes } from '@bartizan/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIdentity, type TestIdentity } from './testing.ts';

let t: TestIdentity;
let key: string;
beforeAll(async () => {
  t = await startIdentity();
  const ada = await t.setUp();
  const made = await t.call('POST', '/keys', {
    cookie: ada.cookie,
    body: {
      name: 'all',
      scopes: ALL_PERMISSIONS,
      expiresAt: null,
    },
  });
  key = made.body.secret;
});
afterAll(async () => t?.close());

const HOSTILE = [
  '\u0000',
  '\ud800',
  "'; drop table people; --",
  '\u202e',
  'a'.repeat(300),
  '__proto__',
  '1e999',
  '-1',
];
const text = fc.oneof(fc.string(), fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' }));
const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('viewer', 'people.read', '*', 9_007_199_254_740_991),
  fc.array(fc.oneof(text, fc.constantFrom('viewer', 'people.read', 'gateway.invoke')), { maxLength: 3 }),
  fc.dictionary(text, fc.anything({ maxDepth: 2 }), { maxKeys: 3 }),
);
const FIELDS = [
  'name',
  'email',
  'roles',
  'disabled',
  'token',
  'password',
  'current',
  'next',
  'scopes',
  'endpoints',
  'limits',
  'expiresAt',
];
/** Half of the fields sensible, so that handlers and the database are reached. */
const sensible = {
  name: 'x',
  roles: ['viewer'],
  scopes: ['people.read'],
  endpoints: '*',
  expiresAt: null,
  token: 'a',
};
const body = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...FIELDS), value),
    fc.subarray(Object.keys(sensible) as (keyof typeof sensible)[]),
    fc.nat(),
  )
  .map(([wild, kept, n]) => ({
    email: `f${n}@example.com`,
    password: 'a long enough password',
    ...wild,
    ...Object.fromEntries(kept.map((name) => [name, sensible[name]])),
  }));

test('whatever is sent, the answer is good or an error of ours, never a fault', async () => {
  const routes = Object.values(identityRoutes).filter(({ id }) => id !== 'auth.logout');
  let reached = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, text, fc.nat(250), async (route, sent, id, host) => {
      const path = route.path
        .replace('/api/v1', '')
        .replace(':id', encodeURIComponent(id.toWellFormed()) || 'x');
      const answer = await t.call(route.method as 'POST', path, {
        ...(route.method === 'GET' ? {} : { body: sent }),
        key,
        address: `203.0.113.${host}`,
      });
      if (answer.status === 200) reached++;
      else expect(ApiError.safeParse(answer.body).success).toBe(true);
      expect([route.id, answer.status < 500]).toEqual([route.id, true]);
    }),
    { numRuns: 400 },
  );
  expect(reached).toBeGreaterThan(50);
});

test('a name that cannot be stored is the caller’s error; half a character is mended', async () => {
  const add = (name: string, email: string) =>
    t.call('POST', '/people', { key, body: { name, email, roles: ['viewer'] } });
  expect((await add('a\u0000b', 'nul@example.com')).body.error.code).toBe('invalid_input');
  expect((await add('half \ud800', 'half@example.com')).body.person.name).toBe('half \ufffd');
});
