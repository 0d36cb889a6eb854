import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { pino } from 'pino';
import { auditMigrations, createAuditLog } from '../../audit/index.ts';
import { createEvents } from '../../kernel/events.ts';
import { withTestDatabase } from '../../platform/database/testing.ts';
import { createHttpServer } from '../../platform/http/index.ts';
import { createIdentity, type IdentityEvents, identityMigrations } from '../index.ts';
import { createPasswords } from '../passwords.ts';

export const PASSWORD = 'correct horse battery';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
type Body = ReturnType<typeof JSON.parse>;

export interface Reply {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

export interface Ask {
  readonly body?: unknown;
  readonly cookie?: string;
  readonly bearer?: string;
  readonly type?: string;
}

/** Identity on a database of its own, listening on 127.0.0.1, with a clock that tests move. */
export async function startFederation() {
  const open = await withTestDatabase([...identityMigrations, ...auditMigrations]);
  const time = { offsetMs: 0 };
  const clock = { now: () => Date.now() + time.offsetMs };
  const emitted: string[] = [];
  const events = createEvents<IdentityEvents>(() => undefined);
  for (const name of ['keys.changed', 'people.changed'] as const) events.on(name, () => emitted.push(name));
  let url = '';
  const identity = createIdentity({
    database: open.database,
    audit: createAuditLog({ database: open.database, clock }),
    endpointsSeen: async () => '*',
    events,
    clock,
    masterKey: masterKeyFromHex(randomBytes(32).toString('hex')),
    internalToken: randomBytes(32).toString('hex'),
    publicUrl: () => url,
    https: false,
    version: '1.2.3',
    passwords: createPasswords({ logN: 10, p: 1 }),
  });
  const server = await createHttpServer({
    implementations: identity.implementations,
    authenticate: identity.authenticate,
    config: { publicUrl: null, trustedProxies: [] },
    logger: pino({ level: 'silent' }),
    consoleDir: null,
    ready: async () => undefined,
    version: '1.2.3',
    clock,
  });
  ({ url } = await server.listen({ host: '127.0.0.1', port: 0 }));

  /** One request as a program makes it. `path` is below the server's address. */
  async function ask(method: string, path: string, { body, cookie, bearer, type }: Ask = {}): Promise<Reply> {
    const answer = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
        ...(cookie === undefined ? {} : { cookie }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text), headers: answer.headers };
  }

  const tokenOf = (link: string | null): string => new URL(link ?? '').searchParams.get('token') ?? '';
  const cookieOf = ({ headers }: Reply): string =>
    headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; ');

  async function good(reply: Promise<Reply>): Promise<Reply> {
    const answer = await reply;
    if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  async function setUp() {
    const body = {
      token: tokenOf(await identity.ensureSetupToken()),
      name: 'Ada',
      email: 'ada@example.com',
      password: PASSWORD,
    };
    const answer = await good(ask('POST', '/api/v1/auth/setup', { body }));
    return { cookie: cookieOf(answer), id: (answer.body.me ?? answer.body).id as string };
  }

  async function invite(admin: string, email: string, roles: string[]) {
    const body = { name: email, email, roles };
    const { body: added } = await good(ask('POST', '/api/v1/people', { cookie: admin, body }));
    return { id: added.person.id as string, token: tokenOf(added.inviteUrl) };
  }

  async function join(admin: string, email: string, roles: string[]) {
    const { id, token } = await invite(admin, email, roles);
    const answer = await good(ask('POST', '/api/v1/auth/invite', { body: { token, password: PASSWORD } }));
    return { cookie: cookieOf(answer), id };
  }

  /** Actions about a subject that the audit log holds, oldest first. */
  async function audited(subject: string): Promise<string[]> {
    const { rows } = await open.pool.query(
      'select action from audit_entries where subject = $1 order by at, id',
      [subject],
    );
    return rows.map(({ action }) => action);
  }

  return {
    open,
    identity,
    time,
    emitted,
    ask,
    good,
    setUp,
    invite,
    join,
    audited,
    cookieOf,
    get url() {
      return url;
    },
    close: async () => {
      await server.close();
      await open.close();
    },
  };
}
export type TestFederation = Awaited<ReturnType<typeof startFederation>>;

interface Cookie {
  readonly value: string;
  readonly sameSite: string;
}

/**
 * A browser as far as cookies and redirects go: cookies by host and whatever the port, SameSite as RFC 6265bis
 * §5.2 has it for top-level navigations, where a redirect through another site makes the whole chain cross-site.
 */
export function createBrowser() {
  const jar = new Map<string, Map<string, Cookie>>();
  const visited: string[] = [];

  function header(host: string, crossSite: boolean): string {
    const sent = [...(jar.get(host) ?? [])].filter(([, { sameSite }]) => !crossSite || sameSite !== 'strict');
    return sent.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  function keep(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const name = pair.slice(0, pair.indexOf('='));
    const find = (wanted: string) =>
      attributes
        .find((each) => each.toLowerCase().startsWith(`${wanted}=`))
        ?.split('=')[1]
        ?.toLowerCase();
    const cookies = jar.get(host) ?? new Map<string, Cookie>();
    jar.set(host, cookies);
    const expires = find('expires');
    const over = find('max-age') === '0' || (expires !== undefined && Date.parse(expires) < Date.now());
    if (over) cookies.delete(name);
    else cookies.set(name, { value: pair.slice(name.length + 1), sameSite: find('samesite') ?? 'lax' });
  }

  async function load(url: URL, crossSite: boolean, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('cookie', header(url.hostname, crossSite));
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) keep(url.hostname, line);
    return answer;
  }

  return {
    jar,
    visited,
    /**
     * Opens an address and follows redirects until a page comes or `stop` says so, in which case that address is
     * not loaded. Returns the address that it ended at.
     */
    async open(address: string, stop: (url: URL) => boolean = () => false): Promise<URL> {
      let url = new URL(address);
      let crossSite = false;
      for (let hops = 0; hops < 20; hops++) {
        if (stop(url)) return url;
        visited.push(url.href);
        const answer = await load(url, crossSite);
        await answer.arrayBuffer();
        const location = answer.headers.get('location');
        if (answer.status < 300 || answer.status >= 400 || location === null) return url;
        const next = new URL(location, url);
        crossSite ||= next.hostname !== url.hostname;
        url = next;
      }
      throw new Error(`too many redirects: ${visited.slice(-3).join(' ')}`);
    },
    /** A request by a script of the page itself: same-site. */
    fetch: (address: string, init?: RequestInit) => load(new URL(address), false, init),
    cookie: (host: string) => header(host, false),
  };
}
export type Browser = ReturnType<typeof createBrowser>;

export interface Listening {
  readonly port: number;
  readonly close: () => Promise<void>;
  handle: (request: IncomingMessage, response: ServerResponse) => void;
}

/** An HTTP server on loopback whose handler may be set after its port is known. */
export async function listenOnLoopback(): Promise<Listening> {
  const server: Server = createServer((request, response) => listening.handle(request, response));
  // On both loopback addresses' family that "localhost" may mean here.
  await new Promise<void>((done) => server.listen(0, 'localhost', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const listening: Listening = {
    port: address.port,
    handle: (_, response) => void response.writeHead(503).end(),
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  return listening;
}
