import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { startIdentity } from '../../server/identity/testing.ts';
import type { Suite } from './suite.ts';
import { type Answer, PASSWORD, type Target } from './target.ts';

const wrong = 'a wrong password';
const NOWHERE = '018f3b1e-7f10-7000-8000-000000000000';

/** What an outsider can tell answers apart by. */
function told({ status, headers, body }: Answer): unknown {
  const { date: _, 'x-request-id': __, 'retry-after': ___, ...rest } = headers;
  const { requestId: ____, ...error } = body.error ?? {};
  return { status, headers: rest, error };
}

const byLink = (t: Target, token: string, headers: Record<string, string> = {}): Promise<Answer> =>
  t.call('POST', 'auth/invite', { body: { token, password: PASSWORD }, headers });

/** As a proxy that the server trusts passes a request on. */
const from = (t: Target, address: string) => ({
  door: t.proxied,
  headers: { 'x-forwarded-for': address },
});

/** Processor time that a process has used, in seconds; Linux alone tells. */
function workOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  // utime and stime (proc(5)), in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Guessing, and what answers tell. */
export function guessingAttacks(suite: Suite): void {
  telling(suite);
  limits(suite);
}

function telling({ attack, honest }: Suite): void {
  attack(
    'sign in as somebody unknown, disabled, invited or with a wrong password',
    'learn who is there',
    async (t) => {
      const [vera, gone] = [await t.join('vera-told'), await t.join('gone-told')];
      const ivy = await t.invite('ivy-told');
      await t.must('PATCH', `people/${gone.id}`, { cookie: t.admin.cookie, body: { disabled: true } });
      const answers: Answer[] = [];
      for (const [email, password] of [
        [vera.email, wrong],
        ['nobody@example.com', wrong],
        [gone.email, PASSWORD],
        [ivy.email, wrong],
      ] as const) {
        answers.push(await t.login(email, password));
      }
      const [first, ...rest] = answers.map(told);
      expect(first).toMatchObject({ status: 401 });
      for (const other of rest) expect(other).toEqual(first);
    },
  );

  honest('a right password costs one hash', async () => {
    const t = await startIdentity();
    try {
      const ada = await t.setUp();
      const bob = await t.join(ada.cookie, 'bob@example.com', ['viewer']);
      const cost = async (email: string, password: string) => {
        t.hashes.length = 0;
        const { status } = await t.call('POST', '/auth/login', { body: { email, password } });
        return [status, ...t.hashes];
      };
      expect(await cost('bob@example.com', 'correct horse battery')).toEqual([200, 'verify']);
      // And so does everything else, so that time tells nothing.
      expect(await cost('bob@example.com', wrong)).toEqual([401, 'verify']);
      expect(await cost('nobody@example.com', wrong)).toEqual([401, 'verify']);
      await t.call('PATCH', `/people/${bob.id}`, { cookie: ada.cookie, body: { disabled: true } });
      expect(await cost('bob@example.com', 'correct horse battery')).toEqual([401, 'verify']);
    } finally {
      await t.close();
    }
  });

  attack('measure how long the answer for an unknown account takes', 'learn who is there', async (t) => {
    const vera = await t.join('vera-timed');
    const { hash } = await realHash(t);
    await t.sql('update people_credentials set password = $2 where person_id = $1', [vera.id, hash]);
    const pid = t.pid();
    const ticks = existsSync(`/proc/${pid}/stat`);
    const now = () => (ticks ? workOf(pid) : performance.now() / 1000);
    const work = { known: 0, unknown: 0 };
    for (let round = 0; round < 4; round++) {
      for (const [who, email] of [
        ['known', vera.email],
        ['unknown', 'nobody@example.com'],
      ] as const) {
        const before = now();
        expect((await t.login(email, wrong)).status).toBe(401);
        work[who] += now() - before;
      }
    }
    // Processor time, so that a busy machine changes nothing; without the decoy it would be a tenth.
    expect(work.unknown / work.known).toBeGreaterThan(0.4);
    expect(work.unknown / work.known).toBeLessThan(2.5);
  });

  attack(
    'use links that never were, were used, or are of another kind',
    'learn which are real',
    async (t) => {
      const { token } = await t.invite('ivy-links-told');
      await t.must('POST', 'auth/invite', { body: { token, password: PASSWORD } });
      const told_ = [await byLink(t, token), await byLink(t, 'A'.repeat(43)), await byLink(t, t.setupToken)];
      const [first, ...rest] = told_.map(told);
      expect(first).toMatchObject({ status: 410 });
      for (const other of rest) expect(other).toEqual(first);
    },
  );

  attack('ask for what one may not see, there or not', 'learn ids by the difference', async (t) => {
    const vera = await t.join('vera-ids-told');
    const { id } = await t.key(['people.read']);
    for (const [there, nowhere, method] of [
      [`people/${t.admin.id}`, `people/${NOWHERE}`, 'PATCH'],
      [`people/${t.admin.id}/sessions`, `people/${NOWHERE}/sessions`, 'GET'],
      [`keys/${id}`, `keys/${NOWHERE}`, 'DELETE'],
    ] as const) {
      const body = method === 'PATCH' ? { body: { name: 'x' } } : {};
      const [one, two] = [
        await t.call(method, there, { cookie: vera.cookie, ...body }),
        await t.call(method, nowhere, { cookie: vera.cookie, ...body }),
      ];
      expect(told(one)).toEqual(told(two));
      expect(one.status).toBe(403);
    }
  });

  attack('ask SCIM for emergency accounts, and with wrong tokens', 'learn of them', async (t) => {
    const key = await t.scimToken();
    const given = { name: 'Glass', email: 'scim-glass@example.com' };
    const made = await t.must('POST', 'people/break-glass', { cookie: t.admin.cookie, body: given });
    t.keep(made.body.password);
    for (const method of ['GET', 'DELETE']) {
      const there = await t.call(method, `/scim/v2/Users/${made.body.person.id}`, { key });
      const nowhere = await t.call(method, `/scim/v2/Users/${NOWHERE}`, { key });
      expect([method, there.status, told(there)]).toEqual([method, 404, told(nowhere)]);
    }
    const filter = encodeURIComponent(`userName eq "${given.email}"`);
    const { body } = await t.must('GET', `/scim/v2/Users?filter=${filter}`, { key });
    expect(body.totalResults).toBe(0);
    const wrongKeys = ['bzs_wrong', 'bz_wrong', 'x'].map((bad) =>
      t.call('GET', '/scim/v2/Users', { key: bad }),
    );
    const [first, ...rest] = (await Promise.all(wrongKeys)).map((answer) => [answer.status, answer.text]);
    expect(first?.[0]).toBe(401);
    for (const other of rest) expect(other).toEqual(first);
  });

  attack('start single sign-on with ids that are there and not', 'list providers that are off', async (t) => {
    const answers = [NOWHERE, 'x', '../auth/state', t.admin.id].map((id) =>
      t.call('GET', `auth/sso/${encodeURIComponent(id)}/start`),
    );
    const places = (await Promise.all(answers)).map(({ status, headers }) => `${status} ${headers.location}`);
    expect(new Set(places)).toEqual(new Set(['303 /sign-in?sso=not-found']));
  });
}

function limits({ attack, honest }: Suite): void {
  attack('guess at one account from many addresses', 'never be counted', async (t) => {
    const vera = await t.join('vera-many');
    for (let nth = 1; nth <= 10; nth++) {
      // In other letters it is the same account.
      const email = nth % 2 === 0 ? vera.email.toUpperCase() : vera.email;
      expect((await t.login(email, wrong, from(t, `198.51.100.${nth}`))).status).toBe(401);
    }
    const more = await t.login(vera.email, wrong, from(t, '203.0.113.77'));
    expect([more.status, Number(more.headers['retry-after']) > 0]).toEqual([429, true]);
    // From a new address the right password waits too; in the owner's own browser it does not.
    expect((await t.login(vera.email, PASSWORD, from(t, '203.0.113.78'))).status).toBe(429);
    const own = await t.login(vera.email, PASSWORD, { cookie: vera.cookie });
    expect(own.body.status).toBe('signed-in');
  });

  attack(
    'lock an account’s owner out, and make the lock a lever',
    'end sessions or change state',
    async (t) => {
      const vera = await t.join('vera-locked');
      for (let nth = 0; nth < 12; nth++) await t.login(vera.email, wrong);
      expect(await t.whoIs({ cookie: vera.cookie })).toBe(vera.id);
      await t.forgetGuesses();
      expect((await t.login(vera.email)).status).toBe(200);
    },
  );

  attack(
    'carry the known-browser cookie of one’s own account',
    'have one’s own count at another’s',
    async (t) => {
      const [vera, mallory] = [await t.join('vera-device'), await t.join('mallory-device')];
      const device = mallory.cookie.split('; ').find((pair) => pair.includes('-device=')) ?? '';
      for (let nth = 0; nth < 10; nth++) await t.login(vera.email, wrong, { cookie: device });
      expect((await t.login(vera.email, wrong, { cookie: device })).status).toBe(429);
      expect((await t.login(vera.email, wrong)).status).toBe(429);
    },
  );

  const forged = (nth: number) => ({
    'x-forwarded-for': `192.0.2.${nth}`,
    'x-real-ip': `192.0.2.${nth}`,
    'x-client-ip': `192.0.2.${nth}`,
    'true-client-ip': `192.0.2.${nth}`,
    'cf-connecting-ip': `192.0.2.${nth}`,
    forwarded: `for=192.0.2.${nth}`,
  });
  attack('name a new address in headers with every guess, without a proxy', 'be many', async (t) => {
    for (let nth = 0; nth < 30; nth++)
      expect((await byLink(t, `wrong-${nth}`, forged(nth))).status).toBe(410);
    expect((await byLink(t, 'wrong', forged(99))).status).toBe(429);
  });

  attack('write addresses before the proxy’s own', 'be many behind it', async (t) => {
    const guess = (nth: number, real: string) => {
      const headers = { ...forged(nth), 'x-forwarded-for': `192.0.2.${nth}, 127.0.0.1, ${real}` };
      const body = { token: `wrong-${nth}`, password: PASSWORD };
      return t.call('POST', 'auth/invite', { door: t.proxied, headers, body });
    };
    for (let nth = 0; nth < 30; nth++) expect((await guess(nth, '198.51.100.9')).status).toBe(410);
    expect((await guess(99, '198.51.100.9')).status).toBe(429);
    expect((await guess(98, '198.51.100.10')).status).toBe(410);
  });

  attack(
    'spread guesses over links, codes and the accounts of everybody',
    'stay below each limit',
    async (t) => {
      const vera = await t.join('vera-spread');
      for (let nth = 0; nth < 28; nth++) await byLink(t, `wrong-${nth}`);
      const body = { kind: 'totp', code: '123456' };
      expect((await t.call('POST', 'auth/second-factor', { body })).status).toBe(410);
      expect((await t.login(vera.email, wrong)).status).toBe(401);
      // Password spraying: another account, the same address.
      expect((await t.login('somebody-else@example.com', wrong)).status).toBe(429);
      expect((await t.login(t.admin.email, wrong)).status).toBe(429);
    },
  );

  attack('guess alternately at both servers', 'have twice the tries', async (t) => {
    const vera = await t.join('vera-both');
    for (let nth = 0; nth < 10; nth++) {
      const given = nth % 2 === 0 ? from(t, '198.51.100.20') : {};
      expect((await t.login(vera.email, wrong, given)).status).toBe(401);
    }
    expect((await t.login(vera.email, wrong)).status).toBe(429);
    expect((await t.login(vera.email, wrong, from(t, '198.51.100.21'))).status).toBe(429);
  });

  honest('who signs in rightly many times is not held up', async (t) => {
    const vera = await t.join('vera-often');
    for (let nth = 0; nth < 35; nth++) expect((await t.login(vera.email)).status).toBe(200);
  });
}

/** A password hash as the product makes it, at its full cost. */
async function realHash(t: Target): Promise<{ hash: string }> {
  const [row] = await t.sql('select password from people_credentials where person_id = $1', [t.admin.id]);
  return { hash: String(row?.password) };
}
