import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PASSWORD, startIdentity, type TestIdentity } from '../testing.ts';
import { codeOf, people } from './testing.ts';

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

/** Somebody new, signed in. */
async function someone(roles = ['viewer']) {
  ada.cookie = (await p.login('ada@example.com')).cookie;
  const email = `person${++n}@example.com`;
  return { email, ...(await t.join(ada.cookie, email, roles)) };
}
/** An address of their own for each, so that no test uses up another's attempts. */
const from = () => ({ address: `203.0.113.${++n % 250}` });

describe('an authenticator app', () => {
  test('is set up, asked for, and used up step by step', async () => {
    const bob = await someone();
    const { secret, uri, codes } = await p.enrolTotp(bob.cookie);
    expect(uri).toMatch(
      /^otpauth:\/\/totp\/Bartizan:person\d+%40example\.com\?issuer=Bartizan&secret=[A-Z2-7]{32}/,
    );
    expect(codes.length).toBe(10);
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}$/);
    expect((await p.me(bob.cookie)).body).toMatchObject({
      factors: ['totp', 'recovery'],
      confirmWith: ['totp', 'recovery'],
    });

    const first = await p.login(bob.email);
    expect(first.body).toEqual({
      status: 'second-factor',
      methods: ['totp', 'recovery'],
      expiresAt: expect.any(Number),
    });
    // No session exists yet, whatever of the answer is sent back.
    expect(first.cookies.length).toBe(1);
    expect((await p.me(first.cookie)).status).toBe(401);
    const { rows } = await t.open.pool.query('select count(*)::int as n from sessions where person_id = $1', [
      bob.id,
    ]);
    expect(rows[0].n).toBe(1);

    // The code that confirmed the set-up is used up; the next one works, once.
    expect((await p.second(first.cookie, 'totp', codeOf(secret, p.now()))).status).toBe(401);
    p.nextStep();
    const code = codeOf(secret, p.now());
    const second = await p.second(first.cookie, 'totp', code);
    expect(second.body).toMatchObject({ status: 'signed-in', me: { id: bob.id } });
    expect((await p.me(second.cookie)).status).toBe(200);
    const again = await p.login(bob.email);
    expect((await p.second(again.cookie, 'totp', code)).status).toBe(401);
    expect((await p.second(first.cookie, 'totp', code)).status).toBe(410);
  });

  test('an earlier step is not taken after a later one', async () => {
    const bob = await someone();
    const { secret } = await p.enrolTotp(bob.cookie);
    p.nextStep();
    p.nextStep();
    const [before, now] = [codeOf(secret, p.now() - 30_000), codeOf(secret, p.now())];
    expect((await p.second((await p.login(bob.email)).cookie, 'totp', now)).status).toBe(200);
    expect((await p.second((await p.login(bob.email)).cookie, 'totp', before)).status).toBe(401);
  });

  test('of twenty sign-ins at once with one code exactly one gets in', async () => {
    const bob = await someone();
    const { secret } = await p.enrolTotp(bob.cookie);
    p.nextStep();
    const begun = await Promise.all(Array.from({ length: 20 }, () => p.login(bob.email, PASSWORD, from())));
    expect(begun.filter(({ status }) => status === 200).length).toBeGreaterThan(1);
    const code = codeOf(secret, p.now());
    const answers = await Promise.all(
      begun
        .filter(({ status }) => status === 200)
        .map(({ cookie }) => p.second(cookie, 'totp', code, from())),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
  });

  test('its secret is sealed in the database and bound to its person', async () => {
    const [bob, eve] = [await someone(), await someone()];
    const { secret } = await p.enrolTotp(bob.cookie);
    const mine = await p.enrolTotp(eve.cookie);
    const { rows } = await t.open.pool.query('select person_totp::text as row from person_totp');
    expect(JSON.stringify(rows)).not.toContain(secret);
    await t.open.pool.query(
      'update person_totp set secret = (select secret from person_totp where person_id = $1) where person_id = $2',
      [eve.id, bob.id],
    );
    p.nextStep();
    // Whoever can write to the database cannot lend somebody else their own app.
    const first = await p.login(bob.email);
    expect((await p.second(first.cookie, 'totp', codeOf(mine.secret, p.now()))).status).toBe(500);
  });

  test('a set-up that is not confirmed counts for nothing, and a wrong code does not confirm it', async () => {
    const bob = await someone();
    const begun = await t.call('POST', '/auth/factors/totp', { cookie: bob.cookie });
    const code = codeOf(begun.body.secret, p.now());
    const wrong = code === '000000' ? '000001' : '000000';
    const confirm = (digits: string) =>
      t.call('POST', '/auth/factors/totp/confirm', { cookie: bob.cookie, body: { code: digits } });
    expect((await confirm(wrong)).status).toBe(400);
    expect((await p.login(bob.email)).body.status).toBe('signed-in');
    t.time.offsetMs += 16 * 60_000;
    await t.call('POST', '/auth/step-up', {
      cookie: bob.cookie,
      body: { kind: 'password', password: PASSWORD },
    });
    expect((await confirm(codeOf(begun.body.secret, p.now()))).status).toBe(400);
    expect((await p.me(bob.cookie)).body.factors).toEqual([]);
  });

  test('replacing it keeps the old one until the new one is confirmed', async () => {
    const bob = await someone();
    const { secret } = await p.enrolTotp(bob.cookie);
    const begun = await t.call('POST', '/auth/factors/totp', { cookie: bob.cookie });
    const entered = await p.loginWithTotp(bob.email, secret);
    expect(entered.status).toBe(200);
    const body = { code: codeOf(begun.body.secret, p.now()) };
    const confirmed = await t.call('POST', '/auth/factors/totp/confirm', { cookie: entered.cookie, body });
    expect(confirmed.body).toEqual({ recoveryCodes: [] });
    expect((await p.loginWithTotp(bob.email, secret)).status).toBe(401);
    expect((await p.loginWithTotp(bob.email, begun.body.secret)).status).toBe(200);
  });

  test('setting up and removing ends the sessions elsewhere', async () => {
    const bob = await someone();
    const other = await p.login(bob.email);
    const { secret } = await p.enrolTotp(bob.cookie);
    expect((await p.me(other.cookie)).status).toBe(401);
    const third = await p.loginWithTotp(bob.email, secret);
    expect((await t.call('DELETE', '/auth/factors/totp', { cookie: bob.cookie })).status).toBe(200);
    expect((await p.me(third.cookie)).status).toBe(401);
    expect((await p.me(bob.cookie)).body.factors).toEqual([]);
    expect((await p.login(bob.email)).body.status).toBe('signed-in');
    expect((await t.call('DELETE', '/auth/factors/totp', { cookie: bob.cookie })).status).toBe(404);
  });
});

describe('recovery codes', () => {
  test('of twenty requests at once with one code exactly one gets in', async () => {
    const bob = await someone();
    const { codes } = await p.enrolTotp(bob.cookie);
    // Ten at most may try: the eleventh is refused before the code is looked at.
    const begun = await Promise.all(Array.from({ length: 10 }, () => p.login(bob.email, PASSWORD, from())));
    const cookies = begun.map(({ cookie }) => cookie);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        p.second(cookies[i % 10] ?? '', 'recovery', codes[0] ?? '', from()),
      ),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    const left = await t.call('GET', '/auth/factors', { cookie: bob.cookie });
    expect(left.body.recoveryCodesLeft).toBe(9);
  });

  test('are read as people write them, and each is good once', async () => {
    const bob = await someone();
    const { codes } = await p.enrolTotp(bob.cookie);
    const written = (codes[1] ?? '')
      .toUpperCase()
      .replaceAll('-', ' ')
      .replaceAll('0', 'O')
      .replaceAll('1', 'I');
    const enter = async (code: string) =>
      (await p.second((await p.login(bob.email)).cookie, 'recovery', code)).status;
    expect(await enter(written)).toBe(200);
    expect(await enter(written)).toBe(401);
    expect(await enter(codes[2] ?? '')).toBe(200);
  });

  test('of one person are nothing for another, and fresh ones end the old', async () => {
    const [bob, eve] = [await someone(), await someone()];
    const his = await p.enrolTotp(bob.cookie);
    const hers = await p.enrolTotp(eve.cookie);
    expect((await p.second((await p.login(bob.email)).cookie, 'recovery', hers.codes[0] ?? '')).status).toBe(
      401,
    );
    const fresh = await t.call('POST', '/auth/factors/recovery-codes', { cookie: bob.cookie });
    expect(fresh.body.recoveryCodes.length).toBe(10);
    expect((await p.second((await p.login(bob.email)).cookie, 'recovery', his.codes[0] ?? '')).status).toBe(
      401,
    );
    const entered = await p.second(
      (await p.login(bob.email)).cookie,
      'recovery',
      fresh.body.recoveryCodes[0],
    );
    expect(entered.status).toBe(200);
    const { rows } = await t.open.pool.query('select hash from person_recovery_codes');
    for (const code of [...his.codes, ...fresh.body.recoveryCodes]) {
      expect(JSON.stringify(rows)).not.toContain(code.replaceAll('-', ''));
    }
  });

  test('are for people who have a factor', async () => {
    const bob = await someone();
    expect((await t.call('POST', '/auth/factors/recovery-codes', { cookie: bob.cookie })).status).toBe(409);
  });
});

describe('the second step', () => {
  test('of ten requests at once with one half-finished sign-in exactly one gets a session', async () => {
    const bob = await someone();
    const { codes } = await p.enrolTotp(bob.cookie);
    const first = await p.login(bob.email);
    const answers = await Promise.all(codes.map((code) => p.second(first.cookie, 'recovery', code, from())));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    expect(answers.filter(({ status }) => status === 410).length).toBe(9);
    // Nobody's code was used up in vain.
    const left = await t.call('GET', '/auth/factors', { cookie: bob.cookie });
    expect(left.body.recoveryCodesLeft).toBe(9);
  });

  test('has five tries, then the password is asked for again and an alarm is raised', async () => {
    const bob = await someone();
    const { secret } = await p.enrolTotp(bob.cookie);
    p.nextStep();
    const first = await p.login(bob.email);
    t.emitted.length = 0;
    const right = codeOf(secret, p.now());
    const wrong = right === '123456' ? '654321' : '123456';
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await p.second(first.cookie, 'totp', wrong)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 410]);
    expect((await p.second(first.cookie, 'totp', right)).status).toBe(410);
    expect(t.emitted).toContain('alarm.raised');
    const alarms = await t.call('GET', '/alarms', { cookie: ada.cookie });
    expect(alarms.body.items[0]).toMatchObject({
      kind: 'second-factor-guessing',
      subject: `person:${bob.id}`,
      acknowledgedAt: null,
    });
    const done = await t.call('POST', `/alarms/${alarms.body.items[0].id}/acknowledge`, {
      cookie: ada.cookie,
      body: { note: 'Bob tried a new phone.' },
    });
    expect(done.body).toMatchObject({ acknowledgedBy: 'Ada', acknowledgedAt: expect.any(Number) });
  });

  test('guesses are limited on the account, wherever they come from', async () => {
    const bob = await someone();
    await p.enrolTotp(bob.cookie);
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const first = await p.login(bob.email, PASSWORD, from());
      for (let k = 0; k < 5; k++)
        statuses.push((await p.second(first.cookie, 'recovery', '0000-0000-0000', from())).status);
    }
    expect(statuses.filter((status) => status !== 429).length).toBe(10);
    expect(statuses.at(-1)).toBe(429);
  });

  test('is over after ten minutes, and with the account', async () => {
    const bob = await someone();
    const { codes } = await p.enrolTotp(bob.cookie);
    const late = await p.login(bob.email);
    t.time.offsetMs += 10 * 60_000 + 1;
    expect((await p.second(late.cookie, 'recovery', codes[0] ?? '')).status).toBe(410);
    ada.cookie = (await p.login('ada@example.com')).cookie;
    const midway = await p.login(bob.email);
    const disable = (disabled: boolean) =>
      t.call('PATCH', `/people/${bob.id}`, { cookie: ada.cookie, body: { disabled } });
    expect((await disable(true)).status).toBe(200);
    expect((await p.second(midway.cookie, 'recovery', codes[0] ?? '')).status).toBe(410);
    expect((await disable(false)).status).toBe(200);
    expect((await p.second(midway.cookie, 'recovery', codes[0] ?? '')).status).toBe(410);
  });

  test('disabling somebody in the very moment of it leaves no session behind', async () => {
    const bob = await someone();
    const { codes } = await p.enrolTotp(bob.cookie);
    for (let i = 0; i < 5; i++) {
      const first = await p.login(bob.email, PASSWORD, from());
      await Promise.all([
        p.second(first.cookie, 'recovery', codes[i] ?? '', from()),
        t.call('PATCH', `/people/${bob.id}`, { cookie: ada.cookie, body: { disabled: true } }),
      ]);
      const { rows } = await t.open.pool.query('select 1 from sessions where person_id = $1', [bob.id]);
      expect(rows).toEqual([]);
      await t.call('PATCH', `/people/${bob.id}`, { cookie: ada.cookie, body: { disabled: false } });
    }
  });
});
