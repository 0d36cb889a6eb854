import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthenticator } from '../../../tests/support/authenticator.ts';
import { PASSWORD, startIdentity, type TestIdentity } from '../testing.ts';
import { codeOf, ORIGIN, people } from './testing.ts';

let t: TestIdentity;
let p: ReturnType<typeof people>;
let ada: { cookie: string; id: string };
let n = 0;
beforeAll(async () => {
  t = await startIdentity();
  p = people(t);
  ada = await t.setUp();
});
afterAll(async () => t?.close());
beforeEach(async () => {
  await t.open.pool.query("update sign_in_settings set second_factor = 'nobody', second_factor_roles = '{}'");
  await t.open.pool.query('delete from sign_in_attempts');
  ada.cookie = (await p.login('ada@example.com')).cookie;
});

async function someone(roles = ['viewer']) {
  const email = `person${++n}@example.com`;
  return { email, ...(await t.join(ada.cookie, email, roles)) };
}
const read = async (cookie = ada.cookie) => (await t.call('GET', '/sign-in/settings', { cookie })).body;
async function demand(secondFactor: object, cookie = ada.cookie) {
  const { updatedAt: _, ...settings } = await read(cookie);
  return t.call('PUT', '/sign-in/settings', { cookie, body: { ...settings, secondFactor } });
}
const stepUp = (cookie: string, body: object) => t.call('POST', '/auth/step-up', { cookie, body });
const byPassword = { kind: 'password', password: PASSWORD };
const ELEVEN_MINUTES = 11 * 60_000;

describe('a second factor that is demanded', () => {
  test('of everyone: whoever has none may set one up and nothing else, at once', async () => {
    const bob = await someone(['security']);
    expect((await t.call('GET', '/people', { cookie: bob.cookie })).status).toBe(200);
    expect((await demand({ of: 'everyone' })).status).toBe(200);
    for (const path of ['/people', '/keys', '/sign-in/settings', '/alarms']) {
      const answer = await t.call('GET', path, { cookie: bob.cookie });
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 403, 'second_factor_required']);
    }
    expect((await p.me(bob.cookie)).body.mustEnrol).toBe(true);
    expect((await t.call('GET', '/auth/factors', { cookie: bob.cookie })).body.demanded).toBe(true);
    expect((await p.login(bob.email)).body.me.mustEnrol).toBe(true);
    await p.enrolTotp(bob.cookie);
    expect((await p.me(bob.cookie)).body.mustEnrol).toBe(false);
    expect((await t.call('GET', '/people', { cookie: bob.cookie })).status).toBe(200);
    // The administrator who turned it on is held to it too.
    expect((await t.call('GET', '/people', { cookie: ada.cookie })).status).toBe(403);
  });

  test('of roles: of those who have one of them, also when they get it later', async () => {
    const [bob, eve] = [await someone(['viewer']), await someone(['auditor'])];
    await demand({ of: 'roles', roles: ['auditor'] });
    expect((await p.me(bob.cookie)).body.mustEnrol).toBe(false);
    expect((await p.me(eve.cookie)).body.mustEnrol).toBe(true);
    await t.call('PATCH', `/people/${bob.id}`, {
      cookie: ada.cookie,
      body: { roles: ['viewer', 'auditor'] },
    });
    expect((await p.login(bob.email)).body.me.mustEnrol).toBe(true);
  });

  test('cannot be removed when it is the last, not by two removals at once either', async () => {
    const bob = await someone(['auditor']);
    const one = await p.enrolPasskey(bob.cookie);
    const two = await p.enrolPasskey(bob.cookie, createAuthenticator(ORIGIN));
    await demand({ of: 'roles', roles: ['auditor'] });
    const remove = (id: string) => t.call('DELETE', `/auth/factors/passkeys/${id}`, { cookie: bob.cookie });
    const answers = await Promise.all([remove(one.id), remove(two.id)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect((await p.me(bob.cookie)).body.factors).toContain('passkey');
  });

  test('the rules are for whoever may change them, one change after the other', async () => {
    const bob = await someone(['auditor']);
    expect((await t.call('GET', '/sign-in/settings', { cookie: bob.cookie })).status).toBe(200);
    expect((await demand({ of: 'nobody' }, bob.cookie)).status).toBe(403);
    const { updatedAt: _, ...settings } = await read();
    const put = (body: object) => t.call('PUT', '/sign-in/settings', { cookie: ada.cookie, body });
    const both = await Promise.all([put(settings), put(settings)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect((await put({ ...settings, version: settings.version + 1, idleMinutes: 1 })).status).toBe(400);
    t.time.offsetMs += ELEVEN_MINUTES;
    expect((await demand({ of: 'everyone' })).body.error.code).toBe('step_up_required');
  });
});

describe('confirming', () => {
  test('opens dangerous acts for ten minutes; a fresh sign-in counts', async () => {
    const key = () =>
      t.call('POST', '/keys', {
        cookie: ada.cookie,
        body: { name: 'ci', scopes: ['gateway.invoke'], endpoints: '*', expiresAt: null },
      });
    expect((await key()).status).toBe(200);
    t.time.offsetMs += ELEVEN_MINUTES;
    expect((await key()).body.error.code).toBe('step_up_required');
    expect((await stepUp(ada.cookie, { ...byPassword, password: 'wrong' })).status).toBe(400);
    expect((await key()).status).toBe(403);
    const confirmed = await stepUp(ada.cookie, byPassword);
    expect(confirmed.body.confirmedUntil).toBe(p.now() + 10 * 60_000);
    expect((await p.me(ada.cookie)).body.confirmedUntil).toBe(p.now() + 10 * 60_000);
    expect((await key()).status).toBe(200);
  });

  test('with a second factor the password alone is not enough', async () => {
    const bob = await someone();
    const { secret, codes } = await p.enrolTotp(bob.cookie);
    const { authenticator } = await p.enrolPasskey(bob.cookie);
    t.time.offsetMs += ELEVEN_MINUTES;
    const fresh = () => t.call('POST', '/auth/factors/recovery-codes', { cookie: bob.cookie });
    expect((await stepUp(bob.cookie, byPassword)).status).toBe(400);
    expect((await fresh()).body.error.code).toBe('step_up_required');
    const code = codeOf(secret, p.now());
    expect((await stepUp(bob.cookie, { kind: 'totp', code })).status).toBe(200);
    t.time.offsetMs += ELEVEN_MINUTES;
    expect((await stepUp(bob.cookie, { kind: 'totp', code })).status).toBe(400);
    expect((await stepUp(bob.cookie, { kind: 'recovery', code: codes[0] })).status).toBe(200);
    t.time.offsetMs += ELEVEN_MINUTES;
    const options = await t.call('POST', '/auth/step-up/passkey-options', { cookie: bob.cookie });
    const assertion = authenticator.get(options.body);
    expect((await stepUp(bob.cookie, { kind: 'passkey', assertion })).status).toBe(200);
    expect((await stepUp(bob.cookie, { kind: 'passkey', assertion })).status).toBe(400);
    expect((await fresh()).status).toBe(200);
  });

  test('one session does not confirm another, and a challenge for one is nothing in another', async () => {
    const bob = await someone();
    const { authenticator } = await p.enrolPasskey(bob.cookie);
    const options = await t.call('POST', '/auth/passkey/options');
    const other = await t.call('POST', '/auth/passkey', {
      cookie: options.cookie,
      body: { assertion: authenticator.get(options.body) },
    });
    t.time.offsetMs += ELEVEN_MINUTES;
    const asked = await t.call('POST', '/auth/step-up/passkey-options', { cookie: bob.cookie });
    const body = { kind: 'passkey', assertion: authenticator.get(asked.body) };
    expect((await stepUp(other.cookie, body)).status).toBe(400);
    const again = await t.call('POST', '/auth/step-up/passkey-options', { cookie: bob.cookie });
    expect(
      (await stepUp(bob.cookie, { kind: 'passkey', assertion: authenticator.get(again.body) })).status,
    ).toBe(200);
    const renew = (cookie: string) => t.call('POST', '/auth/factors/recovery-codes', { cookie });
    expect((await renew(other.cookie)).body.error.code).toBe('step_up_required');
    expect((await renew(bob.cookie)).status).toBe(200);
  });

  test('guesses at the password are limited with those at signing in', async () => {
    const bob = await someone();
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      // From a browser that is not known: its session alone.
      const [session = ''] = bob.cookie.split('; ');
      statuses.push((await stepUp(session, { kind: 'password', password: `wrong${i}` })).status);
    }
    expect(statuses.filter((status) => status === 400).length).toBe(10);
    expect(statuses.slice(10)).toEqual([429, 429]);
    expect((await p.login(bob.email, 'wrong')).status).toBe(429);
  });

  test('keys cannot', async () => {
    const made = await t.call('POST', '/keys', {
      cookie: ada.cookie,
      body: { name: 'k', scopes: ['people.manage', 'people.read'], endpoints: [], expiresAt: null },
    });
    const answer = await t.call('POST', '/auth/step-up', { key: made.body.secret, body: byPassword });
    expect(answer.status).toBe(403);
    for (const path of [
      '/auth/factors/totp',
      '/auth/factors/passkeys/options',
      '/auth/factors/recovery-codes',
    ]) {
      expect((await t.call('POST', path, { key: made.body.secret })).status).toBe(403);
    }
  });
});

describe('an administrator', () => {
  test('resets the factors of others, which ends their sessions, but not their own', async () => {
    const bob = await someone();
    await p.enrolTotp(bob.cookie);
    await p.enrolPasskey(bob.cookie);
    const midway = await p.login(bob.email);
    const reset = (id: string, cookie: string) => t.call('POST', `/people/${id}/reset-factors`, { cookie });
    expect((await reset(bob.id, ada.cookie)).status).toBe(200);
    expect((await p.me(bob.cookie)).status).toBe(401);
    expect((await p.second(midway.cookie, 'recovery', '0000-0000-0000')).status).toBe(410);
    expect((await p.login(bob.email)).body.status).toBe('signed-in');
    await p.enrolTotp(ada.cookie);
    expect((await reset(ada.id, ada.cookie)).status).toBe(409);
    // Nor by a key of theirs.
    const made = await t.call('POST', '/keys', {
      cookie: ada.cookie,
      body: { name: 'k', scopes: ['people.manage'], endpoints: [], expiresAt: null },
    });
    expect((await t.call('POST', `/people/${ada.id}/reset-factors`, { key: made.body.secret })).status).toBe(
      409,
    );
    expect((await t.call('DELETE', '/auth/factors/totp', { cookie: ada.cookie })).status).toBe(200);
    const { rows } = await t.open.pool.query(
      "select subject from audit_entries where action = 'factors.reset' order by at",
    );
    expect(rows).toEqual([{ subject: `person:${bob.id}` }]);
  });

  test('makes a reset link: once, for a day, and a second factor is still asked for', async () => {
    const bob = await someone();
    const { secret } = await p.enrolTotp(bob.cookie);
    const link = (id = bob.id) => t.call('POST', `/people/${id}/reset-link`, { cookie: ada.cookie });
    const use = (token: string, password = 'a wholly new password') =>
      t.call('POST', '/auth/reset', { body: { token, password } });
    const first = t.tokenOf((await link()).body.url);
    expect((await p.me(bob.cookie)).status).toBe(401);
    const token = t.tokenOf((await link()).body.url);
    expect((await use(first)).status).toBe(410);
    // It is a reset link and no other.
    expect((await t.call('POST', '/auth/invite', { body: { token, password: PASSWORD } })).status).toBe(410);
    const set = { token, name: 'Eve', email: 'eve@example.com', password: PASSWORD };
    expect((await t.call('POST', '/auth/setup', { body: set })).status).toBe(410);
    const both = await Promise.all([use(token), use(token)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 410]);
    const done = both.find(({ status }) => status === 200);
    expect(done?.body.status).toBe('second-factor');
    expect((await p.login(bob.email)).status).toBe(401);
    p.nextStep();
    expect((await p.second(done?.cookie ?? '', 'totp', codeOf(secret, p.now()))).status).toBe(200);
    const late = t.tokenOf((await link()).body.url);
    t.time.offsetMs += 24 * 60 * 60_000 + 1;
    expect((await use(late)).status).toBe(410);
  });

  test('a key that manages people does not become an administrator by it', async () => {
    const made = await t.call('POST', '/keys', {
      cookie: ada.cookie,
      body: { name: 'k', scopes: ['people.manage', 'people.read'], endpoints: [], expiresAt: null },
    });
    const key: string = made.body.secret;
    const other = await someone(['administrator']);
    for (const path of [`/people/${other.id}/reset-link`, `/people/${other.id}/reset-factors`]) {
      expect((await t.call('POST', path, { key })).status).toBe(403);
    }
    const body = { name: 'Glass', email: 'glass-by-key@example.com' };
    expect((await t.call('POST', '/people/break-glass', { key, body })).status).toBe(403);
    await t.call('PATCH', `/people/${other.id}`, { cookie: ada.cookie, body: { roles: ['viewer'] } });
  });
});
