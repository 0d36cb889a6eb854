import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { uuidv7 } from '../kernel/id.ts';
import { createPeopleStore } from './people-store.ts';
import type { IdentityTables } from './tables.ts';
import { type Answer, PASSWORD, startIdentity, type TestIdentity } from './testing.ts';
import { hashToken, newToken } from './tokens.ts';

let t: TestIdentity;
let ada: { cookie: string; id: string };
beforeAll(async () => {
  t = await startIdentity();
});
afterAll(async () => t?.close());

const login = (email: string, password = PASSWORD, extra = {}) =>
  t.call('POST', '/auth/login', { body: { email, password }, ...extra });

describe('set-up', () => {
  const body = (token: string, n = 0) => ({
    token,
    name: 'Ada',
    email: `ada${n}@example.com`,
    password: PASSWORD,
  });

  test('refuses what is guessed first, as often as it is tried, and the link stays good', async () => {
    const token = t.tokenOf(await t.identity.ensureSetupToken());
    const given = { token, name: 'Ada Byronova', email: 'a.lovelace@analytical.example' };
    for (let i = 0; i < 12; i++) {
      for (const password of ['passwordpassword', 'Lovelace-2026!', 'Byronova12345']) {
        const answer = await t.call('POST', '/auth/setup', { body: { ...given, password } });
        expect([password, answer.status]).toEqual([password, 400]);
        expect(answer.body.error.issues).toEqual([
          { path: 'password', message: expect.stringContaining('guessed') },
        ]);
        expect(JSON.stringify(answer.body)).not.toContain(password);
      }
    }
    expect((await t.call('GET', '/auth/state')).body.setUp).toBe(false);
  });

  test('of ten at once, with two links, exactly one becomes administrator', async () => {
    expect((await t.call('GET', '/auth/state')).body).toEqual({ setUp: false, version: '1.2.3' });
    const links = [await t.identity.ensureSetupToken(), await t.identity.ensureSetupToken()];
    expect(links[0]).toMatch(/^http:\/\/127\.0\.0\.1:7600\/setup\?token=[\w-]{43}$/);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        t.call('POST', '/auth/setup', { body: body(t.tokenOf(links[n % 2]), n), address: `198.51.100.${n}` }),
      ),
    );
    const made = answers.filter(({ status }) => status === 200);
    expect(made.length).toBe(1);
    expect(answers.filter(({ status }) => status !== 200).map((answer) => answer.body.error.code)).toEqual(
      Array(9).fill('gone'),
    );
    const { rows } = await t.open.pool.query('select roles from people');
    expect(rows).toEqual([{ roles: ['administrator'] }]);
    ada = { cookie: made[0]?.cookie ?? '', id: made[0]?.body.id };
    expect((await t.call('GET', '/auth/state')).body.setUp).toBe(true);
  });

  test('is over then: no new link, no old link, no guess', async () => {
    expect(await t.identity.ensureSetupToken()).toBeNull();
    expect((await t.call('POST', '/auth/setup', { body: body('a'.repeat(43)) })).status).toBe(410);
    expect((await t.open.pool.query('select * from one_time_tokens')).rows).toEqual([]);
  });

  test('a link that was made while it was being done is worth nothing', async () => {
    const token = newToken();
    const store = createPeopleStore(t.open.database.withTables<IdentityTables>());
    await store.addToken(hashToken(token), 'setup', null, new Date(Date.now() + 60_000));
    expect((await t.call('POST', '/auth/setup', { body: body(token, 50) })).status).toBe(410);
    await store.dropTokens(null);
  });

  test('waits for whoever is making an administrator at the moment, and then refuses', async () => {
    const fresh = await startIdentity();
    const token = fresh.tokenOf(await fresh.identity.ensureSetupToken());
    const db = fresh.open.database.withTables<IdentityTables>();
    let answer: Promise<Answer> | undefined;
    await db.transaction().execute(async (transaction) => {
      const store = createPeopleStore(transaction);
      await store.lockAdministrators();
      const [id, credential] = [uuidv7(Date.now()), uuidv7(Date.now())];
      const at = new Date();
      await store.add({ id, name: 'First', email: 'first@example.com', roles: ['administrator'], at });
      await store.setFirstPassword(credential, id, 'x', at);
      answer = fresh.call('POST', '/auth/setup', { body: body(token, 51) });
      await sleep(300);
    });
    expect((await answer)?.status).toBe(410);
    await fresh.close();
  });

  test('there is no other way to make an account', async () => {
    for (const path of ['/auth/sign-up/email', '/sign-up/email']) {
      expect(
        (await t.call('POST', path, { body: { email: 'eve@example.com', password: PASSWORD } })).status,
      ).toBe(404);
    }
  });
});

test('an invitation, and a change, refuse the name and address of the person whose password it is', async () => {
  const invited = { name: 'Zebulon Quarles', email: 'zquarles@example.com', roles: ['viewer'] };
  const added = await t.call('POST', '/people', { cookie: ada.cookie, body: invited });
  const token = t.tokenOf(added.body.inviteUrl);
  const accept = (password: string) => t.call('POST', '/auth/invite', { body: { token, password } });
  expect((await accept('ZebulonQuarles1')).body.error.issues[0].path).toBe('password');
  const { cookie, status } = await accept(PASSWORD);
  expect(status).toBe(200);
  const change = (next: string) =>
    t.call('POST', '/auth/password', { cookie, body: { current: PASSWORD, next } });
  expect((await change('zquarles-2026!')).body.error.issues[0].path).toBe('next');
  expect((await change('qwertyuiop123')).body.error.issues[0].path).toBe('next');
  expect((await change('a wholly new password')).status).toBe(200);
});

describe('sessions', () => {
  test('the cookie is out of reach of scripts and other sites', async () => {
    const { rows } = await t.open.pool.query('select email from people where id = $1', [ada.id]);
    const answer = await login(rows[0].email);
    expect(answer.status).toBe(200);
    expect(answer.cookies.length).toBe(3);
    for (const cookie of answer.cookies) {
      expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    }
    expect(answer.cookies[0]).toMatch(/^bartizan-[0-9a-f]{8}=/);
    expect(answer.cookies[0]).toMatch(/HttpOnly/i);
    expect(answer.cookies[0]).toMatch(/SameSite=Strict/i);
    expect(answer.cookies[0]).toMatch(/Path=\//i);
    expect(answer.cookies[0]).not.toMatch(/Domain/i);
    expect(answer.body.me).toMatchObject({ kind: 'person', id: ada.id, roles: ['administrator'] });
    expect(answer.body.me.permissions).toContain('people.manage');
  });

  test('signing in never adopts a session that the browser brings', async () => {
    const { rows } = await t.open.pool.query('select email from people where id = $1', [ada.id]);
    const second = await login(rows[0].email, PASSWORD, { cookie: ada.cookie });
    expect(second.cookie).not.toBe(ada.cookie);
    const forged = `${ada.cookie.split('=')[0]}=known-token.known-signature`;
    const third = await login(rows[0].email, PASSWORD, { cookie: forged });
    expect(third.cookie).not.toContain('known-token');
    expect((await t.call('GET', '/auth/me', { cookie: forged })).status).toBe(401);
  });

  test('a token without its signature, as the database holds it, is worth nothing', async () => {
    const { rows } = await t.open.pool.query('select token from sessions limit 1');
    const name = ada.cookie.split('=')[0];
    for (const value of [rows[0].token, `${rows[0].token}.AAAA`, encodeURIComponent(`${rows[0].token}.`)]) {
      expect((await t.call('GET', '/auth/me', { cookie: `${name}=${value}` })).status).toBe(401);
    }
  });

  test('are listed and ended by their owner only, and end by themselves', async () => {
    const bob = await t.join(ada.cookie, 'bob@example.com', ['viewer']);
    const other = await login('bob@example.com', PASSWORD, { headers: { 'user-agent': 'Firefox' } });
    const { items } = (await t.call('GET', '/auth/sessions', { cookie: bob.cookie })).body;
    expect(items.length).toBe(2);
    expect(items.filter((one: { current: boolean }) => one.current).length).toBe(1);
    const elsewhere = items.find((one: { current: boolean }) => !one.current);
    expect(elsewhere).toMatchObject({ userAgent: 'Firefox', address: '198.51.100.7' });
    const path = `/auth/sessions/${elsewhere.id}`;
    expect((await t.call('DELETE', path, { cookie: ada.cookie })).status).toBe(404);
    expect((await t.call('GET', '/auth/me', { cookie: other.cookie })).status).toBe(200);
    expect((await t.call('DELETE', path, { cookie: bob.cookie })).status).toBe(200);
    expect((await t.call('GET', '/auth/me', { cookie: other.cookie })).status).toBe(401);
    expect((await t.call('DELETE', "/auth/sessions/x'or'1", { cookie: bob.cookie })).status).toBe(404);
    await t.open.pool.query(
      "update sessions set expires_at = now() - interval '1 second' where person_id = $1",
      [bob.id],
    );
    expect((await t.call('GET', '/auth/me', { cookie: bob.cookie })).status).toBe(401);
  });

  test('signing out ends the session on the server', async () => {
    const session = await login('bob@example.com');
    const out = await t.call('POST', '/auth/logout', { cookie: session.cookie });
    expect(out.status).toBe(200);
    expect(out.cookies.some((cookie) => /Max-Age=0/i.test(cookie))).toBe(true);
    expect((await t.call('GET', '/auth/me', { cookie: session.cookie })).status).toBe(401);
  });

  test('a change from another site is refused', async () => {
    const answer = await t.call('POST', '/auth/logout', {
      cookie: ada.cookie,
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    });
    expect(answer.status).toBe(403);
    expect((await t.call('GET', '/auth/me', { cookie: ada.cookie })).status).toBe(200);
  });

  test('a new password ends the other sessions, and needs the current one', async () => {
    const one = await login('bob@example.com');
    const two = await login('bob@example.com');
    const next = 'a much better password';
    const change = (current: string, password: string) =>
      t.call('POST', '/auth/password', { cookie: one.cookie, body: { current, next: password } });
    expect((await change('wrong', next)).body.error.issues[0].path).toBe('current');
    expect((await change(PASSWORD, 'short')).status).toBe(400);
    const changed = await change(PASSWORD, next);
    expect(changed.status).toBe(200);
    expect((await t.call('GET', '/auth/me', { cookie: two.cookie })).status).toBe(401);
    expect((await t.call('GET', '/auth/me', { cookie: one.cookie })).status).toBe(401);
    expect((await t.call('GET', '/auth/me', { cookie: changed.cookie })).status).toBe(200);
    expect((await login('bob@example.com')).status).toBe(401);
    expect((await login('bob@example.com', next)).status).toBe(200);
  });
});

describe('guessing', () => {
  test('unknown account, wrong password and disabled account look alike', async () => {
    const eve = await t.join(ada.cookie, 'eve@example.com', ['viewer']);
    await t.call('PATCH', `/people/${eve.id}`, { cookie: ada.cookie, body: { disabled: true } });
    const answers = [
      await login('nobody@example.com', PASSWORD, { address: '203.0.113.1' }),
      await login('bob@example.com', 'not it', { address: '203.0.113.2' }),
      await login('eve@example.com', PASSWORD, { address: '203.0.113.3' }),
    ];
    const shown = answers.map(({ status, body, cookies }) => [
      status,
      { ...body.error, requestId: '' },
      cookies,
    ]);
    expect(shown[0]?.[0]).toBe(401);
    expect(shown[1]).toEqual(shown[0]);
    expect(shown[2]).toEqual(shown[0]);
  });

  test('too many on one account are stopped wherever they come from, success does not count', async () => {
    await t.join(ada.cookie, 'carl@example.com', ['viewer']);
    for (let n = 0; n < 12; n++) expect((await login('carl@example.com')).status).toBe(200);
    const at = (n: number) => login('carl@example.com', 'wrong', { address: `203.0.113.${100 + n}` });
    const answers = await Promise.all(Array.from({ length: 15 }, (_, n) => at(n)));
    expect(answers.filter(({ status }) => status === 401).length).toBe(10);
    const stopped = answers.find(({ status }) => status === 429);
    expect(Number(stopped?.headers['retry-after'])).toBeGreaterThan(60);
    expect((await login('carl@example.com')).status).toBe(429);
    t.time.offsetMs += 15 * 60_000;
    expect((await login('carl@example.com')).status).toBe(200);
  });

  test('too many from one address are stopped, and X-Forwarded-For does not help', async () => {
    const statuses = [];
    for (let n = 0; n < 32; n++) {
      const headers = {
        'x-forwarded-for': `192.0.2.${n}`,
        'x-real-ip': `192.0.2.${n}`,
        'x-bartizan-address': `192.0.2.${n}`,
      };
      const answer = await login(`someone${n}@example.com`, 'wrong', { address: '203.0.113.250', headers });
      statuses.push(answer.status);
    }
    expect(statuses.filter((status) => status === 401).length).toBe(30);
    expect(statuses.slice(30)).toEqual([429, 429]);
    const token = 'a'.repeat(43);
    const invite = await t.call('POST', '/auth/invite', {
      address: '203.0.113.250',
      body: { token, password: PASSWORD },
    });
    expect(invite.status).toBe(429);
  });
});

/** Dangerous acts need that somebody signed in, or confirmed, lately; these tests move the clock. */
async function signInAnew(): Promise<void> {
  const { rows } = await t.open.pool.query('select email from people where id = $1', [ada.id]);
  ada.cookie = (await login(rows[0].email)).cookie;
}

describe('people', () => {
  beforeEach(signInAnew);

  const change = (id: string, body: object, cookie = ada.cookie) =>
    t.call('PATCH', `/people/${id}`, { cookie, body });

  test('an invitation is good once, for 72 hours, and only for somebody without a password', async () => {
    const add = () =>
      t.call('POST', '/people', {
        cookie: ada.cookie,
        body: { name: 'Dora', email: 'Dora@Example.com', roles: ['security', 'security'] },
      });
    const first = await add();
    expect(first.body.person).toMatchObject({ email: 'dora@example.com', roles: ['security'] });
    expect(first.body.inviteUrl).toContain('http://localhost:7600/invite?token=');
    const renewed = await add();
    expect(renewed.body.person.id).toBe(first.body.person.id);
    const accept = (link: string) =>
      t.call('POST', '/auth/invite', { body: { token: t.tokenOf(link), password: PASSWORD } });
    expect((await accept(first.body.inviteUrl)).status).toBe(410);
    t.time.offsetMs += 73 * 60 * 60_000;
    await signInAnew();
    expect((await accept(renewed.body.inviteUrl)).status).toBe(410);
    const fresh = (await add()).body.inviteUrl;
    const both = await Promise.all([accept(fresh), accept(fresh)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 410]);
    expect((await add()).status).toBe(409);
    t.time.offsetMs = 0;
  });

  test('links and passwords are kept as hashes only', async () => {
    const added = await t.call('POST', '/people', {
      cookie: ada.cookie,
      body: { name: 'F', email: 'f@example.com', roles: ['viewer'] },
    });
    const token = t.tokenOf(added.body.inviteUrl);
    const tables = ['people', 'people_credentials', 'one_time_tokens', 'audit_entries'];
    const dump = await Promise.all(
      tables.map((table) => t.open.pool.query(`select ${table}::text as row from ${table}`)),
    );
    const text = JSON.stringify(dump.map(({ rows }) => rows));
    expect(text).not.toContain(token);
    expect(text).not.toContain(PASSWORD);
    expect(text).toContain('$scrypt$ln=');
  });

  test('disabling ends sessions and revokes keys at once, and enabling does not bring them back', async () => {
    const gus = await t.join(ada.cookie, 'gus@example.com', ['security']);
    const key = await t.call('POST', '/keys', {
      cookie: gus.cookie,
      body: { name: 'ci', scopes: ['policies.read', 'gateway.invoke'], endpoints: '*', expiresAt: null },
    });
    expect((await t.identity.gatewayKeys()).map(({ id }) => id)).toContain(key.body.key.id);
    t.emitted.length = 0;
    expect((await change(gus.id, { disabled: true })).body.disabled).toBe(true);
    expect(t.emitted).toEqual(['people.changed', 'keys.changed']);
    const stillOut = async () => {
      expect((await t.call('GET', '/auth/me', { cookie: gus.cookie })).status).toBe(401);
      expect((await t.call('GET', '/auth/me', { key: key.body.secret })).status).toBe(401);
      expect((await t.identity.gatewayKeys()).map(({ id }) => id)).not.toContain(key.body.key.id);
    };
    await stillOut();
    await change(gus.id, { disabled: false });
    await stillOut();
    expect((await login('gus@example.com')).status).toBe(200);
  });

  test('the last administrator stays one', async () => {
    expect((await change(ada.id, { disabled: true })).status).toBe(409);
    expect((await change(ada.id, { roles: ['viewer'] })).status).toBe(409);
    // An administrator who never accepted cannot administer.
    const body = { name: 'Ghost', email: 'ghost@example.com', roles: ['administrator'] };
    await t.call('POST', '/people', { cookie: ada.cookie, body });
    expect((await change(ada.id, { disabled: true })).status).toBe(409);
  });

  test('two administrators cannot remove each other at once', async () => {
    const hal = await t.join(ada.cookie, 'hal@example.com', ['administrator']);
    const both = await Promise.all([
      change(hal.id, { roles: ['viewer'] }),
      change(ada.id, { roles: ['viewer'] }, hal.cookie),
    ]);
    expect(both.filter(({ status }) => status === 200).length).toBe(1);
    const { rows } = await t.open.pool.query(
      "select id from people where 'administrator' = any(roles) and not disabled and id = any($1)",
      [[ada.id, hal.id]],
    );
    expect(rows.length).toBe(1);
    if (rows[0].id !== ada.id) {
      await change(ada.id, { roles: ['administrator'] }, hal.cookie);
      await change(hal.id, { roles: ['viewer'] });
    }
  });

  test('a change of role holds at once, and nobody gives what they do not have', async () => {
    const ida = await t.join(ada.cookie, 'ida@example.com', ['viewer']);
    expect((await t.call('GET', '/people', { cookie: ida.cookie })).status).toBe(403);
    await change(ida.id, { roles: ['auditor'] });
    // Whoever may do more proves anew who they are.
    expect((await t.call('GET', '/people', { cookie: ida.cookie })).status).toBe(401);
    const anew = await login('ida@example.com');
    expect((await t.call('GET', '/people', { cookie: anew.cookie })).status).toBe(200);
    const limited = await t.call('POST', '/keys', {
      cookie: ada.cookie,
      body: { name: 'hr', scopes: ['people.manage', 'people.read', 'overview.read'], expiresAt: null },
    });
    const escalate = await t.call('POST', '/people', {
      key: limited.body.secret,
      body: { name: 'x', email: 'x@example.com', roles: ['administrator'] },
    });
    expect(escalate.status).toBe(403);
    const raise = await t.call('PATCH', `/people/${ida.id}`, {
      key: limited.body.secret,
      body: { roles: ['auditor', 'administrator'] },
    });
    expect(raise.status).toBe(403);
  });

  test('last seen is noted', async () => {
    const jo = await t.join(ada.cookie, 'jo@example.com', ['viewer']);
    await t.call('GET', '/auth/me', { cookie: jo.cookie });
    await expect
      .poll(async () => {
        const { items } = (await t.call('GET', '/people', { cookie: ada.cookie })).body;
        return items.find((one: { id: string }) => one.id === jo.id).lastSeenAt;
      })
      .toBeGreaterThan(0);
  });

  test('what changed is on record with who did it', async () => {
    await sleep(20);
    const { rows } = await t.open.pool.query('select distinct action from audit_entries order by action');
    expect(rows.map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        'keys.created',
        'people.changed',
        'people.invited',
        'people.joined',
        'people.password-changed',
        'people.session-ended',
        'people.set-up',
        'people.signed-in',
      ]),
    );
    const { rows: changed } = await t.open.pool.query(
      "select actor_id from audit_entries where action = 'people.invited' limit 1",
    );
    expect(changed[0].actor_id).toBe(ada.id);
  });
});

test('by https the cookie is bound to it and to this host', async () => {
  const secure = await startIdentity({ https: true });
  const token = secure.tokenOf(await secure.identity.ensureSetupToken());
  const answer = await secure.call('POST', '/auth/setup', {
    body: { token, name: 'Ada', email: 'ada@example.com', password: PASSWORD },
    headers: {
      host: 'bartizan.example',
      origin: 'https://bartizan.example',
      'sec-fetch-site': 'same-origin',
    },
  });
  expect(answer.cookies[0]).toMatch(/^__Host-bartizan-[0-9a-f]{8}=/);
  expect(answer.cookies[0]).toMatch(/; Secure/i);
  expect(answer.headers['strict-transport-security']).toBeDefined();
  expect((await secure.call('GET', '/auth/me', { cookie: answer.cookie })).status).toBe(200);
  await secure.close();
});
