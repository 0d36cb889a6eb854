import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ALL_PERMISSIONS,
  ALL_ROUTES,
  allows,
  type Permission,
  ROLES,
  type Role,
  type RouteContract,
} from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig, type RunningServer, startServer } from './index.ts';
import type { OpenDatabase } from './platform/database/index.ts';
import { withTestDatabase } from './platform/database/testing.ts';

const INTERNAL_TOKEN = randomBytes(32).toString('hex');
const PASSWORD = 'correct horse battery';
const NOBODY = '018f3b1e-7f10-7000-8000-000000000000';
const isPermission = (access: string): access is Permission =>
  access in Object.fromEntries(ALL_PERMISSIONS.map((name) => [name, 1]));

let open: OpenDatabase;
let server: RunningServer;
let dataDir: string;
const cookies = new Map<Role, string>();
const keys = new Map<Permission | 'gateway.invoke', string>();

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'permissions-'));
  open = await withTestDatabase();
  server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: dataDir,
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
      BARTIZAN_INTERNAL_TOKEN: INTERNAL_TOKEN,
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );
  await signUpEverybody();
});
afterAll(async () => {
  await server?.close();
  await open?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function post(
  path: string,
  body: object,
  cookie = '',
): Promise<{ cookie: string; body: ReturnType<typeof JSON.parse> }> {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify(body),
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(JSON.stringify(result));
  const set = answer.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  return { cookie: set.join('; '), body: result };
}

const tokenOf = (url: string | null): string => new URL(url ?? '').searchParams.get('token') ?? '';

async function signUpEverybody(): Promise<void> {
  const who = { name: 'Ada', email: 'administrator@example.com', password: PASSWORD };
  const { cookie: ada } = await post('/auth/setup', { token: tokenOf(server.setupUrl), ...who });
  cookies.set('administrator', ada);
  for (const role of ROLES.slice(1)) {
    const added = await post('/people', { name: role, email: `${role}@example.com`, roles: [role] }, ada);
    const joined = await post('/auth/invite', { token: tokenOf(added.body.inviteUrl), password: PASSWORD });
    cookies.set(role, joined.cookie);
  }
  for (const scope of [...ALL_PERMISSIONS, 'gateway.invoke'] as const) {
    const made = await post('/keys', { name: scope, scopes: [scope], endpoints: '*', expiresAt: null }, ada);
    keys.set(scope, made.body.secret);
  }
}

/** Calls a route with nothing useful in it: far enough to see who is let in, not far enough to change anything. */
async function statusOf(route: RouteContract, headers: Record<string, string>): Promise<number> {
  const stop = new AbortController();
  const path = route.path.replace(/:[a-zA-Z]+/g, NOBODY);
  const sends = route.method !== 'GET' && route.body !== undefined;
  const answer = await fetch(server.url + path, {
    method: route.method,
    headers: { ...(sends ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(sends ? { body: '{}' } : {}),
    signal: stop.signal,
  });
  stop.abort();
  return answer.status;
}

const refused = (status: number): boolean => status === 401 || status === 403;
/** Would end the session that the walk needs. */
const walked = ALL_ROUTES.filter(({ id }) => id !== 'auth.logout');

test('what is served is what the contracts say, no more and no less', async () => {
  const answer = await fetch(`${server.url}/api/v1/openapi.json`, {
    headers: { cookie: cookies.get('viewer') ?? '' },
  });
  const document = (await answer.json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const served = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    .filter((id) => id !== 'openapi.get');
  const external = ALL_ROUTES.filter(({ access }) => access !== 'gateway').map(({ id }) => id);
  expect(served.toSorted()).toEqual(external.toSorted());
  for (const route of ALL_ROUTES.filter(({ access }) => access === 'gateway')) {
    expect([route.id, await statusOf(route, {})]).toEqual([route.id, 401]);
  }
});

test('without credentials every route but the public ones is 401', async () => {
  for (const route of ALL_ROUTES) {
    const status = await statusOf(route, {});
    expect([route.id, status === 401]).toEqual([route.id, route.access !== 'public']);
  }
});

test.each([
  ['a forged cookie', { cookie: 'bartizan-00000000=a.b; better-auth.session_token=a.b' }],
  ['an unknown key', { authorization: `Bearer bz_${'a'.repeat(43)}` }],
  ['another token', { authorization: `Bearer ${'a'.repeat(64)}` }],
  [
    'proxy headers',
    { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-user': 'administrator', 'x-original-url': '/healthz' },
  ],
])('nor does %s open one', async (_, headers) => {
  for (const route of ALL_ROUTES.filter(({ access }) => access !== 'public')) {
    expect([route.id, await statusOf(route, headers as unknown as Record<string, string>)]).toEqual([
      route.id,
      401,
    ]);
  }
});

describe('a person', () => {
  test.each(ROLES.map((role) => [role]))('who is %s may do what the table says', async (role) => {
    for (const route of walked) {
      const may =
        route.access === 'public' ||
        route.access === 'signed-in' ||
        (isPermission(route.access) && allows([role], route.access));
      const status = await statusOf(route, { cookie: cookies.get(role) ?? '' });
      // Public routes judge their own input: a wrong password is 401 there.
      if (route.access !== 'public') expect([route.id, !refused(status)]).toEqual([route.id, may]);
      if (!may) expect([route.id, status]).toEqual([route.id, 403]);
      expect(status).not.toBe(500);
    }
  });
});

describe('a key', () => {
  test.each(ALL_PERMISSIONS.map((name) => [name]))('with %s alone opens just that', async (permission) => {
    for (const route of walked.filter(({ access }) => isPermission(access) || access === 'gateway')) {
      const status = await statusOf(route, { authorization: `Bearer ${keys.get(permission)}` });
      expect([route.id, status === 403]).toEqual([route.id, route.access !== permission]);
    }
  });

  test('that calls endpoints opens nothing but who it is', async () => {
    for (const route of ALL_ROUTES.filter(({ access }) => access !== 'public')) {
      const status = await statusOf(route, { authorization: `Bearer ${keys.get('gateway.invoke')}` });
      expect([route.id, status === 403]).toEqual([route.id, route.id !== 'auth.me']);
    }
  });
});

test('a gateway opens its own routes and no others', async () => {
  for (const route of ALL_ROUTES.filter(({ access }) => access !== 'public')) {
    const status = await statusOf(route, { authorization: `Bearer ${INTERNAL_TOKEN}` });
    expect([route.id, status === 403]).toEqual([route.id, route.access !== 'gateway']);
  }
});

test('signing out closes', async () => {
  const [logout] = ALL_ROUTES.filter(({ id }) => id === 'auth.logout');
  const cookie = cookies.get('viewer') ?? '';
  if (!logout) throw new Error('no route to sign out');
  expect(await statusOf(logout, { cookie })).toBe(200);
  expect(await statusOf(logout, { cookie })).toBe(401);
});
