import { randomBytes } from 'node:crypto';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { pino } from 'pino';
import { auditMigrations, createAuditLog } from '../audit/index.ts';
import { createEvents } from '../kernel/events.ts';
import { withTestDatabase } from '../platform/database/testing.ts';
import { createHttpServer } from '../platform/http/index.ts';
import { createIdentity, type IdentityEvents, identityMigrations } from './index.ts';
import { createPasswords, type Passwords } from './passwords.ts';

export const INTERNAL_TOKEN = randomBytes(32).toString('hex');
export const PASSWORD = 'correct horse battery';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: ReturnType<typeof JSON.parse>;
  readonly headers: Record<string, unknown>;
  readonly cookies: string[];
  /** What a browser would send next. */
  readonly cookie: string;
}

export interface Call {
  readonly body?: unknown;
  readonly cookie?: string;
  readonly key?: string;
  readonly address?: string;
  readonly headers?: Record<string, string>;
}

/** Identity on a database of its own, behind the real HTTP layer, with a clock that tests move. */
export async function startIdentity(options: { https?: boolean } = {}) {
  const open = await withTestDatabase([...identityMigrations, ...auditMigrations]);
  /** The clock goes by itself until it is frozen; `offsetMs` moves it in both cases. */
  const time: { offsetMs: number; frozenMs?: number } = { offsetMs: 0 };
  const clock = { now: () => (time.frozenMs ?? Date.now()) + time.offsetMs };
  const emitted: string[] = [];
  const events = createEvents<IdentityEvents>(() => undefined);
  for (const name of ['keys.changed', 'people.changed', 'alarm.raised'] as const)
    events.on(name, () => emitted.push(name));
  const publicUrl = options.https ? 'https://bartizan.example' : null;
  const cheap = createPasswords({ logN: 10, p: 1 });
  const hashes: ('hash' | 'verify')[] = [];
  const passwords: Passwords = {
    decoy: cheap.decoy,
    hash: (password) => {
      hashes.push('hash');
      return cheap.hash(password);
    },
    verify: (input) => {
      hashes.push('verify');
      return cheap.verify(input);
    },
  };
  const identity = createIdentity({
    database: open.database,
    audit: createAuditLog({ database: open.database, clock }),
    endpointsSeen: async () => '*',
    events,
    clock,
    masterKey: masterKeyFromHex(randomBytes(32).toString('hex')),
    internalToken: INTERNAL_TOKEN,
    publicUrl: () => publicUrl ?? 'http://127.0.0.1:7600',
    https: options.https ?? false,
    version: '1.2.3',
    passwords,
  });
  const server = await createHttpServer({
    implementations: identity.implementations,
    authenticate: identity.authenticate,
    config: { publicUrl, trustedProxies: [] },
    logger: pino({ level: 'silent' }),
    consoleDir: null,
    ready: async () => undefined,
    version: '1.2.3',
    clock,
  });

  async function call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    given: Call = {},
  ): Promise<Answer> {
    const answer = await server.inject({
      method,
      url: `/api/v1${path}`,
      remoteAddress: given.address ?? '198.51.100.7',
      headers: {
        ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(given.cookie === undefined ? {} : { cookie: given.cookie }),
        ...(given.key === undefined ? {} : { authorization: `Bearer ${given.key}` }),
        ...given.headers,
      },
      ...(given.body === undefined ? {} : { payload: JSON.stringify(given.body) }),
    });
    const header = answer.headers['set-cookie'] ?? [];
    const cookies = Array.isArray(header) ? header : [header];
    return {
      status: answer.statusCode,
      body: answer.json(),
      headers: answer.headers,
      cookies,
      cookie: cookies.map((cookie) => cookie.split(';', 1)[0]).join('; '),
    };
  }

  const tokenOf = (link: string | null | undefined): string =>
    new URL(link ?? '').searchParams.get('token') ?? '';

  /** Sets the instance up; returns the administrator's cookie and id. */
  async function setUp(email = 'ada@example.com') {
    const token = tokenOf(await identity.ensureSetupToken());
    const answer = await call('POST', '/auth/setup', {
      body: { token, name: 'Ada', email, password: PASSWORD },
    });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return { cookie: answer.cookie, id: answer.body.id as string };
  }

  /** Invites somebody, accepts for them, and returns their cookie and id. */
  async function join(admin: string, email: string, roles: string[]) {
    const added = await call('POST', '/people', { cookie: admin, body: { name: email, email, roles } });
    const token = tokenOf(added.body.inviteUrl);
    const answer = await call('POST', '/auth/invite', { body: { token, password: PASSWORD } });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return { cookie: answer.cookie, id: answer.body.me.id as string };
  }

  return {
    open,
    identity,
    time,
    emitted,
    /** Work that passwords cost, in order. */
    hashes,
    call,
    setUp,
    join,
    tokenOf,
    close: async () => {
      await server.close();
      await open.close();
    },
  };
}
export type TestIdentity = Awaited<ReturnType<typeof startIdentity>>;
