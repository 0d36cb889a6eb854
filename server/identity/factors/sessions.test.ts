import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PASSWORD, startIdentity, type TestIdentity } from '../testing.ts';
import { people } from './testing.ts';

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
  ada.cookie = (await p.login('ada@example.com')).cookie;
});

async function someone(roles = ['viewer']) {
  const email = `person${++n}@example.com`;
  return { email, ...(await t.join(ada.cookie, email, roles)) };
}
const alive = async (cookie: string) => (await p.me(cookie)).status === 200;
const HOUR_MS = 60 * 60_000;

describe('a session ends', () => {
  test('when nobody used it for as long as the rules say, and the rules hold for running ones', async () => {
    const bob = await someone();
    const set = async (change: object) => {
      const { body } = await t.call('GET', '/sign-in/settings', { cookie: ada.cookie });
      const { updatedAt: _, ...settings } = body;
      const put = { cookie: ada.cookie, body: { ...settings, ...change } };
      expect((await t.call('PUT', '/sign-in/settings', put)).status).toBe(200);
    };
    t.time.offsetMs += 7 * HOUR_MS;
    expect(await alive(bob.cookie)).toBe(true);
    // Its use is written down a moment later.
    await expect
      .poll(
        async () => {
          const { rows } = await t.open.pool.query(
            "select last_seen_at > created_at + interval '6 hours' as seen from sessions where person_id = $1",
            [bob.id],
          );
          return rows[0]?.seen;
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    t.time.offsetMs += 7 * HOUR_MS;
    expect(await alive(bob.cookie)).toBe(true);
    t.time.offsetMs += 8 * HOUR_MS + 60_001;
    expect(await alive(bob.cookie)).toBe(false);
    const { rows } = await t.open.pool.query('select 1 from sessions where person_id = $1', [bob.id]);
    expect(rows).toEqual([]);

    ada.cookie = (await p.login('ada@example.com')).cookie;
    const again = await p.login(bob.email);
    await set({ idleMinutes: 5 });
    t.time.offsetMs += 6 * 60_000;
    expect(await alive(again.cookie)).toBe(false);
    ada.cookie = (await p.login('ada@example.com')).cookie;
    await set({ idleMinutes: 480, sessionHours: 1 });
    const short = await p.login(bob.email);
    t.time.offsetMs += HOUR_MS + 1;
    expect(await alive(short.cookie)).toBe(false);
    ada.cookie = (await p.login('ada@example.com')).cookie;
    await set({ sessionHours: 24 });
  });

  test('when its person signs out everywhere else', async () => {
    const bob = await someone();
    const [one, two] = [await p.login(bob.email), await p.login(bob.email)];
    const ended = await t.call('DELETE', '/auth/sessions', { cookie: one.cookie });
    expect(ended.body.ended).toBe(2);
    expect([await alive(one.cookie), await alive(two.cookie), await alive(bob.cookie)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('when an administrator ends it, and only of the person named', async () => {
    const [bob, eve] = [await someone(), await someone()];
    const list = (id: string, cookie: string) => t.call('GET', `/people/${id}/sessions`, { cookie });
    expect((await list(bob.id, eve.cookie)).status).toBe(403);
    const [session] = (await list(bob.id, ada.cookie)).body.items;
    expect(session).toMatchObject({ current: false, address: '198.51.100.7' });
    const end = (id: string, one: string) =>
      t.call('DELETE', `/people/${id}/sessions/${one}`, { cookie: ada.cookie });
    expect((await end(eve.id, session.id)).status).toBe(404);
    expect(await alive(bob.cookie)).toBe(true);
    expect((await end(bob.id, session.id)).status).toBe(200);
    expect([await alive(bob.cookie), await alive(eve.cookie)]).toEqual([false, true]);
    expect((await t.call('DELETE', `/people/${eve.id}/sessions`, { cookie: ada.cookie })).body.ended).toBe(1);
    expect(await alive(eve.cookie)).toBe(false);
    expect((await list(ada.id.replace(/.$/, '0').replace(/^./, 'f'), ada.cookie)).status).toBe(404);
  });

  test('when its person may do more than before, but not when they may do less', async () => {
    const bob = await someone(['auditor', 'reviewer']);
    const change = (roles: string[]) =>
      t.call('PATCH', `/people/${bob.id}`, { cookie: ada.cookie, body: { roles } });
    await change(['auditor']);
    expect(await alive(bob.cookie)).toBe(true);
    await change(['auditor', 'security']);
    expect(await alive(bob.cookie)).toBe(false);
  });

  test('when the password changes, in favour of a fresh one with the same standing', async () => {
    const bob = await someone();
    const other = await p.login(bob.email);
    const body = { current: PASSWORD, next: 'something else entirely' };
    const changed = await t.call('POST', '/auth/password', { cookie: bob.cookie, body });
    expect([await alive(bob.cookie), await alive(other.cookie), await alive(changed.cookie)]).toEqual([
      false,
      false,
      true,
    ]);
    // Two at once: the second finds its session gone.
    const twice = { current: body.next, next: 'and another one again' };
    const both = await Promise.all(
      [1, 2].map(() => t.call('POST', '/auth/password', { cookie: changed.cookie, body: twice })),
    );
    expect(both.filter(({ status }) => status === 200).length).toBe(1);
  });
});

describe('tokens of one kind are nothing as another', () => {
  const nameOf = (cookie: string) => cookie.split('=')[0] ?? '';
  const valueOf = (cookie: string) => cookie.split('; ')[0]?.slice(nameOf(cookie).length + 1) ?? '';

  test('half-finished sign-in, known browser, key, link: none is a session', async () => {
    const bob = await someone();
    const session = nameOf(bob.cookie);
    await p.enrolTotp(bob.cookie);
    const first = await p.login(bob.email);
    const pending = valueOf(first.cookie);
    const device = /-device=([^;]+)/.exec(bob.cookie)?.[1] ?? '';
    const made = await t.call('POST', '/keys', {
      cookie: ada.cookie,
      body: { name: 'k', scopes: ['people.read'], endpoints: [], expiresAt: null },
    });
    const link = await t.call('POST', '/people', {
      cookie: ada.cookie,
      body: { name: 'x', email: `x${++n}@example.com`, roles: ['viewer'] },
    });
    const invite = t.tokenOf(link.body.inviteUrl);
    for (const value of [pending, device, made.body.secret, invite]) {
      expect(value.length).toBeGreaterThan(20);
      expect(await alive(`${session}=${value}`)).toBe(false);
      expect((await t.call('GET', '/auth/me', { key: value })).status).toBe(
        value === made.body.secret ? 200 : 401,
      );
    }
    const { rows } = await t.open.pool.query('select token from sessions limit 1');
    const answer = await t.call('GET', '/auth/me', { headers: { authorization: `Bearer ${rows[0].token}` } });
    expect(answer.status).toBe(401);
    // An invitation, a session and a key are no half-finished sign-in.
    for (const value of [invite, valueOf(bob.cookie), rows[0].token, made.body.secret, device]) {
      const given = await p.second(`${session}-pending=${value}`, 'recovery', '0000-0000-0000');
      expect(given.status).toBe(410);
    }
    // Nor a link, of any kind.
    for (const token of [pending, made.body.secret, rows[0].token, invite]) {
      const body = { token, password: PASSWORD };
      expect((await t.call('POST', '/auth/reset', { body, address: '203.0.113.77' })).status).toBe(410);
      const set = { ...body, name: 'Eve', email: 'eve@example.com' };
      expect((await t.call('POST', '/auth/setup', { body: set, address: '203.0.113.78' })).status).toBe(410);
    }
  });

  test('two cookies of one name are not chosen between', async () => {
    const bob = await someone();
    await p.enrolTotp(bob.cookie);
    const first = await p.login(bob.email);
    const planted = `${nameOf(first.cookie)}=${'a'.repeat(43)}; ${first.cookie}`;
    expect((await p.second(planted, 'recovery', '0000-0000-0000')).status).toBe(410);
  });

  test('a planted cookie is not adopted: signing in always makes a new session', async () => {
    const bob = await someone();
    const first = await p.login(bob.email, PASSWORD, { cookie: bob.cookie });
    expect(valueOf(first.cookie)).not.toBe(valueOf(bob.cookie));
    await p.enrolTotp(first.cookie);
    const victim = await p.login(bob.email, PASSWORD, { cookie: first.cookie });
    expect(victim.cookie).not.toContain(valueOf(first.cookie));
    expect(await alive(victim.cookie)).toBe(false);
  });
});
