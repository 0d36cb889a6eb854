import { expect } from 'vitest';
import { CLIENT_ID, startHostileProvider } from '../../server/identity/federation/sso/test-providers.ts';
import type { Suite } from './suite.ts';
import type { Answer, Target } from './target.ts';

interface Provider {
  readonly id: string;
}

/** Runs with a provider that signs everybody in as Mallory, and takes each of its codes many times. */
async function withProvider(t: Target, run: (provider: Provider) => Promise<void>): Promise<void> {
  const hostile = await startHostileProvider();
  const body = {
    label: 'Corp',
    issuer: hostile.issuer,
    clientId: CLIENT_ID,
    allowPrivateNetwork: true,
    createPeople: true,
    emailDomains: ['corp.example'],
  };
  try {
    const { cookie } = t.admin;
    const added = await t.must('POST', 'sso/providers', { cookie, body });
    const id: string = added.body.id;
    await run({ id });
    await t.must('DELETE', `sso/providers/${id}`, { cookie });
    await t.sql(`delete from people where email = 'mallory@corp.example'`);
  } finally {
    await hostile.close();
  }
}

const locationOf = ({ headers }: Answer): string => String(headers.location ?? '');

const start = (t: Target, { id }: Provider, query: string): Promise<Answer> =>
  t.call('GET', `auth/sso/${id}/start${query}`);

/** What the provider leads the browser back to: path and query. */
async function backFrom(begun: Answer): Promise<string> {
  const answer = await fetch(locationOf(begun), { redirect: 'manual' });
  const back = new URL(answer.headers.get('location') ?? '');
  return back.pathname + back.search;
}

const ELSEWHERE = [
  'https://evil.example',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/%09/evil.example',
  '/%5cevil.example',
  '/%2f%2fevil.example',
  '/./\\evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/%2e%2e//evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '/\r\nLocation: https://evil.example',
  '/x\r\nSet-Cookie: a=b',
  '/@evil.example',
  '@evil.example',
  '/api/v1/auth/logout',
  '/internal/v1/snapshot',
  'evil.example',
  ' /x',
];

/** Whether a browser on the console that follows it stays there. */
function staysHome(location: string): boolean {
  const url = URL.parse(location, 'https://console.example/sign-in');
  return (
    url?.origin === 'https://console.example' &&
    location.startsWith('/') &&
    !/^\/(?:[/\\]|api\/|internal\/)/.test(url.pathname)
  );
}

/** The way to an identity provider and back. */
export function ssoAttacks({ attack, honest }: Suite): void {
  honest('the way there and back signs in and lands where one wanted', (t) =>
    withProvider(t, async (provider) => {
      const begun = await start(t, provider, '?returnTo=%2Ftraffic%3Fa%3D1');
      const back = await t.call('GET', await backFrom(begun), { cookie: begun.cookie });
      expect([back.status, locationOf(back)]).toEqual([303, '/traffic?a=1']);
      const session = back.cookies.map((line) => line.split(';', 1)[0]).join('; ');
      expect(await t.whoIs({ cookie: session })).not.toBeNull();
    }),
  );

  attack(`ask to land at ${ELSEWHERE.length} places elsewhere after signing in`, 'phish with our link', (t) =>
    withProvider(t, async (provider) => {
      for (const wanted of ELSEWHERE) {
        const begun = await start(t, provider, `?returnTo=${encodeURIComponent(wanted)}`);
        const back = await t.call('GET', await backFrom(begun), { cookie: begun.cookie });
        expect([wanted, back.status, staysHome(locationOf(back))]).toEqual([wanted, 303, true]);
        expect([wanted, locationOf(back).includes('sso=')]).toEqual([wanted, false]);
        expect(back.cookies.some((line) => line.startsWith('a='))).toBe(false);
      }
    }),
  );

  attack('ask to land elsewhere while signing in fails', 'be sent on by the sign-in page', async (t) => {
    for (const wanted of ELSEWHERE) {
      const query = `?returnTo=${encodeURIComponent(wanted)}&next=${encodeURIComponent(wanted)}`;
      const begun = await start(t, { id: 'nowhere' }, query);
      const location = locationOf(begun);
      const next = new URL(location, 'https://console.example').searchParams.get('next') ?? '/';
      expect([wanted, staysHome(location), staysHome(next)]).toEqual([wanted, true, true]);
    }
  });

  attack('give the address twice, as a list, and in odd names', 'have one checked and another used', (t) =>
    withProvider(t, async (provider) => {
      for (const query of [
        '?returnTo=/ok&returnTo=//evil.example',
        '?returnTo[]=//evil.example',
        '?redirect_uri=https://evil.example',
        '?next=//evil.example&redirect=//evil.example',
      ]) {
        const begun = await start(t, provider, query);
        const to = new URL(locationOf(begun));
        const back = new URL(to.searchParams.get('redirect_uri') ?? '');
        expect([query, back.origin]).toEqual([query, t.plain.url]);
        const ended = await t.call('GET', await backFrom(begun), { cookie: begun.cookie });
        expect([query, staysHome(locationOf(ended))]).toEqual([query, true]);
      }
    }),
  );

  attack('answer with state and code again', 'be signed in a second time', (t) =>
    withProvider(t, async (provider) => {
      const begun = await start(t, provider, '');
      const back = await backFrom(begun);
      expect(locationOf(await t.call('GET', back, { cookie: begun.cookie }))).toBe('/');
      const again = await t.call('GET', back, { cookie: begun.cookie });
      expect(locationOf(again)).toContain('sso=start-again');
      expect(again.cookie).not.toMatch(/=[^;]{20}/);
    }),
  );

  attack('finish the attacker’s sign-in in the victim’s browser', 'have them work in a wrong account', (t) =>
    withProvider(t, async (provider) => {
      const [mine, theirs] = [await start(t, provider, ''), await start(t, provider, '')];
      const back = await backFrom(mine);
      for (const cookie of ['', theirs.cookie, `${theirs.cookie}; ${mine.cookie}`]) {
        const ended = await t.call('GET', back, { cookie });
        expect(locationOf(ended)).toContain('sso=start-again');
        expect(ended.cookie).not.toMatch(/=[^;]{20}/);
      }
    }),
  );

  attack('answer one provider’s attempt at another, without state, or with a foreign issuer', 'mix up', (t) =>
    withProvider(t, async (provider) => {
      const begun = await start(t, provider, '');
      const back = new URL(await backFrom(begun), t.plain.url);
      const tries = [
        back.pathname.replace(provider.id, t.admin.id) + back.search,
        `${back.pathname}?code=${back.searchParams.get('code')}`,
        `${back.pathname}${back.search}&state=${back.searchParams.get('state')}`,
        `${back.pathname}${back.search.replace(/iss=[^&]*/, 'iss=https%3A%2F%2Fevil.example')}`,
        back.pathname,
      ];
      for (const path of tries) {
        const ended = await t.call('GET', path, { cookie: begun.cookie });
        expect([path, /sso=(?:start-again|refused)/.test(locationOf(ended))]).toEqual([path, true]);
        expect(ended.cookie).not.toMatch(/=[^;]{20}/);
      }
    }),
  );

  attack('change the sealed cookie of the attempt', 'choose the landing place or the person', (t) =>
    withProvider(t, async (provider) => {
      const begun = await start(t, provider, '');
      const back = await backFrom(begun);
      const at = begun.cookie.length - 12;
      const flipped = begun.cookie[at] === 'A' ? 'B' : 'A';
      for (const cookie of [
        begun.cookie.slice(0, at) + flipped + begun.cookie.slice(at + 1),
        begun.cookie.slice(0, -20),
        `${begun.cookie.split('=', 1)[0]}=${Buffer.from('{"state":"x"}').toString('base64url')}`,
      ]) {
        expect(locationOf(await t.call('GET', back, { cookie }))).toContain('sso=start-again');
      }
    }),
  );
}
