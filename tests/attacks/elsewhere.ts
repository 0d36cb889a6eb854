import { expect } from 'vitest';
import type { Suite } from './suite.ts';
import { type Answer, type Ask, PASSWORD, PUBLIC_URL, type Target } from './target.ts';
import { type Door, statusesIn } from './wire.ts';

const EVIL = 'https://evil.example';
type Headers = Record<string, string>;

/** An act that a page of somebody else would like to have done. */
const act = (t: Target, given: Ask & { door?: Door } = {}): Promise<Answer> =>
  t.call('POST', 'teams', { cookie: t.admin.cookie, body: { name: `team ${Math.random()}` }, ...given });

/** Fails when anything that is remembered is not as it was. */
async function unchanged(t: Target, run: () => Promise<void>): Promise<void> {
  const before = await t.state();
  await run();
  expect(await t.state()).toEqual(before);
}

/** Pages of somebody else, and requests that are not what they say. */
export function elsewhereAttacks(suite: Suite): void {
  crossSite(suite);
  hosts(suite);
  overrides(suite);
}

function crossSite({ attack, honest }: Suite): void {
  honest('the console itself, and a program without a browser, may act', async (t) => {
    const own: Headers[] = [
      {},
      { origin: t.plain.url },
      { origin: t.plain.url, 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of own) expect([headers, (await act(t, { headers })).status]).toEqual([headers, 200]);
    const given = { cookie: `__Host-${t.admin.session}`, headers: { origin: PUBLIC_URL } };
    const answer = await t.call('POST', 'teams', { ...given, door: t.proxied, body: { name: 'by https' } });
    expect(answer.status).toBe(200);
  });

  const foreign: readonly [string, (t: Target) => Headers][] = [
    ['another site', () => ({ origin: EVIL, 'sec-fetch-site': 'cross-site' })],
    ['another site, Origin alone', () => ({ origin: EVIL })],
    ['another site, Sec-Fetch-Site alone', () => ({ 'sec-fetch-site': 'cross-site' })],
    ['a sibling', () => ({ 'sec-fetch-site': 'same-site' })],
    ['a sandboxed frame', () => ({ origin: 'null' })],
    ['a sandboxed frame that says same-origin', () => ({ origin: 'null', 'sec-fetch-site': 'same-origin' })],
    ['a bookmark or typed address', () => ({ 'sec-fetch-site': 'none' })],
    ['another port', (t) => ({ origin: `http://127.0.0.1:${t.plain.port + 1}` })],
    ['a name that begins alike', (t) => ({ origin: `${t.plain.url}.evil.example` })],
    ['a name that ends alike', (t) => ({ origin: `http://evil-${t.plain.host}` })],
    ['an origin with our name as user', (t) => ({ origin: `http://${t.plain.host}@evil.example` })],
    ['two origins', (t) => ({ origin: `${t.plain.url} ${EVIL}` })],
    ['an empty origin', () => ({ origin: '' })],
    ['a file', () => ({ origin: 'file://' })],
    ['an odd Sec-Fetch-Site', () => ({ 'sec-fetch-site': 'same-origin, cross-site' })],
  ];
  for (const [whose, headers] of foreign) {
    attack(`act with the victim’s cookie from ${whose}`, 'have it done in their name', (t) =>
      unchanged(t, async () => {
        const answer = await act(t, { headers: headers(t) });
        expect([answer.status, answer.code]).toEqual([403, 'forbidden']);
      }),
    );
  }

  attack('post forms and plain texts, which browsers send without asking', 'pass as JSON', (t) =>
    unchanged(t, async () => {
      const text = JSON.stringify({ name: 'by form' });
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'text/json',
        'application/scim+json',
        'application/jsonp',
        'text/plain; application/json',
      ]) {
        const answer = await act(t, { text, type });
        expect([type, answer.status]).toEqual([type, 400]);
      }
    }),
  );

  attack(
    'sign the victim in as the attacker from another site',
    'have them work in a wrong account',
    async (t) => {
      const mallory = await t.join('mallory-login-csrf');
      const from: Headers[] = [
        { origin: EVIL },
        { 'sec-fetch-site': 'cross-site' },
        { origin: 'null' },
        { origin: EVIL, authorization: 'x' },
      ];
      for (const headers of from) {
        const answer = await t.login(mallory.email, PASSWORD, { headers });
        expect([answer.status, answer.cookies]).toEqual([403, []]);
      }
    },
  );

  attack('sign the victim out from another site', 'have them type their password again', async (t) => {
    const vera = await t.join('vera-logout-csrf');
    const headers = { origin: EVIL };
    expect((await t.call('POST', 'auth/logout', { cookie: vera.cookie, headers })).status).toBe(403);
    expect((await t.call('GET', 'auth/logout', { cookie: vera.cookie })).status).toBe(404);
    expect(await t.whoIs({ cookie: vera.cookie })).toBe(vera.id);
  });

  attack('ask for CORS with preflights', 'read answers from another site', async (t) => {
    for (const path of ['auth/me', 'people', 'auth/login']) {
      const headers = {
        origin: EVIL,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      };
      const asked = await t.call('OPTIONS', path, { headers });
      const got = await t.call('GET', path, { headers: { origin: EVIL }, cookie: t.admin.cookie });
      expect(asked.status).toBe(404);
      for (const name of [...Object.keys(asked.headers), ...Object.keys(got.headers)]) {
        expect(name).not.toMatch(/^access-control-/);
      }
    }
  });
}

function hosts({ attack, honest }: Suite): void {
  honest('addresses, localhost and the public name are ours', async (t) => {
    for (const host of [t.plain.host, 'localhost', `localhost:${t.plain.port}`, '[::1]:80']) {
      expect((await t.call('GET', 'auth/state', { headers: { host } })).status).toBe(200);
    }
    const headers = { host: 'bartizan.example' };
    expect((await t.call('GET', 'auth/state', { headers, door: t.proxied })).status).toBe(200);
  });

  attack('let a name of one’s own resolve to our address', 'be of our origin (DNS rebinding)', async (t) => {
    for (const host of [
      'evil.example',
      `evil.example:${t.plain.port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'evil.example#@localhost',
      'localhost@evil.example',
      'bartizan.example.evil.example',
      'bartizan.example',
      'a localhost',
      'localhost,evil.example',
      ' ',
    ]) {
      const given = { headers: { host }, cookie: t.admin.cookie };
      for (const path of ['auth/me', 'auth/state']) {
        const answer = await t.call('GET', path, given);
        expect([host, answer.status === 403 || answer.status === 400]).toEqual([host, true]);
      }
    }
  });

  attack('name a known host in every header but Host', 'pass for it', async (t) => {
    for (const name of [
      'x-forwarded-host',
      'x-host',
      'x-original-host',
      'forwarded',
      'x-http-host-override',
    ]) {
      const value = name === 'forwarded' ? `host=${t.plain.host}` : t.plain.host;
      const headers = { host: 'evil.example', [name]: value };
      const answer = await t.call('GET', 'auth/me', { headers, cookie: t.admin.cookie });
      expect([name, answer.status]).toEqual([name, 403]);
    }
  });

  attack('write the attacker’s host where a server might look behind a proxy', 'be of our origin', (t) =>
    unchanged(t, async () => {
      const named = {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        forwarded: 'host=evil.example',
      };
      const headers = { ...named, origin: EVIL };
      expect((await act(t, { headers })).status).toBe(403);
      const cookie = `__Host-${t.admin.session}`;
      for (const host of [
        'evil.example',
        'evil.example, bartizan.example',
        'bartizan.example, evil.example',
      ]) {
        const given = { ...headers, 'x-forwarded-host': host, 'x-forwarded-for': '203.0.113.5' };
        const answer = await act(t, { headers: given, cookie, door: t.proxied });
        expect([host, answer.status]).toEqual([host, 403]);
      }
    }),
  );

  attack('have links made for another host', 'receive somebody’s invitation', async (t) => {
    for (const [door, at] of [
      // By itself it listens on a bare loopback address; people get its name, for passkeys.
      [t.plain, t.plain.url.replace('127.0.0.1', 'localhost')],
      [t.proxied, PUBLIC_URL],
    ] as const) {
      const name = `ivy-link-${door.port}`;
      const headers = {
        'x-forwarded-host': 'localhost',
        'x-forwarded-proto': 'http',
        forwarded: 'host=evil.example',
        host: 'localhost:1',
      };
      const cookie = door === t.plain ? t.admin.cookie : `__Host-${t.admin.session}`;
      const body = { name, email: `${name}@example.com`, roles: ['viewer'] };
      const made = await t.must('POST', 'people', { headers, cookie, body, door });
      expect(new URL(made.body.inviteUrl).origin).toBe(at);
      t.keep(new URL(made.body.inviteUrl).searchParams.get('token') ?? '');
    }
  });

  attack('give the target as a whole address', 'be served for another host, or inside', async (t) => {
    for (const target of [
      'http://evil.example/api/v1/auth/me',
      `http://${t.plain.host}/internal/v1/snapshot`,
      'https://evil.example/internal/v1/snapshot',
      'evil.example:443',
      '*',
    ]) {
      const text = await t.send(
        t.plain,
        `GET ${target} HTTP/1.1\r\nHost: ${t.plain.host}\r\nConnection: close\r\n\r\n`,
      );
      expect([target, statusesIn(text).every((status) => status >= 400)]).toEqual([target, true]);
      expect(statusesIn(text)).toHaveLength(1);
    }
  });
}

function overrides({ attack }: Suite): void {
  attack('override method, path and address by header', 'do with a read what needs a write', (t) =>
    unchanged(t, async () => {
      const { cookie } = t.admin;
      for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
        for (const method of ['DELETE', 'PATCH', 'POST']) {
          const headers = { [name]: method, origin: EVIL };
          const answer = await t.call('GET', `people/${t.admin.id}/sessions`, { cookie, headers });
          expect([name, method, answer.status, Array.isArray(answer.body.items)]).toEqual([
            name,
            method,
            200,
            true,
          ]);
        }
      }
      for (const name of ['x-original-url', 'x-rewrite-url', 'x-forwarded-prefix', 'x-forwarded-uri']) {
        const answer = await t.call('GET', 'auth/state', { headers: { [name]: '/api/v1/people' } });
        expect([name, answer.status, answer.body.setUp]).toEqual([name, 200, true]);
      }
      const query = await t.call('GET', '/api/v1/teams?_method=POST&name=by-query', { cookie });
      expect(query.status).toBe(200);
    }),
  );

  attack('use methods that no route has', 'reach a handler without its checks', async (t) => {
    for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'CONNECTX', 'get', 'PURGE']) {
      const text = await t.send(
        t.plain,
        `${method} /api/v1/people HTTP/1.1\r\nHost: ${t.plain.host}\r\nConnection: close\r\n\r\n`,
      );
      const [status = 0] = statusesIn(text);
      expect([method, status >= 400 && status < 500]).toEqual([method, true]);
    }
  });
}
