import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_ROUTES, ROLES, type Role, type RouteContract } from '@bartizan/contracts';
import { loadConfig, startServer } from '../index.ts';
import { withTestDatabase } from '../platform/database/testing.ts';

export const INTERNAL_TOKEN = randomBytes(32).toString('hex');
export const PASSWORD = 'correct horse battery';
/** The id of nothing. */
export const NOWHERE = '018f3b1e-7f10-7000-8000-000000000000';
export const REASON = 'the permission tests look at it';

/** Headers that say who calls. */
export type Credential = Readonly<Record<string, string>>;

export interface Given {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Null sends none. */
  readonly purpose?: string | null;
}

export interface Answer {
  readonly status: number;
  readonly code: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: ReturnType<typeof JSON.parse>;
  readonly cookie: string;
}

export function routeOf(id: string): RouteContract {
  const route = ALL_ROUTES.find((one) => one.id === id);
  if (!route) throw new Error(`there is no route ${id}`);
  return route;
}

const bearer = (secret: string): Credential => ({ authorization: `Bearer ${secret}` });

function codeOf(body: unknown): string {
  const error = body !== null && typeof body === 'object' && 'error' in body ? body.error : null;
  const code = error !== null && typeof error === 'object' && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A whole server on a database of its own, with one person for each role. */
export async function startWorld() {
  const dataDir = mkdtempSync(join(tmpdir(), 'permissions-'));
  const open = await withTestDatabase();
  const server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: dataDir,
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
      BARTIZAN_INTERNAL_TOKEN: INTERNAL_TOKEN,
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );

  /** Calls a route. Without a body it sends `{}` where one is taken: far enough to see who is let in. */
  async function call(route: RouteContract, who: Credential, given: Given = {}): Promise<Answer> {
    const path = route.path.replace(/:([a-zA-Z]+)/g, (_, name: string) => given.params?.[name] ?? NOWHERE);
    const query = given.query ? `?${new URLSearchParams(given.query)}` : '';
    const sends = route.method !== 'GET' && (route.body !== undefined || given.body !== undefined);
    const { purpose = REASON } = given;
    const stop = new AbortController();
    const answer = await fetch(server.url + path + query, {
      method: route.method,
      redirect: 'manual',
      headers: {
        ...(sends ? { 'content-type': route.mediaType ?? 'application/json' } : {}),
        ...(purpose === null ? {} : { 'bartizan-purpose': encodeURIComponent(purpose) }),
        ...who,
      },
      ...(sends ? { body: JSON.stringify(given.body ?? {}) } : {}),
      signal: stop.signal,
    });
    const live = route.streams === 'text/event-stream' && answer.ok;
    const text = live ? '' : await answer.text();
    stop.abort();
    const cookies = answer.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
    const body = parsed(text) ?? text;
    return { status: answer.status, code: codeOf(body), body, cookie: cookies.join('; ') };
  }

  /** As {@link call}, for what has to work. */
  async function must(routeId: string, who: Credential, given: Given = {}): Promise<Answer> {
    const answer = await call(routeOf(routeId), who, given);
    if (answer.status < 300) return answer;
    throw new Error(`${routeId}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  const tokenOf = (url: string | null): string => new URL(url ?? '').searchParams.get('token') ?? '';
  const set = await must(
    'auth.setup',
    {},
    {
      body: {
        token: tokenOf(server.setupUrl),
        name: 'administrator',
        email: 'administrator@example.com',
        password: PASSWORD,
      },
    },
  );
  const admin: Credential = { cookie: set.cookie };
  const ids = new Map<string, string>();

  /** Invites somebody and accepts for them. */
  async function invite(name: string, roles: readonly Role[]): Promise<Credential> {
    const added = await must('people.add', admin, { body: { name, email: `${name}@example.com`, roles } });
    ids.set(name, added.body.person.id);
    const token = tokenOf(added.body.inviteUrl);
    return { cookie: (await must('auth.acceptInvite', {}, { body: { token, password: PASSWORD } })).cookie };
  }

  const people = new Map<Role, Credential>([['administrator', admin]]);
  for (const role of ROLES.slice(1)) people.set(role, await invite(role, [role]));

  /** Makes a key of the administrator's; `endpoints` is all where absent. */
  async function keyWith(
    scopes: readonly string[],
    rest: Readonly<Record<string, unknown>> = {},
  ): Promise<Credential & { readonly id: string }> {
    const body = { name: 'a key', scopes, endpoints: '*', expiresAt: null, ...rest };
    const made = await must('keys.create', admin, { body });
    const id: string = made.body.key.id;
    // Not enumerable: a credential is spread into headers.
    return Object.defineProperty({ ...bearer(made.body.secret) }, 'id', { value: id }) as never;
  }

  return {
    url: server.url,
    pool: open.pool,
    admin,
    people,
    /** Ids of people by name. */
    ids,
    call,
    must,
    join: invite,
    keyWith,
    bearer,
    /** Guesses are counted by address, and these all come from one. */
    forgetGuesses: () => open.pool.query('delete from sign_in_attempts'),
    async close() {
      await server.close();
      await open.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
export type World = Awaited<ReturnType<typeof startWorld>>;
