import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ALL_PERMISSIONS,
  type InteractionRecord,
  type Permission,
  type SnapshotKey,
} from '@bartizan/contracts';
import { type MasterKey, masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { auditMigrations, createAuditLog } from '../audit/index.ts';
import { createAlarms, createDirectory, type IdentityTables, identityMigrations } from '../identity/index.ts';
import { standBehind } from '../identity/key-backers.ts';
import { createEvents } from '../kernel/events.ts';
import { uuidv7 } from '../kernel/id.ts';
import { type OpenDatabase, openDatabase } from '../platform/database/index.ts';
import { withTestDatabase } from '../platform/database/testing.ts';
import { noBytes } from '../platform/http/index.ts';
import type { Principal, RequestContext, RouteImplementation } from '../platform/http/types.ts';
import { openObjects, type RecordedObjects, recordObjects } from '../platform/objects/index.ts';
import { createReviews, reviewMigrations } from '../reviews/index.ts';
import { createLifecycle, type Lifecycle, type LifecycleEvents, migrations } from './index.ts';

/** One server of an instance, for tests: routes are called as the HTTP layer calls them. */
export interface TestServer {
  readonly lifecycle: Lifecycle;
  readonly open: OpenDatabase;
  readonly objects: RecordedObjects;
  readonly events: ReturnType<typeof createEvents<LifecycleEvents>>;
  readonly touched: { ids: readonly string[]; atMs: number }[];
  readonly keys: SnapshotKey[];
  /** Alarms of which the rest of the process was told. */
  readonly announced: unknown[];
  /** Calls a route by its id; input and output go through the contract. */
  readonly call: (routeId: string, input?: CallInput) => Promise<never>;
  readonly audited: () => Promise<{ action: string; subject: string; detail: unknown }[]>;
  readonly close: () => Promise<void>;
}

interface CallInput {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly principal?: Principal;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a route that receives bytes is sent. */
  readonly bytes?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** Receives headers and status that the handler sets. */
  readonly answer?: Record<string, unknown>;
}

export function principalWith(permissions: readonly Permission[] = ALL_PERMISSIONS): Principal {
  return {
    kind: 'person',
    id: randomUUID(),
    name: 'Ada',
    roles: [],
    permissions: new Set(permissions),
    teams: '*',
  };
}

export interface TestServerOptions {
  /** Another address of the database for connections that are held: LISTEN, leadership. */
  readonly listenUrl?: string;
  /** Another server on the same database. */
  readonly beside?: TestServer;
  readonly masterKey?: MasterKey;
  readonly now?: () => number;
  /** False: takes no part in scheduled work, delivering to sinks among it. */
  readonly background?: boolean;
  /** True where warnings are what is tested; otherwise a server that logged one fails when it is closed. */
  readonly mayWarn?: boolean;
}

export const TEST_MASTER_KEY = masterKeyFromHex(randomBytes(32).toString('hex'));

function caller(implementations: readonly RouteImplementation[], now: () => number): TestServer['call'] {
  return async (routeId, input = {}) => {
    const route = implementations.find(({ contract }) => contract.id === routeId);
    if (!route) throw new Error(`no route ${routeId}`);
    const { contract, handle } = route;
    const context: RequestContext = {
      // As if they had just signed in, where the test says nothing else.
      principal: { confirmedAt: now(), ...(input.principal ?? principalWith()) },
      requestId: 'test',
      address: '127.0.0.1',
      userAgent: 'test',
      purpose: input.headers?.['bartizan-purpose'] ?? '',
      body: input.bytes ?? noBytes(),
      header: (name) => input.headers?.[name],
      setHeader: (name, value) => {
        if (input.answer) input.answer[name] = value;
      },
      status: (code) => {
        if (input.answer) input.answer.status = code;
      },
      signal: input.signal ?? new AbortController().signal,
    };
    const result = await handle(
      {
        params: contract.params?.parse(input.params),
        query: contract.query?.parse(input.query ?? {}),
        body: contract.body?.parse(input.body),
      } as never,
      context,
    );
    return (contract.response && result !== undefined ? contract.response.parse(result) : result) as never;
  };
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const open = options.beside
    ? openDatabase(options.beside.open.url, { maxConnections: 5 })
    : await withTestDatabase([...identityMigrations, ...auditMigrations, ...reviewMigrations, ...migrations]);
  const failures: unknown[] = [];
  const fail = (fields: object, message: string) =>
    void (options.mayWarn || failures.push({ fields, message }));
  const events = createEvents<LifecycleEvents>((_, error) => void failures.push(error));
  const clock = { now: options.now ?? (() => Date.now()) };
  const touched: { ids: readonly string[]; atMs: number }[] = [];
  const keys: SnapshotKey[] = [];
  const announced: unknown[] = [];
  const audit = createAuditLog({ database: open.database, clock });
  const reviews = createReviews({
    database: open.database,
    audit,
    clock,
    whoMay: async () => [],
    standBehind,
    alarm: async () => undefined,
  });
  const alarms = createAlarms({
    db: open.database.withTables<IdentityTables>(),
    audit,
    events: { emit: (_, raised) => void announced.push(raised) },
    clock,
  });
  const dataDir = join(tmpdir(), `bartizan-${randomUUID()}`);
  const objects = recordObjects({
    objects: openObjects({ dataDir, objects: { kind: 'folder' } }),
    database: open.database,
    now: clock.now,
  });
  const lifecycle = createLifecycle({
    database: open.database,
    pool: open.pool,
    databaseUrl: options.listenUrl ?? open.url,
    server: { id: randomUUID(), version: 'test', background: options.background ?? true },
    masterKey: options.masterKey ?? TEST_MASTER_KEY,
    audit,
    async alarm(draft, within) {
      const raised = await alarms.raise(within.withTables<IdentityTables>(), draft, true);
      return () => alarms.announce(raised);
    },
    clearAlarm: (over, within) => alarms.clear(within.withTables<IdentityTables>(), over),
    reviews,
    events,
    clock,
    logger: { info: () => undefined, warn: fail, error: fail },
    config: {
      publicUrl: 'http://127.0.0.1:7600',
      gatewayUrl: 'http://127.0.0.1:7601',
      demo: true,
      dataDir,
      maxUploadBytes: 64 * 1024 * 1024,
    },
    objects,
    identity: {
      standBehind,
      gatewayKeys: async () => keys.map((key) => ({ ...key, teams: '*' as const })),
      touchKeys: async (ids, atMs) => void touched.push({ ids, atMs }),
      directory: createDirectory(open.database.withTables<IdentityTables>()),
    },
  });
  await lifecycle.start();
  return Object.freeze({
    lifecycle,
    open,
    objects,
    events,
    touched,
    keys,
    announced,
    call: caller([...lifecycle.implementations, ...reviews.implementations], clock.now),
    async audited() {
      const { rows } = await open.pool.query('select action, subject, detail from audit_entries order by id');
      return rows as { action: string; subject: string; detail: unknown }[];
    },
    async close() {
      await lifecycle.stop();
      await open.close();
      await rm(join(dataDir, 'objects'), { recursive: true, force: true });
      if (failures.length > 0) throw new Error(`the server logged failures: ${JSON.stringify(failures)}`);
    },
  });
}

const sha = (): string => randomBytes(32).toString('hex');

export interface SampleRecord extends Partial<Omit<InteractionRecord, 'segments'>> {
  /** What the user said; null for digests only. */
  readonly said?: string | null;
  readonly answered?: string;
}

/** A record as a gateway ships it. */
export function sampleRecord(given: SampleRecord = {}): InteractionRecord {
  const { said = 'hello there', answered = 'good morning', ...fields } = given;
  const at = fields.at ?? Date.now();
  const segment = (index: number, text: string | null, direction: 'input' | 'output') => ({
    index,
    direction,
    author: direction === 'input' ? ('user' as const) : ('assistant' as const),
    kind: 'message' as const,
    path: `/messages/${index}/content`,
    text,
    sha256: sha(),
    chars: text?.length ?? 0,
  });
  return {
    id: uuidv7(at),
    at,
    gatewayId: 'gateway-1',
    requestId: randomUUID(),
    endpointId: null,
    endpointSlug: 'demo',
    keyId: null,
    keyName: 'a key',
    user: null,
    api: 'chat.completions',
    model: 'demo',
    upstreamModel: null,
    upstreamId: null,
    streamed: false,
    status: 200,
    outcome: 'answered',
    verdict: 'allow',
    wouldBe: 'allow',
    policyId: null,
    policyVersion: null,
    snapshotVersion: 'v',
    findings: [],
    guardErrors: [],
    attempts: [],
    timings: { totalMs: 12, guardMs: 1, upstreamMs: 10, firstTokenMs: null, guards: [] },
    usage: { inputTokens: 3, outputTokens: 4 },
    retention: 'full',
    expiresAt: at + 30 * 86_400_000,
    segments: [segment(0, said, 'input'), segment(0, said === null ? null : answered, 'output')],
    rawRequest: null,
    rawResponse: null,
    error: null,
    ...fields,
  };
}

/** A finding in the first input segment. */
export function sampleFinding(start: number, end: number, check = 'text/secrets') {
  return {
    rule: 'r',
    check,
    action: 'block' as const,
    direction: 'input' as const,
    segment: 0,
    author: 'user' as const,
    start,
    end,
    score: 0.9,
    kind: 'api-key',
    message: 'an API key',
    enforced: true,
  };
}

export function shipBody(interactions: readonly InteractionRecord[]) {
  return { gatewayId: 'gateway-1', snapshotVersion: 'v', backlog: 0, interactions };
}
