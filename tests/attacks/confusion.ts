import { createHash, randomBytes } from 'node:crypto';
import { ALL_PERMISSIONS, ALL_ROUTES } from '@bartizan/contracts';
import { expect } from 'vitest';
import type { Suite } from './suite.ts';
import { PASSWORD, type Target } from './target.ts';

const users = '/scim/v2/Users';
const snapshot = '/internal/v1/snapshot';
const newPassword = 'a new password for it';

/** Every way in which a secret can be sent to the API. */
async function opensNothing(t: Target, secret: string): Promise<void> {
  const name = t.admin.session.slice(0, t.admin.session.indexOf('='));
  expect(await t.whoIs({ key: secret })).toBeNull();
  expect(await t.whoIs({ cookie: `${name}=${encodeURIComponent(secret)}` })).toBeNull();
  expect((await t.call('GET', users, { key: secret })).status).toBe(401);
  expect((await t.call('GET', snapshot, { key: secret })).status).toBe(401);
}

/** Credentials of one kind where another is wanted. */
export function confusionAttacks({ attack, honest }: Suite): void {
  honest('each credential opens its own place', async (t) => {
    const { secret } = await t.key(['people.read']);
    expect((await t.call('GET', 'people', { key: secret })).status).toBe(200);
    expect((await t.call('GET', users, { key: await t.scimToken() })).status).toBe(200);
    expect((await t.call('GET', snapshot, { key: t.secrets.internal })).status).toBe(200);
  });

  attack('send an API key as session cookie', 'skip what people must prove', async (t) => {
    const { secret } = await t.key(ALL_PERMISSIONS);
    const name = t.admin.session.slice(0, t.admin.session.indexOf('='));
    expect(await t.whoIs({ key: secret })).not.toBeNull();
    expect(await t.whoIs({ cookie: `${name}=${secret}` })).toBeNull();
  });

  attack('send a session as bearer', 'do without the cookie’s protection', async (t) => {
    const value = t.admin.session.slice(t.admin.session.indexOf('=') + 1);
    expect(await t.whoIs({ cookie: t.admin.session })).toBe(t.admin.id);
    for (const form of [value, decodeURIComponent(value), decodeURIComponent(value).split('.')[0] ?? '']) {
      expect(await t.whoIs({ key: form })).toBeNull();
    }
  });

  attack('send a directory’s token to the API and to gateways’ routes', 'leave provisioning', async (t) => {
    const key = await t.scimToken();
    const guarded = ALL_ROUTES.filter(({ access }) => access !== 'public' && access !== 'scim');
    for (const { method, path } of guarded.filter((route) => route.method === 'GET')) {
      const answer = await t.call(method, path.replace(/:\w+/g, t.admin.id).replace('*', '0'), { key });
      expect([path, answer.status]).toEqual([path, 403]);
    }
  });

  attack('send an API key with every scope to the directory’s routes', 'make people', async (t) => {
    const { secret } = await t.key([...ALL_PERMISSIONS, 'gateway.invoke']);
    const before = await t.state();
    for (const { method, path } of ALL_ROUTES.filter(({ access }) => access === 'scim')) {
      const answer = await t.call(method, path.replace(/:\w+/g, t.admin.id), { key: secret, body: {} });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
    }
    expect(await t.state()).toEqual(before);
  });

  attack('send the gateways’ token to the routes of people', 'be an administrator', async (t) => {
    for (const { method, path, access } of ALL_ROUTES) {
      if (access === 'public' || access === 'gateway' || method !== 'GET') continue;
      const at = path.replace(/:\w+/g, t.admin.id).replace('*', '0');
      const { status } = await t.call(method, at, { key: t.secrets.internal });
      expect([path, status]).toEqual([path, 403]);
    }
  });

  attack(
    'call gateways’ routes as an administrator, by session and key',
    'read every key’s hash',
    async (t) => {
      const { secret } = await t.key([...ALL_PERMISSIONS, 'gateway.invoke']);
      expect((await t.call('GET', snapshot, { cookie: t.admin.cookie })).status).toBe(403);
      expect((await t.call('GET', snapshot, { key: secret })).status).toBe(403);
      expect((await t.call('POST', '/internal/v1/interactions', { key: secret, body: {} })).status).toBe(403);
    },
  );

  attack(
    'send the master key, hashes and ids as credentials',
    'find one that is compared as it is',
    async (t) => {
      const { id, secret } = await t.key(ALL_PERMISSIONS);
      const hash = createHash('sha256').update(secret).digest('hex');
      for (const guess of [
        t.secrets.master,
        hash,
        `bz_${hash}`,
        id,
        `bz_${id}`,
        t.admin.id,
        secret.slice(0, 8),
      ]) {
        await opensNothing(t, guess);
      }
    },
  );

  attack('use an invitation as reset, setup, session and key', 'get what it was not made for', async (t) => {
    const { token, email } = await t.invite('ivy-confused');
    const body = { token, password: newPassword };
    expect((await t.call('POST', 'auth/reset', { body })).status).toBe(410);
    const setup = { token, name: 'Eve', email: 'eve@example.com', password: newPassword };
    expect((await t.call('POST', 'auth/setup', { body: setup })).status).toBe(410);
    await opensNothing(t, token);
    expect((await t.call('POST', 'auth/invite', { body: { token, password: PASSWORD } })).status).toBe(200);
    expect((await t.login(email, newPassword)).status).toBe(401);
  });

  attack('use a reset link as invitation and setup', 'pass by the second factor', async (t) => {
    const vera = await t.join('vera-reset-kind');
    const link = await t.must('POST', `people/${vera.id}/reset-link`, { cookie: t.admin.cookie });
    const token = t.keep(new URL(link.body.url).searchParams.get('token') ?? '');
    expect((await t.call('POST', 'auth/invite', { body: { token, password: newPassword } })).status).toBe(
      410,
    );
    const setup = { token, name: 'Eve', email: 'eve2@example.com', password: newPassword };
    expect((await t.call('POST', 'auth/setup', { body: setup })).status).toBe(410);
    await opensNothing(t, token);
  });

  attack('use the setup link as invitation and reset', 'become the first administrator again', async (t) => {
    const body = { token: t.setupToken, password: newPassword };
    expect((await t.call('POST', 'auth/invite', { body })).status).toBe(410);
    expect((await t.call('POST', 'auth/reset', { body })).status).toBe(410);
  });

  attack('use the cookie between password and second factor', 'be in with the password alone', async (t) => {
    const vera = await t.join('vera-half');
    await t.enrol(vera);
    const half = await t.login(vera.email);
    expect(half.body.status).toBe('second-factor');
    expect(await t.whoIs({ cookie: half.cookie })).toBeNull();
    const value = half.cookie.slice(half.cookie.indexOf('=') + 1);
    await opensNothing(t, value);
    const walked = ALL_ROUTES.filter(({ access, method }) => access !== 'public' && method === 'GET');
    for (const { path, access } of walked) {
      const { status } = await t.call('GET', path.replace(/:\w+/g, vera.id).replace('*', '0'), {
        cookie: half.cookie,
      });
      expect([path, access, status]).toEqual([path, access, 401]);
    }
  });

  const shapes: readonly [string, (secret: string) => string | string[]][] = [
    ['two spaces after the scheme', (secret) => `Bearer  ${secret}`],
    ['a tab after the scheme', (secret) => `Bearer\t${secret}`],
    ['no space after the scheme', (secret) => `Bearer${secret}`],
    ['words after the key', (secret) => `Bearer ${secret} admin`],
    ['a list of keys', (secret) => `Bearer bz_wrong, Bearer ${secret}`],
    ['a suffix', (secret) => `Bearer ${secret}x`],
    ['a cut key', (secret) => `Bearer ${secret.slice(0, -1)}`],
    ['other case', (secret) => `Bearer ${secret.toUpperCase()}`],
    [
      'a full-width letter',
      (secret) => `Bearer ${Buffer.from(`\uff42${secret.slice(1)}`).toString('latin1')}`,
    ],
    ['percent-encoding', (secret) => `Bearer %62${secret.slice(1)}`],
    ['quotes', (secret) => `Bearer "${secret}"`],
    ['the key alone', (secret) => secret],
    ['the scheme Basic', (secret) => `Basic ${Buffer.from(`x:${secret}`).toString('base64')}`],
    ['the scheme Token', (secret) => `Token ${secret}`],
    ['60 kB', () => `Bearer bz_${'A'.repeat(60_000)}`],
  ];
  attack(
    `write the Authorization header in ${shapes.length} odd ways`,
    'find two readings of it',
    async (t) => {
      const { secret } = await t.key(['people.read']);
      expect(await t.whoIs({ headers: { authorization: `bearer ${secret}` } })).not.toBeNull();
      for (const [how, shape] of shapes) {
        const { status } = await t.call('GET', 'people', { headers: { authorization: shape(secret) } });
        expect([how, status === 401 || status === 431 || status === 400]).toEqual([how, true]);
      }
    },
  );

  attack('put control characters into the Authorization header', 'cut it short', async (t) => {
    const { secret } = await t.key(['people.read']);
    for (const [how, line] of [
      ['NUL', `Bearer ${secret}\0x`],
      ['bare CR', `Bearer ${secret}\rx: y`],
      ['DEL', `Bearer ${secret}\x7f`],
    ] as const) {
      const text = await t.send(
        t.plain,
        `GET /api/v1/people HTTP/1.1\r\nHost: ${t.plain.host}\r\nAuthorization: ${line}\r\nConnection: close\r\n\r\n`,
      );
      expect([how, /^HTTP\/1\.1 40[01]/.test(text)]).toEqual([how, true]);
    }
  });

  attack('send two Authorization headers', 'be judged by one and served by the other', async (t) => {
    const { secret } = await t.key(['people.read']);
    const both = (lines: string[]) =>
      t.send(
        t.plain,
        `GET /api/v1/people HTTP/1.1\r\nHost: ${t.plain.host}\r\n${lines.map((line) => `Authorization: ${line}\r\n`).join('')}Connection: close\r\n\r\n`,
      );
    // What is not the first counts for nothing: proxies and servers read the same one.
    expect(await both(['Bearer bz_wrong', `Bearer ${secret}`])).toMatch(/^HTTP\/1\.1 40[01]/);
    expect(await both([`Basic ${secret}`, `Bearer ${secret}`])).toMatch(/^HTTP\/1\.1 40[01]/);
  });

  attack('add a wrong key to a good cookie, and a good cookie to a wrong key', 'fall back', async (t) => {
    const { cookie } = t.admin;
    expect(await t.whoIs({ cookie })).toBe(t.admin.id);
    for (const authorization of ['Bearer bz_wrong', 'Bearer ', '', 'Basic YTpi', 'Negotiate x']) {
      expect(await t.whoIs({ cookie, headers: { authorization } })).toBeNull();
    }
  });

  attack(
    'send the key in the query, the body and headers of other products',
    'have it in logs',
    async (t) => {
      const { secret } = await t.key(['people.read']);
      for (const name of ['key', 'api_key', 'access_token', 'token', 'authorization']) {
        expect((await t.call('GET', `/api/v1/people?${name}=${secret}`)).status).toBe(401);
      }
      for (const name of ['x-api-key', 'api-key', 'x-auth-token', 'proxy-authorization', 'x-authorization']) {
        const headers = { [name]: `Bearer ${secret}` };
        expect((await t.call('GET', 'people', { headers })).status).toBe(401);
        expect((await t.call('GET', 'people', { headers: { [name]: secret } })).status).toBe(401);
      }
      // The query was in an address, and addresses are what servers like to write down.
      expect(t.log()).not.toContain(secret);
    },
  );

  attack('use a revoked, expired, rotated-away or a disabled owner’s key', 'go on', async (t) => {
    const revoked = await t.key(['people.read']);
    await t.must('DELETE', `keys/${revoked.id}`, { cookie: t.admin.cookie });
    const expired = await t.key(['people.read']);
    await t.sql(`update api_keys set expires_at = now() - interval '1 second' where id = $1`, [expired.id]);
    const rotated = await t.key(['people.read']);
    const body = { oldEndsAt: 0 };
    const now = await t.must('POST', `keys/${rotated.id}/rotate`, { cookie: t.admin.cookie, body });
    const owned = await t.key(['people.read']);
    const owner = await t.join('owner-of-key', ['administrator']);
    await t.sql('update api_keys set owner_id = $1 where id = $2', [owner.id, owned.id]);
    expect(await t.whoIs({ key: owned.secret })).toBe(owned.id);
    await t.must('PATCH', `people/${owner.id}`, { cookie: t.admin.cookie, body: { disabled: true } });
    for (const { secret } of [revoked, expired, rotated, owned])
      expect(await t.whoIs({ key: secret })).toBeNull();
    expect(await t.whoIs({ key: t.keep(now.body.secret as string) })).toBe(rotated.id);
    // Enabled again, the person is back; what leaked before is not.
    await t.must('PATCH', `people/${owner.id}`, { cookie: t.admin.cookie, body: { disabled: false } });
    expect(await t.whoIs({ key: owned.secret })).toBeNull();
    expect(await t.whoIs({ cookie: owner.cookie })).toBeNull();
  });

  attack('send random tokens with every known prefix', 'hit one', async (t) => {
    for (const prefix of ['bz_', 'bzs_', '', 'bzs_bz_', 'bz_bzs_']) {
      await opensNothing(t, prefix + randomBytes(32).toString('base64url'));
    }
  });
}
