import { expect } from 'vitest';
import type { Suite } from './suite.ts';
import type { Target } from './target.ts';
import { statusesIn } from './wire.ts';

const HIDDEN = 'GET /api/v1/people HTTP/1.1';

/** A login whose body holds a second request, which some proxy may take for one of its own. */
function smuggled(t: Target, framing: readonly string[], body: string): string {
  const head = [
    'POST /api/v1/auth/login HTTP/1.1',
    `Host: ${t.plain.host}`,
    'Content-Type: application/json',
    ...framing,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const hidden = (t: Target): string =>
  `${HIDDEN}\r\nHost: ${t.plain.host}\r\nCookie: ${t.admin.session}\r\nConnection: close\r\n\r\n`;

/** What lies between the lines of HTTP. */
export function wireAttacks(suite: Suite): void {
  smuggling(suite);
  paths(suite);
  headers(suite);
}

function smuggling({ attack, honest }: Suite): void {
  honest('two requests on one connection are two answers', async (t) => {
    const first = `GET /api/v1/auth/state HTTP/1.1\r\nHost: ${t.plain.host}\r\n\r\n`;
    expect(statusesIn(await t.send(t.plain, first + hidden(t)))).toEqual([200, 200]);
  });

  const shapes: readonly [string, readonly string[], (inner: string) => string][] = [
    [
      'Content-Length and chunks',
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      (x) => `0\r\n\r\n${x}`,
    ],
    [
      'chunks and Content-Length',
      ['Transfer-Encoding: chunked', 'Content-Length: 300'],
      (x) => `0\r\n\r\n${x}`,
    ],
    ['two lengths', ['Content-Length: 2', 'Content-Length: 300'], (x) => `{}${x}`],
    ['a list of lengths', ['Content-Length: 2, 300'], (x) => `{}${x}`],
    ['a length with a sign', ['Content-Length: +2'], (x) => `{}${x}`],
    ['a length in hexadecimal', ['Content-Length: 0x2'], (x) => `{}${x}`],
    ['a blank before the colon', ['Content-Length : 2'], (x) => `{}${x}`],
    ['a folded header', ['X: y', ' Content-Length: 2'], (x) => `{}${x}`],
    ['a folded coding', ['Transfer-Encoding:', ' chunked', 'Content-Length: 2'], (x) => `{}${x}`],
    ['an unknown coding', ['Transfer-Encoding: xchunked', 'Content-Length: 2'], (x) => `{}${x}`],
    ['chunked twice', ['Transfer-Encoding: chunked, chunked'], (x) => `0\r\n\r\n${x}`],
    ['chunked and identity', ['Transfer-Encoding: chunked, identity'], (x) => `0\r\n\r\n${x}`],
    ['a chunk size with a sign', ['Transfer-Encoding: chunked'], (x) => `+0\r\n\r\n${x}`],
    ['a chunk that ends by LF', ['Transfer-Encoding: chunked'], (x) => `2\n{}\n0\n\n${x}`],
    ['a chunk that is too long', ['Transfer-Encoding: chunked'], (x) => `2\r\n{}xx\r\n0\r\n\r\n${x}`],
  ];
  for (const [what, framing, body] of shapes) {
    attack(`hide a request behind ${what}`, 'have it run as somebody else’s next one', async (t) => {
      const text = await t.send(t.plain, smuggled(t, framing, body(hidden(t))));
      const statuses = statusesIn(text);
      expect([what, statuses.length === 1, statuses.every((status) => status >= 400)]).toEqual([
        what,
        true,
        true,
      ]);
      expect(text).not.toContain(t.admin.email);
    });
  }
}

/** Others’ readings of the path of a guarded route. */
const TRICKS = (path: string): string[] => {
  const [, first = '', ...rest] = path.split('/');
  const tail = rest.join('/');
  const encoded = [...tail].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
  return [
    `//${first}/${tail}`,
    `/${first}//${tail}`,
    `/./${first}/${tail}`,
    `/${first}/./${tail}`,
    `/${first}/x/../${tail}`,
    `/public/..${path}`,
    `/healthz/..${path}`,
    `/healthz/%2e%2e${path}`,
    `/assets/..%2f..${path}`,
    `/${first}%2f${tail}`,
    `/${first}%252f${tail}`,
    `/${first}\\${tail}`,
    `/${first}/%2e/${tail}`,
    `/${first.toUpperCase()}/${tail}`,
    `/${first}/${tail.toUpperCase()}`,
    `${path}/`,
    `${path}//`,
    `${path}/.`,
    `${path}/..;/`,
    `${path};a=b`,
    `/;a=b${path}`,
    `${path}%00`,
    `${path}%20`,
    `${path}.json`,
    `${path}.css`,
    `${path}?`,
    `${path}%3f`,
    `${path}%23`,
    `/${first}/${encoded}`,
    `/%61${first.slice(1)}/${tail}`,
    `${path}?/api/v1/auth/state`,
    `${path}#/healthz`,
  ];
};

function paths({ attack, honest }: Suite): void {
  honest('the path as it is opens for an administrator', async (t) => {
    expect((await t.call('GET', 'people', { cookie: t.admin.cookie })).status).toBe(200);
    expect((await t.call('GET', '/internal/v1/snapshot', { key: t.secrets.internal })).status).toBe(200);
  });

  for (const path of ['/api/v1/people', '/internal/v1/snapshot', '/scim/v2/Users', '/metrics']) {
    attack(
      `write ${path} in ${TRICKS(path).length} other ways`,
      'miss the check and hit the handler',
      async (t) => {
        for (const tricky of TRICKS(path)) {
          const text = await t.send(
            t.plain,
            `GET ${tricky} HTTP/1.1\r\nHost: ${t.plain.host}\r\nAccept: application/json\r\nConnection: close\r\n\r\n`,
          );
          const [status = 0] = statusesIn(text);
          expect([tricky, status >= 400 && status < 500]).toEqual([tricky, true]);
          expect(text).not.toContain(t.admin.email);
        }
      },
    );
  }

  attack('write a foreign host with paths that take any host', 'rebind past the check', async (t) => {
    for (const path of [
      '/internal/../api/v1/auth/me',
      '/internal/..%2fapi/v1/auth/me',
      '/internal//api/v1/auth/me',
      '/healthz/../api/v1/auth/me',
      '/metrics/../api/v1/auth/me',
      '/metrics?/../api/v1/auth/me',
      '//internal/api/v1/auth/me',
    ]) {
      const text = await t.send(
        t.plain,
        `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nCookie: ${t.admin.session}\r\nConnection: close\r\n\r\n`,
      );
      expect(text).not.toContain(t.admin.email);
      const [status = 0] = statusesIn(text);
      // The metrics are an administrator's to read, and hold no names.
      expect([path, status >= 400 || path.startsWith('/metrics?')]).toEqual([path, true]);
    }
  });

  attack('walk out of the folder of the console', 'read the master key’s file', async (t) => {
    for (const path of [
      '/../../../../etc/passwd',
      '/assets/../../../../etc/passwd',
      '/..%2f..%2f..%2f..%2fetc%2fpasswd',
      '/assets/..%5c..%5c..%5cpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/.env',
      '/.git/config',
      '/assets/%00.js',
    ]) {
      const text = await t.send(
        t.plain,
        `GET ${path} HTTP/1.1\r\nHost: ${t.plain.host}\r\nConnection: close\r\n\r\n`,
      );
      const [status = 0] = statusesIn(text);
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
      expect(text).not.toMatch(/root:|bartizan-workspace|\[core\]/);
    }
  });
}

function headers({ attack }: Suite): void {
  attack('put line breaks into names, addresses and reasons', 'split an answer or a log line', async (t) => {
    const name = 'Eve\r\nSet-Cookie: a=b\r\n\r\n<script>';
    const body = { name, email: 'eve-split@example.com', roles: ['viewer'] };
    const made = await t.call('POST', 'people', { cookie: t.admin.cookie, body });
    expect(made.cookies).toEqual([]);
    const listed = await t.must('GET', 'people', { cookie: t.admin.cookie });
    expect([listed.cookies, listed.headers['content-type']]).toEqual([[], 'application/json; charset=utf-8']);
    for (const path of ['/api/v1/auth/me%0d%0aSet-Cookie:%20a=b', '/x%0d%0aX-Evil:%201', '/%0aX-Evil:1']) {
      const answer = await t.call('GET', path, { cookie: t.admin.cookie });
      expect([answer.status, answer.cookies, answer.headers['x-evil']]).toEqual([404, [], undefined]);
    }
    const lines = t
      .log()
      .split('\n')
      .filter((line) => line !== '');
    expect(lines.filter((line) => !/^\{.*\}$/.test(line))).toEqual([]);
  });

  attack('choose one’s own request id and trace', 'write into logs and answers', async (t) => {
    const given = { 'x-request-id': 'evil-id-1', 'request-id': 'evil-id-1', traceparent: 'evil-id-1' };
    const answer = await t.call('GET', 'nowhere', { headers: given });
    expect(answer.text + JSON.stringify(answer.headers) + t.log()).not.toContain('evil-id-1');
  });

  attack(
    'send two Host headers, none, an empty one, and an old protocol',
    'be of two minds about where one is',
    async (t) => {
      const get = (lines: string) =>
        t.send(t.plain, `GET /api/v1/people ${lines}\r\nConnection: close\r\n\r\n`);
      for (const lines of [
        `HTTP/1.1\r\nHost: evil.example\r\nHost: ${t.plain.host}\r\nCookie: ${t.admin.session}`,
        `HTTP/1.1\r\nCookie: ${t.admin.session}`,
        `HTTP/1.0\r\nCookie: ${t.admin.session}`,
        `HTTP/0.9`,
        `HTTP/1.1\r\nHost:\r\nCookie: ${t.admin.session}`,
      ]) {
        const text = await get(lines);
        expect([lines.slice(0, 30), text.includes(t.admin.email)]).toEqual([lines.slice(0, 30), false]);
      }
    },
  );

  attack('send headers without end, and a request that never ends', 'hold a connection', async (t) => {
    const many = Array.from({ length: 3_000 }, (_, nth) => `X-${nth}: ${'y'.repeat(20)}`).join('\r\n');
    const text = await t.send(t.plain, `GET / HTTP/1.1\r\nHost: ${t.plain.host}\r\n${many}\r\n\r\n`);
    expect(statusesIn(text)).toEqual([431]);
    const long = await t.send(t.plain, `GET /${'a'.repeat(200_000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(statusesIn(long).every((status) => status >= 400)).toBe(true);
  });
}
