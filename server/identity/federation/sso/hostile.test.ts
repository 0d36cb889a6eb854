import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createBrowser, startFederation, type TestFederation } from '../testing.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type HostileProvider,
  type Mischief,
  startHostileProvider,
} from './test-providers.ts';

let t: TestFederation;
let hostile: HostileProvider;
let providerId: string;
let cookie: string;

const settings = (more: object = {}) => ({
  label: 'Hostile',
  issuer: hostile.issuer,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  allowPrivateNetwork: true,
  createPeople: true,
  emailDomains: ['corp.example'],
  ...more,
});

beforeAll(async () => {
  t = await startFederation();
  ({ cookie } = await t.setUp());
  hostile = await startHostileProvider();
  const added = await t.good(t.ask('POST', '/api/v1/sso/providers', { cookie, body: settings() }));
  providerId = added.body.id;
});
afterAll(async () => {
  await hostile?.close();
  await t?.close();
});
beforeEach(async () => {
  hostile.state.mischief = {};
  // Each refused answer counts against the address, and there are more of them here than are let through.
  await t.open.pool.query('delete from sign_in_attempts');
  // What is kept of the provider is forgotten when its settings are saved.
  await t.good(t.ask('PUT', `/api/v1/sso/providers/${providerId}`, { cookie, body: settings() }));
});

const start = () => `${t.url}/api/v1/auth/sso/${providerId}/start?returnTo=%2Fhere`;

async function signIn(mischief: Mischief = {}, browser = createBrowser()) {
  hostile.state.mischief = mischief;
  const end = await browser.open(start(), (url) => url.origin !== t.url && url.origin !== hostile.issuer);
  const me = await browser.fetch(`${t.url}/api/v1/auth/me`);
  return { reason: end.searchParams.get('sso'), path: end.pathname, status: me.status, browser };
}

const now = () => Math.floor(Date.now() / 1000);

test('while it behaves, it signs in (so that what follows means something)', async () => {
  expect(await signIn()).toMatchObject({ reason: null, path: '/here', status: 200 });
  expect(hostile.state.verifiers.at(-1)).toMatch(/^[\w-]{43}$/);
  expect(await signIn({ claims: { aud: [CLIENT_ID, 'other'], azp: CLIENT_ID } })).toMatchObject({
    status: 200,
  });
});

describe('an ID token', () => {
  test.each<[string, Mischief]>([
    ['without a signature (alg none)', { sign: 'none' }],
    ['whose signature was cut off', { sign: 'no-signature' }],
    ['signed by HS256 with the client secret', { sign: 'HS256-secret' }],
    ['signed by HS256 with the public key as the secret', { sign: 'HS256-public-key' }],
    ['signed with a key that is not the issuer’s', { sign: 'unknown-key' }],
    ['that is over', { claims: { exp: now() - 3_600, iat: now() - 7_200 } }],
    ['without an end', { claims: { exp: undefined } }],
    ['that was kept for long', { claims: { iat: now() - 3_600, exp: now() + 3_600 } }],
    ['from the future', { claims: { iat: now() + 3_600, exp: now() + 7_200 } }],
    ['not valid yet', { claims: { nbf: now() + 3_600 } }],
    ['without a time', { claims: { iat: undefined } }],
    ['for another client', { claims: { aud: 'another-client' } }],
    ['for several, without saying to whom it was given', { claims: { aud: [CLIENT_ID, 'another-client'] } }],
    ['for several, given to another', { claims: { aud: [CLIENT_ID, 'another'], azp: 'another' } }],
    ['for us, given to another', { claims: { azp: 'another' } }],
    ['without an audience', { claims: { aud: undefined } }],
    ['of another issuer', { claims: { iss: 'https://issuer.example' } }],
    ['without an issuer', { claims: { iss: undefined } }],
    ['of nobody', { claims: { sub: undefined } }],
    ['with a subject that is no text', { claims: { sub: 7 } }],
    ['with the nonce of another sign-in', { claims: { nonce: 'n'.repeat(43) } }],
    ['without a nonce', { claims: { nonce: undefined } }],
  ])('%s is refused', async (_, mischief) => {
    expect(await signIn(mischief)).toMatchObject({ reason: 'refused', path: '/sign-in', status: 401 });
  });

  test('of an earlier sign-in does not fit a later one', async () => {
    const first = createBrowser();
    let nonce = '';
    await first.open(start(), (url) => {
      nonce ||= url.searchParams.get('nonce') ?? '';
      return url.origin === hostile.issuer;
    });
    expect(nonce).toMatch(/^[\w-]{43}$/);
    expect(await signIn({ claims: { nonce } })).toMatchObject({ reason: 'refused', status: 401 });
  });

  test.each([
    [{ email_verified: 'yes' }, 'email-not-verified'],
    [{ email_verified: 2 }, 'email-not-verified'],
    [{ email_verified: ['true'] }, 'email-not-verified'],
    [{ email: ['mallory@corp.example'] }, 'no-account'],
    [{ email: 'mallory@corp.example@evil.example' }, 'no-account'],
    [{ email: 'mallory@evil.example\u0000@corp.example' }, 'no-account'],
    [{ email: '"mallory@corp.example"@evil.example' }, 'no-account'],
    [{ email: 'mallory@sub.corp.example' }, 'no-account'],
    [{ email: { toString: 'mallory@corp.example' } }, 'no-account'],
  ])('with %j of somebody new makes no account', async (claims, reason) => {
    expect(await signIn({ claims: { sub: 'new', ...claims } })).toMatchObject({ reason, status: 401 });
  });
});

describe('the way back', () => {
  test.each<[string, Mischief, string]>([
    ['of another issuer (mix-up, RFC 9207)', { back: { iss: 'https://issuer.example' } }, 'refused'],
    ['without the issuer that was promised', { back: { iss: null } }, 'refused'],
    ['without a code', { back: { code: null } }, 'refused'],
    ['without a state', { back: { state: null } }, 'start-again'],
    ['with another state', { back: { state: 's'.repeat(43) } }, 'start-again'],
    ['with an error', { back: { code: null, error: 'login_required' } }, 'cancelled'],
  ])('%s signs nobody in', async (_, mischief, reason) => {
    expect(await signIn(mischief)).toMatchObject({ reason, status: 401 });
  });

  test('counts once, though this provider takes a code as often as it likes', async () => {
    const browser = createBrowser();
    const answer = await browser.open(start(), (url) => url.pathname.endsWith('/callback'));
    const kept = browser.cookie('127.0.0.1');
    const send = async () => {
      const back = await fetch(answer, { redirect: 'manual', headers: { cookie: kept } });
      return back.headers.get('location');
    };
    // At the same time, too.
    const ends = await Promise.all([send(), send(), send(), send()]);
    expect(ends.toSorted()).toEqual(['/here', ...Array(3).fill('/sign-in?sso=start-again&next=%2Fhere')]);
    expect(await send()).toBe('/sign-in?sso=start-again&next=%2Fhere');
    const { rows } = await t.open.pool.query(
      "select count(*)::int as n from sessions s join people p on p.id = s.person_id where p.email = 'mallory@corp.example'",
    );
    const before = rows[0].n;
    await send();
    const after = await t.open.pool.query(
      "select count(*)::int as n from sessions s join people p on p.id = s.person_id where p.email = 'mallory@corp.example'",
    );
    expect(after.rows[0].n).toBe(before);
  });

  test('does not count at another provider, even of the same issuer', async () => {
    const other = await t.good(
      t.ask('POST', '/api/v1/sso/providers', { cookie, body: settings({ label: 'Twin' }) }),
    );
    const browser = createBrowser();
    const answer = await browser.open(start(), (url) => url.pathname.endsWith('/callback'));
    const end = await browser.open(answer.href.replace(providerId, other.body.id));
    expect(end.searchParams.get('sso')).toBe('start-again');
    await t.good(t.ask('DELETE', `/api/v1/sso/providers/${other.body.id}`, { cookie }));
  });

  test('does not count after the settings changed in between', async () => {
    const browser = createBrowser();
    const answer = await browser.open(start(), (url) => url.pathname.endsWith('/callback'));
    await t.good(t.ask('PUT', `/api/v1/sso/providers/${providerId}`, { cookie, body: settings() }));
    expect((await browser.open(answer.href)).searchParams.get('sso')).toBe('start-again');
  });
});

describe('the provider’s documents', () => {
  test.each<[string, Mischief, string]>([
    ['name another issuer', { discovery: { issuer: 'https://issuer.example' } }, 'refused'],
    ['name no keys', { discovery: { jwks_uri: undefined } }, 'refused'],
    [
      'name keys at a metadata address',
      { discovery: { jwks_uri: 'http://169.254.169.254/keys' } },
      'refused',
    ],
    [
      'name a token address at a metadata address',
      { discovery: { token_endpoint: 'http://169.254.169.254/' } },
      'refused',
    ],
    [
      'lead the browser to a script',
      { discovery: { authorization_endpoint: 'javascript:alert(1)' } },
      'refused',
    ],
    [
      'lead the browser to a file',
      { discovery: { authorization_endpoint: 'file:///etc/passwd' } },
      'refused',
    ],
    [
      'offer no algorithm but weak ones',
      { discovery: { id_token_signing_alg_values_supported: ['HS256', 'none'] } },
      'refused',
    ],
    ['answer the code with a redirect', { token: 'redirect' }, 'refused'],
    ['answer the code with an error', { token: 'error' }, 'refused'],
    ['answer the code with two megabytes', { token: 'huge' }, 'unreachable'],
    ['answer the code without an ID token', { token: 'no-id-token' }, 'refused'],
  ])('that %s sign nobody in', async (_, mischief, reason) => {
    expect(await signIn(mischief)).toMatchObject({ reason, status: 401 });
  });

  test('that are away say so', async () => {
    const gone = settings({ issuer: 'http://127.0.0.1:9' });
    await t.good(t.ask('PUT', `/api/v1/sso/providers/${providerId}`, { cookie, body: gone }));
    expect(await signIn()).toMatchObject({ reason: 'unreachable', status: 401 });
  });
});

test('an address that sends many bad answers has to wait', async () => {
  let reason: string | null = null;
  for (let tries = 0; tries < 40 && reason !== 'busy'; tries++) ({ reason } = await signIn({ sign: 'none' }));
  expect(reason).toBe('busy');
}, 300_000);

test('nothing of all this is in the audit log but what was decided about verified identities', async () => {
  const { rows } = await t.open.pool.query(
    "select distinct action from audit_entries where action like 'people.sso%' or action like 'sso.%' order by action",
  );
  expect(rows.map(({ action }) => action)).toEqual([
    'people.sso-created',
    'people.sso-refused',
    'sso.provider-added',
    'sso.provider-changed',
    'sso.provider-removed',
  ]);
});
