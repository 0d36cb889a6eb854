import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHttpServer } from '../../platform/http/index.ts';
import { type AttemptAt, createAttempts } from '../attempts.ts';
import { createPasswords } from '../passwords.ts';
import type { IdentityTables } from '../tables.ts';
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
beforeEach(async () => {
  await t.open.pool.query('delete from sign_in_attempts');
  ada.cookie = (await p.login('ada@example.com')).cookie;
});

const email = () => `person${++n}@example.com`;
const FIFTEEN_MINUTES = 15 * 60_000;

describe('counts', () => {
  const db = () => t.open.database.withTables<IdentityTables>();
  const one = (nowMs: () => number, maxCounters?: number) =>
    createAttempts({
      db: db(),
      clock: { now: nowMs },
      ...(maxCounters === undefined ? {} : { maxCounters }),
    });
  const at = (address: string, account?: string): AttemptAt =>
    account === undefined ? { kind: 'token', address } : { kind: 'password', address, account };
  async function passed(work: () => Promise<unknown>, times: number): Promise<number> {
    const results = await Promise.allSettled(Array.from({ length: times }, work));
    return results.filter(({ status }) => status === 'fulfilled').length;
  }

  test('are shared by servers, and many at once do not slip through', async () => {
    const servers = [one(() => 1e12), one(() => 1e12)];
    let turn = 0;
    expect(await passed(() => servers[turn++ % 2]?.take(at('192.0.2.1')) ?? Promise.reject(), 60)).toBe(30);
  });

  test('end with their window, and forgiving twice counts once', async () => {
    let nowMs = 1e12;
    const attempts = one(() => nowMs);
    expect(await passed(() => attempts.take(at('192.0.2.1')), 31)).toBe(30);
    expect(await passed(() => attempts.take(at('192.0.2.2')), 1)).toBe(1);
    nowMs += FIFTEEN_MINUTES;
    const first = await attempts.take(at('192.0.2.1'));
    await first.forgive();
    await first.forgive();
    expect(await passed(() => attempts.take(at('192.0.2.1')), 31)).toBe(30);
  });

  test('of an account are not used up by an address that is full', async () => {
    const attempts = one(() => 1e12);
    await passed(() => attempts.take(at('192.0.2.1')), 30);
    expect(await passed(() => attempts.take(at('192.0.2.1', 'a@b.example')), 20)).toBe(0);
    expect(await passed(() => attempts.take(at('192.0.2.9', 'a@b.example')), 11)).toBe(10);
    // Nor are those of an address by an account that is full.
    expect(await passed(() => attempts.take(at('192.0.2.10', 'a@b.example')), 20)).toBe(0);
    expect(await passed(() => attempts.take(at('192.0.2.10')), 31)).toBe(30);
  });

  test('take a subscriber of IPv6 for one, and a network of many for four', async () => {
    const attempts = one(() => 1e12);
    let host = 0;
    const same = () => attempts.take(at(`2001:db8:1:2::${(++host).toString(16)}`));
    expect(await passed(same, 40)).toBe(30);
    const wide = () => attempts.take(at(`2001:db8:1:${(++host).toString(16)}::1`));
    expect(await passed(wide, 120)).toBe(90);
  });

  test('are bounded, and the oldest go first', async () => {
    let nowMs = 1e12;
    const attempts = one(() => nowMs++, 50);
    for (let i = 0; i < 120; i++) await attempts.take(at(`198.18.0.${i}`));
    await attempts.tidy();
    const { rows } = await t.open.pool.query('select count(*)::int as n from sign_in_attempts');
    expect(rows[0].n).toBe(50);
  });

  test('that are over are forgotten, those of a day only after it', async () => {
    await t.open.pool.query('delete from sign_in_attempts');
    let nowMs = 1e12;
    const attempts = one(() => nowMs);
    await attempts.take({ kind: 'code', address: '192.0.2.1', account: 'a@b.example' });
    const left = async () => {
      await attempts.tidy();
      const { rows } = await t.open.pool.query('select count(*)::int as n from sign_in_attempts');
      return rows[0].n;
    };
    nowMs += 23 * 60 * 60_000;
    expect(await left()).toBe(3);
    nowMs += 2 * 60 * 60_000;
    expect(await left()).toBe(0);
  });

  test('of codes have a limit for the day too', async () => {
    let nowMs = 1e12;
    const attempts = one(() => nowMs);
    let taken = 0;
    for (let round = 0; round < 6; round++) {
      taken += await passed(
        () => attempts.take({ kind: 'code', address: `192.0.2.${round}`, account: 'a@b.example' }),
        12,
      );
      nowMs += FIFTEEN_MINUTES;
    }
    expect(taken).toBe(30);
  });

  test('name nobody', async () => {
    await one(() => 1e12).take({ kind: 'password', address: '192.0.2.77', account: 'secret@b.example' });
    const { rows } = await t.open.pool.query('select key from sign_in_attempts');
    expect(JSON.stringify(rows)).not.toMatch(/192\.0|secret/);
  });
});

describe('an attacker elsewhere', () => {
  test('cannot lock a person out of the browser that they use, but out of no other account', async () => {
    const who = email();
    const bob = await t.join(ada.cookie, who, ['viewer']);
    for (let i = 0; i < 12; i++) await p.login(who, 'wrong', { address: `203.0.113.${i}` });
    expect((await p.login(who, PASSWORD, { address: '203.0.113.99' })).status).toBe(429);
    const known = { cookie: bob.cookie, address: '203.0.113.98' };
    expect((await p.login(who, PASSWORD, known)).status).toBe(200);
    // A known browser may guess as often as anybody.
    const guesses = [];
    for (let i = 0; i < 12; i++) guesses.push((await p.login(who, 'wrong', known)).status);
    expect(guesses.filter((status) => status === 401).length).toBe(10);
    // It is known to this account only, and only as it was given.
    const other = email();
    await t.join(ada.cookie, other, ['viewer']);
    for (let i = 0; i < 12; i++) await p.login(other, 'wrong', { address: `203.0.113.${100 + i}` });
    expect((await p.login(other, PASSWORD, known)).status).toBe(429);
    const forged = bob.cookie.replace(/(-device=[^.]+\.\d+\.)./, '$1!').replace('!', 'A');
    const tampered = forged === bob.cookie ? bob.cookie.replace(/(-device=[^.]+\.\d+\.)./, '$1B') : forged;
    for (let i = 0; i < 12; i++) await p.login(who, 'wrong', { address: `203.0.113.${200 + i}` });
    expect((await p.login(who, PASSWORD, { ...known, cookie: tampered })).status).toBe(429);
  });

  test('cannot lock a person out of their second factor in it', async () => {
    const who = email();
    const bob = await t.join(ada.cookie, who, ['viewer']);
    const { secret } = await p.enrolTotp(bob.cookie);
    for (let i = 0; i < 3; i++) {
      const first = await p.login(who, PASSWORD, { address: `203.0.113.${i}` });
      for (let k = 0; k < 5; k++)
        await p.second(first.cookie, 'recovery', '0000-0000-0000', { address: '203.0.113.9' });
    }
    p.nextStep();
    const code = codeOf(secret, p.now());
    const elsewhere = await p.login(who);
    expect((await p.second(elsewhere.cookie, 'totp', code)).status).toBe(429);
    const device = bob.cookie.split('; ')[1] ?? '';
    const here = await p.login(who, PASSWORD, { cookie: device });
    expect((await p.second(`${here.cookie}; ${device}`, 'totp', code)).status).toBe(200);
  });
});

describe('answers are alike', () => {
  test('whatever the account, one hash is computed, and the text is the same', async () => {
    const [gone, sso] = [email(), email()];
    const off = await t.join(ada.cookie, gone, ['viewer']);
    await t.call('PATCH', `/people/${off.id}`, { cookie: ada.cookie, body: { disabled: true } });
    await t.call('POST', '/people', {
      cookie: ada.cookie,
      body: { name: 'x', email: sso, roles: ['viewer'] },
    });
    const wrong = [];
    for (const [who, password] of [
      ['nobody@example.com', PASSWORD],
      ['ada@example.com', 'wrong'],
      [gone, PASSWORD],
      [sso, PASSWORD],
    ] as const) {
      t.hashes.length = 0;
      const { status, body, cookies } = await p.login(who, password);
      wrong.push({
        status,
        message: body.error.message,
        hint: body.error.hint,
        cookies,
        work: [...t.hashes],
      });
    }
    for (const answer of wrong) expect(answer).toEqual(wrong[0]);
    expect(wrong[0]).toMatchObject({ status: 401, work: ['verify'] });
    // Each is on record, without what was typed.
    const { rows } = await t.open.pool.query(
      "select subject, detail from audit_entries where action = 'people.sign-in-refused'",
    );
    const detail = { address: '198.51.100.7' };
    for (const subject of ['person:unknown', `person:${off.id}`, `person:${ada.id}`]) {
      expect(rows).toContainEqual({ subject, detail });
    }
  });

  test('a decoy costs what a password costs', async () => {
    const passwords = createPasswords({ logN: 10, p: 1 });
    const settings = (hash: string) => hash.split('$').slice(0, 3);
    expect(settings(passwords.decoy)).toEqual(settings(await passwords.hash('x')));
    expect(await passwords.verify({ hash: passwords.decoy, password: 'x' })).toBe(false);
  });
});

test('keys are guessed a thousand times from one address, and good ones are never held up', async () => {
  const made = await t.call('POST', '/keys', {
    cookie: ada.cookie,
    body: { name: 'k', scopes: ['people.read'], endpoints: [], expiresAt: null },
  });
  const guess = (key: string) => t.call('GET', '/auth/me', { key, address: '192.0.2.200' });
  expect((await guess('bz_wrong')).status).toBe(401);
  await t.open.pool.query('update sign_in_attempts set count = 1000');
  for (const key of ['bz_wrong', 'x', randomBytes(32).toString('hex')]) {
    expect((await guess(key)).status).toBe(429);
  }
  expect((await guess(made.body.secret)).status).toBe(200);
  expect((await t.call('GET', '/auth/me', { key: 'bz_wrong', address: '192.0.2.201' })).status).toBe(401);
});

describe('over real sockets', () => {
  /** What the server takes for the address of the client, with these proxies trusted and these headers sent. */
  async function addressSeen(trustedProxies: string[], headers: Record<string, string | string[]>) {
    const seen: string[] = [];
    const server = await createHttpServer({
      implementations: t.identity.implementations,
      authenticate: async ({ address }) => {
        seen.push(address);
        return null;
      },
      config: { publicUrl: null, trustedProxies },
      logger: pino({ level: 'silent' }),
      consoleDir: null,
      ready: async () => undefined,
      version: '1.2.3',
    });
    const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      await new Promise<void>((resolve, reject) => {
        const call = request(
          { host: '127.0.0.1', port, path: '/api/v1/auth/me', headers, agent: false },
          (answer) => answer.resume().once('end', resolve),
        );
        call.once('error', reject).end();
      });
    } finally {
      await server.close();
    }
    return seen;
  }

  const forged = {
    'x-forwarded-for': '192.0.2.66',
    'x-real-ip': '192.0.2.66',
    'x-client-ip': '192.0.2.66',
    'true-client-ip': '192.0.2.66',
    'cf-connecting-ip': '192.0.2.66',
    forwarded: 'for=192.0.2.66',
  };
  test.each([
    ['without a proxy no header counts', [], forged, '127.0.0.1'],
    ['behind a proxy that is not trusted neither', ['10.0.0.0/8'], forged, '127.0.0.1'],
    ['behind a trusted one, what it added', ['127.0.0.1'], { 'x-forwarded-for': '192.0.2.1' }, '192.0.2.1'],
    [
      'and not what the client wrote before it',
      ['127.0.0.1'],
      { 'x-forwarded-for': '192.0.2.66, 198.51.100.4' },
      '198.51.100.4',
    ],
    [
      'through two trusted ones',
      ['127.0.0.1', '10.0.0.0/8'],
      { 'x-forwarded-for': '192.0.2.66, 198.51.100.4, 10.1.2.3' },
      '198.51.100.4',
    ],
    [
      'a client that names a trusted proxy is not believed',
      ['127.0.0.1', '10.0.0.0/8'],
      { 'x-forwarded-for': '10.9.9.9, 198.51.100.4' },
      '198.51.100.4',
    ],
    ['other headers never', ['127.0.0.1'], { ...forged, 'x-forwarded-for': '198.51.100.4' }, '198.51.100.4'],
    [
      'two headers are one list',
      ['127.0.0.1'],
      { 'x-forwarded-for': ['192.0.2.66', '198.51.100.4'] },
      '198.51.100.4',
    ],
  ] as [string, string[], Record<string, string | string[]>, string][])(
    '%s',
    async (_, proxies, headers, seen) => {
      expect(await addressSeen(proxies, headers)).toEqual([seen]);
    },
  );
});
