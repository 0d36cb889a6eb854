import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Suite } from './suite.ts';
import { PASSWORD, type Someone, type Target } from './target.ts';

const nameOf = ({ session }: Pick<Someone, 'session'>): string => session.slice(0, session.indexOf('='));
const valueOf = ({ session }: Pick<Someone, 'session'>): string => session.slice(session.indexOf('=') + 1);

/** A session cookie as the server would sign it under `masterHex`. */
function signed(token: string, masterHex: string): string {
  const master = Buffer.from(masterHex, 'hex');
  const key = Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), 'bartizan:session-cookies', 32));
  const mac = createHmac('sha256', key.toString('hex')).update(token).digest('base64');
  return encodeURIComponent(`${token}.${mac}`);
}

async function tokenOf(t: Target, { id }: Someone): Promise<string> {
  const [row] = await t.sql('select token from sessions where person_id = $1 order by created_at desc', [id]);
  return t.keep(String(row?.token));
}

/** Sessions that an attacker plants, forges or keeps. */
export function sessionAttacks({ attack, honest }: Suite): void {
  honest('the cookie of a sign-in is who signed in, on both doors under their names', async (t) => {
    const vera = await t.join('vera-honest');
    expect(await t.whoIs({ cookie: vera.cookie })).toBe(vera.id);
    expect(signed(await tokenOf(t, vera), t.secrets.master)).toBe(valueOf(vera));
    expect(await t.whoIs({ cookie: `__Host-${vera.session}`, door: t.proxied })).toBe(vera.id);
  });

  attack('plant a session cookie before the sign-in', 'know the session afterwards', async (t) => {
    const vera = await t.join('vera-planted');
    const planted = `${nameOf(vera)}=${signed(randomBytes(32).toString('base64url'), randomBytes(32).toString('hex'))}`;
    const answer = await t.login(vera.email, PASSWORD, { cookie: planted });
    expect(answer.body.status).toBe('signed-in');
    expect(answer.cookie).not.toContain(planted);
    expect(await t.whoIs({ cookie: planted })).toBeNull();
  });

  attack('plant the own valid session before the sign-in', 'have it become the victim’s', async (t) => {
    const [mallory, vera] = [await t.join('mallory-fixation'), await t.join('vera-fixation')];
    const answer = await t.login(vera.email, PASSWORD, { cookie: mallory.session });
    const fresh = t.someoneOf(vera.id, vera.email, answer.cookie);
    expect(fresh.session).not.toBe(mallory.session);
    expect(await t.whoIs({ cookie: fresh.cookie })).toBe(vera.id);
    expect(await t.whoIs({ cookie: mallory.session })).toBe(mallory.id);
  });

  for (const order of ['before', 'after'] as const) {
    attack(
      `toss a second session cookie ${order} the victim’s`,
      'make them act as the attacker',
      async (t) => {
        const [mallory, vera] = [await t.join(`mallory-toss-${order}`), await t.join(`vera-toss-${order}`)];
        const both = order === 'before' ? [mallory.session, vera.session] : [vera.session, mallory.session];
        expect(await t.whoIs({ cookie: both.join('; ') })).toBeNull();
      },
    );
  }

  attack(
    'set a cookie without __Host- from a sibling host',
    'be taken for a session over https',
    async (t) => {
      const mallory = await t.join('mallory-sibling');
      expect(await t.whoIs({ cookie: mallory.session, door: t.proxied })).toBeNull();
      for (const name of ['__host-', '__HOST-', '__Secure-', ' __Host', '%5f_Host-', '_Host-']) {
        expect([name, await t.whoIs({ cookie: name + mallory.session, door: t.proxied })]).toEqual([
          name,
          null,
        ]);
      }
    },
  );

  attack('read session tokens in a stolen database', 'make cookies without the master key', async (t) => {
    const vera = await t.join('vera-database');
    const token = await tokenOf(t, vera);
    const other = randomBytes(32).toString('hex');
    const guesses = [token, `${token}.`, encodeURIComponent(`${token}.`), signed(token, other)];
    guesses.push(encodeURIComponent(`${token}.${Buffer.alloc(32).toString('base64')}`));
    guesses.push(encodeURIComponent(`${token}.${createHmac('sha256', '').update(token).digest('base64')}`));
    for (const guess of guesses) {
      expect(await t.whoIs({ cookie: `${nameOf(vera)}=${guess}` })).toBeNull();
      expect(await t.whoIs({ key: decodeURIComponent(guess) })).toBeNull();
    }
  });

  attack('put one’s own signature under another’s token', 'swap persons', async (t) => {
    const [mallory, vera] = [await t.join('mallory-swap'), await t.join('vera-swap')];
    const [, own = ''] = decodeURIComponent(valueOf(mallory)).split('.');
    const [theirs = ''] = decodeURIComponent(valueOf(vera)).split('.');
    const mixed = encodeURIComponent(`${theirs}.${own}`);
    expect(await t.whoIs({ cookie: `${nameOf(vera)}=${mixed}` })).toBeNull();
  });

  attack(
    'change the signature bit by bit, cut and lengthen it',
    'find a check that is not one',
    async (t) => {
      const vera = await t.join('vera-bits');
      const [token = '', mac = ''] = decodeURIComponent(valueOf(vera)).split('.');
      const bytes = Buffer.from(mac, 'base64');
      const forged = [0, 7, 15, 31].map((at) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        return `${token}.${changed.toString('base64')}`;
      });
      forged.push(`${token}.${mac.slice(0, -4)}`, `${token}.${mac.slice(0, 8)}`, `${token}.${mac}${mac}`);
      forged.push(
        `${token.slice(1)}.${mac}`,
        `x${token}.${mac}`,
        `${token}..${mac}`,
        `.${mac}`,
        `${mac}.${token}`,
      );
      for (const value of forged) {
        expect(await t.whoIs({ cookie: `${nameOf(vera)}=${encodeURIComponent(value)}` })).toBeNull();
      }
    },
  );

  attack(
    'hide a session cookie in other cookies',
    'be read by a parser that looks too loosely',
    async (t) => {
      const vera = await t.join('vera-loose');
      const name = nameOf(vera);
      const shapes = [
        `x${vera.session}`,
        `a="${vera.session}"`,
        `a=1, ${vera.session}`,
        `${name.toUpperCase()}=${valueOf(vera)}`,
        `${name}x=${valueOf(vera)}`,
        `${name}=${encodeURIComponent(valueOf(vera))}`,
      ];
      for (const cookie of shapes) expect([cookie, await t.whoIs({ cookie })]).toEqual([cookie, null]);
    },
  );

  for (const kind of ['device', 'pending', 'browser', 'sso'] as const) {
    attack(`name a session cookie for the ${kind} cookie, and the other way round`, 'get in', async (t) => {
      const vera = await t.join(`vera-side-${kind}`);
      const side = vera.cookie.split('; ').find((pair) => pair.startsWith(`${nameOf(vera)}-device=`)) ?? '';
      const swapped = `${nameOf(vera)}=${side.slice(side.indexOf('=') + 1)}`;
      expect(side).not.toBe('');
      expect(await t.whoIs({ cookie: swapped })).toBeNull();
      expect(await t.whoIs({ cookie: `${nameOf(vera)}-${kind}=${valueOf(vera)}` })).toBeNull();
    });
  }

  attack('use the cookie again after its person signed out', 'go on', async (t) => {
    const vera = await t.join('vera-out');
    const out = await t.must('POST', 'auth/logout', { cookie: vera.cookie });
    expect(out.cookies.join()).toMatch(/max-age=0/i);
    expect(await t.whoIs({ cookie: vera.cookie })).toBeNull();
    const rows = await t.sql('select 1 from sessions where person_id = $1', [vera.id]);
    expect(rows).toEqual([]);
  });

  attack('hold a second session while the password is changed', 'stay in', async (t) => {
    const vera = await t.join('vera-password');
    const thief = await t.signIn(vera.id, vera.email);
    const body = { current: PASSWORD, next: 'another horse, another battery' };
    const changed = await t.must('POST', 'auth/password', { cookie: vera.cookie, body });
    expect(await t.whoIs({ cookie: thief.cookie })).toBeNull();
    expect(await t.whoIs({ cookie: vera.cookie })).toBeNull();
    expect(await t.whoIs({ cookie: changed.cookie })).toBe(vera.id);
  });

  attack('hold a second session while a factor is set up', 'stay in without it', async (t) => {
    const vera = await t.join('vera-factor');
    const thief = await t.signIn(vera.id, vera.email);
    await t.enrol(vera);
    expect(await t.whoIs({ cookie: thief.cookie })).toBeNull();
    expect(await t.whoIs({ cookie: vera.cookie })).toBe(vera.id);
  });

  attack('end or read somebody else’s session by its id', 'sign others out', async (t) => {
    const [mallory, vera] = [await t.join('mallory-ids'), await t.join('vera-ids')];
    const own = await t.must('GET', 'auth/sessions', { cookie: vera.cookie });
    const { id } = own.body.items[0];
    const ended = await t.call('DELETE', `auth/sessions/${id}`, { cookie: mallory.cookie });
    expect(ended.status).toBe(404);
    const listed = await t.must('GET', 'auth/sessions', { cookie: mallory.cookie });
    expect(listed.text).not.toContain(id);
    expect(await t.whoIs({ cookie: vera.cookie })).toBe(vera.id);
    // What lists show is no credential either.
    expect(await t.whoIs({ cookie: `${nameOf(vera)}=${id}` })).toBeNull();
    expect(await t.whoIs({ key: id })).toBeNull();
  });

  attack('use a session past its idle time and past its life', 'live for ever', async (t) => {
    const [idle, old] = [await t.join('vera-idle'), await t.join('vera-old')];
    const back = (what: string, by: string, { id }: Someone) =>
      t.sql(`update sessions set ${what} = now() - interval '${by}' where person_id = $1`, [id]);
    await back('last_seen_at', '9 hours', idle);
    await back('created_at', '25 hours', old);
    await t.sql('update sessions set last_seen_at = now() where person_id = $1', [old.id]);
    expect(await t.whoIs({ cookie: idle.cookie })).toBeNull();
    expect(await t.whoIs({ cookie: old.cookie })).toBeNull();
  });

  attack('read the cookie by script, send it across sites or in the clear', 'take it away', async (t) => {
    const vera = await t.join('vera-attributes');
    const plain = await t.login(vera.email);
    const https = await t.login(vera.email, PASSWORD, { door: t.proxied });
    for (const line of [...plain.cookies, ...https.cookies]) {
      expect(line).toMatch(/; HttpOnly/i);
      expect(line).toMatch(/; SameSite=Strict/i);
      expect(line).toMatch(/; Path=\/(?:;|$)/i);
      expect(line).not.toMatch(/; Domain=/i);
    }
    for (const line of https.cookies) {
      expect(line).toMatch(/^__Host-/);
      expect(line).toMatch(/; Secure/i);
    }
    expect(https.headers['strict-transport-security']).toContain('max-age=');
  });

  attack('look into caches and frames for answers', 'read them without signing in', async (t) => {
    const vera = await t.join('vera-cache');
    for (const path of ['auth/me', 'auth/sessions', 'auth/factors', 'people', 'nowhere']) {
      const { headers } = await t.call('GET', path, { cookie: vera.cookie });
      expect([path, headers['cache-control']]).toEqual([path, 'no-store']);
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
}
