/**
 * Fills a database with interactions and measures how long lists take, page after page and from any place in
 * time, with every filter; and how many rows a second a server takes from gateways.
 *
 *   DATABASE_URL=postgres://… node bench/interactions/run.ts [rows] [--json] [--keep]
 *
 * `rows` is 1,000,000 unless said otherwise, spread over 30 days. A database of its own is made on that server
 * and dropped afterwards, so the user needs CREATEDB; `--keep` leaves it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { ALL_PERMISSIONS, InteractionFilter } from '@bartizan/contracts';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import pg from 'pg';
import { auditMigrations, createAuditLog } from '../../server/audit/index.ts';
import { createDirectory, type IdentityTables, identityMigrations } from '../../server/identity/index.ts';
import { systemClock } from '../../server/kernel/clock.ts';
import { createEvents } from '../../server/kernel/events.ts';
import { createLifecycle, migrations } from '../../server/lifecycle/index.ts';
import { prepareFilter } from '../../server/lifecycle/interactions/filter.ts';
import { stretchQuery } from '../../server/lifecycle/interactions/pages.ts';
import { createBlindIndex } from '../../server/lifecycle/interactions/words.ts';
import { sampleRecord, shipBody } from '../../server/lifecycle/testing.ts';
import { migrate, openDatabase } from '../../server/platform/database/index.ts';
import { noBytes } from '../../server/platform/http/index.ts';

import type { Principal } from '../../server/platform/http/types.ts';
import { openObjects, recordObjects } from '../../server/platform/objects/index.ts';
import { COMMON_CHECK, ENDPOINTS, fill, keyId, RARE_CHECK, RARE_USER, WORDS } from './fill.ts';
import { measure, readPlan } from './measure.ts';

const DAYS = 30;
const DAY_MS = 86_400_000;
const PAGES = 100;
const rows = Number(process.argv[2]?.match(/^\d+$/)?.[0] ?? 1_000_000);
const url = process.env.DATABASE_URL;
if (!url) throw new Error('set DATABASE_URL to a PostgreSQL on which a database may be made');

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

const name = `bartizan_bench_${randomBytes(4).toString('hex')}`;
await administer(`create database ${name}`);
const target = new URL(url);
target.pathname = `/${name}`;
const open = openDatabase(target.href, { maxConnections: 6 });
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const masterKey = masterKeyFromHex(randomBytes(32).toString('hex'));
const index = createBlindIndex(masterKey);
const quiet = { info: () => undefined, warn: console.error, error: console.error };
const principal: Principal = {
  kind: 'person',
  id: randomUUID(),
  name: 'bench',
  roles: [],
  teams: '*',
  permissions: new Set(ALL_PERMISSIONS),
};

/** Endpoint 0 has the most traffic, 19 the least. */
const TEAMS = { busy: randomUUID(), quiet: randomUUID(), other: randomUUID() };
const teamOf = (endpoint: number): string | null =>
  endpoint < 4 ? TEAMS.busy : endpoint < 10 ? null : endpoint === 19 ? TEAMS.quiet : TEAMS.other;
const memberOf = (team: string): Principal => ({ ...principal, teams: new Set([team]) });
const VIEWERS: Readonly<Record<string, Principal>> = {
  'a member of a busy team': memberOf(TEAMS.busy),
  'a member of a quiet team': memberOf(TEAMS.quiet),
  'a member of no team': { ...principal, teams: new Set() },
  'a key for a quiet endpoint': { ...principal, kind: 'key', endpoints: new Set(ENDPOINTS.slice(19)) },
};

/** Says whose the filled endpoints are, without the endpoints themselves: as if they had been removed. */
const giveToTeams = () =>
  open.pool.query(
    `insert into removed_endpoints (id, team_id, slug, removed_at)
      select id, team, 'endpoint', 0 from unnest($1::uuid[], $2::uuid[]) as given(id, team)`,
    [ENDPOINTS, ENDPOINTS.map((_, index) => teamOf(index))],
  );

const lifecycle = createLifecycle({
  database: open.database,
  pool: open.pool,
  databaseUrl: open.url,
  server: { id: randomUUID(), version: 'bench', background: true },
  masterKey,
  audit: createAuditLog({ database: open.database, clock: systemClock }),
  alarm: async () => () => undefined,
  clearAlarm: async () => undefined,
  events: createEvents(() => undefined),
  clock: systemClock,
  logger: quiet,
  config: { publicUrl: '', gatewayUrl: '', demo: false, dataDir: '', maxUploadBytes: 0 },
  objects: recordObjects({
    objects: openObjects({ dataDir: tmpdir(), objects: { kind: 'folder' } }),
    database: open.database,
    now: systemClock.now,
  }),
  identity: {
    gatewayKeys: async () => [],
    touchKeys: async () => undefined,
    standBehind: async () => new Set<string>(),
    directory: createDirectory(open.database.withTables<IdentityTables>()),
  },
  reviews: {
    register: () => undefined,
    demandFree: async () => undefined,
    settings: async () => ({ fourEyes: false }),
  },
});

interface Input {
  readonly query?: object;
  readonly body?: object;
}

async function call<T>(routeId: string, input: Input, caller = principal): Promise<T> {
  const route = lifecycle.implementations.find(({ contract }) => contract.id === routeId);
  if (!route) throw new Error(`no route ${routeId}`);
  const { contract, handle } = route;
  const context = {
    principal: caller,
    requestId: '',
    address: '',
    userAgent: '',
    purpose: 'a benchmark',
    body: noBytes(),
    header: () => undefined,
    setHeader: () => undefined,
    status: () => undefined,
    signal: new AbortController().signal,
  };
  const parsed = { query: contract.query?.parse(input.query ?? {}), body: contract.body?.parse(input.body) };
  return (await handle(parsed as never, context)) as T;
}

const SCENARIOS: Readonly<Record<string, object>> = {
  everything: {},
  'an endpoint': { endpoint: ENDPOINTS[3] },
  'three endpoints': { endpoint: ENDPOINTS.slice(4, 7) },
  'a key': { key: keyId(150) },
  'a user': { user: 'user-1234' },
  'a rare user': { user: RARE_USER },
  'an unknown user': { user: 'nobody' },
  blocked: { verdict: 'block' },
  'not allowed': { verdict: 'flag,redact,block' },
  failed: { outcome: 'failed' },
  'a common check': { check: COMMON_CHECK },
  'a rare check': { check: RARE_CHECK },
  'endpoint, verdict and check': { endpoint: ENDPOINTS[10], verdict: 'block', check: COMMON_CHECK },
  'a key and a user of others': { key: keyId(3), user: 'user-77' },
};

interface Page {
  readonly items: readonly unknown[];
  readonly next: string | null;
}

/** A cursor anywhere in the filled time. */
function anywhere(): string {
  const at = Date.now() - Math.floor(Math.random() * DAYS * DAY_MS);
  return Buffer.from(`${at}.${randomUUID()}`).toString('base64url');
}

async function scenario(query: object, caller = principal) {
  const first = await measure(20, () => call<Page>('interactions.list', { query }, caller));
  let cursor: string | null = null;
  const following = await measure(PAGES, async () => {
    const page: Page = await call(
      'interactions.list',
      { query: cursor ? { ...query, cursor } : query },
      caller,
    );
    cursor = page.next;
  });
  const deep = await measure(PAGES, () =>
    call('interactions.list', { query: { ...query, cursor: anywhere() } }, caller),
  );
  return { first, following, deep };
}

async function explain(query: object, caller = principal) {
  const sight = await lifecycle.sightOf(caller);
  const filter = prepareFilter(InteractionFilter.parse(query), index, sight);
  const at = Date.now() - (DAYS / 2) * DAY_MS;
  const indexes = new Set<string>();
  const scanned = new Set<string>();
  for (const lengthMs of [3_600_000, 64 * 3_600_000]) {
    const stretch = { from: at - lengthMs, before: { at, id: randomUUID() } };
    const { sql, parameters } = stretchQuery(filter, stretch, 51).compile(open.database);
    const { rows: plans } = await open.pool.query(`explain (format json) ${sql}`, [...parameters]);
    const plan = readPlan(plans[0]['QUERY PLAN'][0].Plan);
    for (const used of plan.indexes) indexes.add(used);
    for (const relation of plan.scanned) scanned.add(relation);
  }
  return { indexes: [...indexes].sort(), fullScans: [...scanned] };
}

/** Search in the filled rows: as lists do it, but without opening what they found, for nothing real is in there. */
async function search(word: number) {
  const filter = { from: null, to: null, conditions: [], words: [], hashes: [String(word)] };
  return await measure(30, async () => {
    let found = 0;
    let lengthMs = 3_600_000;
    let before = { at: Date.now() - Math.floor(Math.random() * 5 * DAY_MS), id: randomUUID() };
    while (found < 51 && before.at > Date.now() - (DAYS + 1) * DAY_MS) {
      const from = before.at - lengthMs;
      const { rows: some } = await stretchQuery(filter, { from, before }, 51).execute(open.database);
      found += some.length;
      before = { at: from, id: '00000000-0000-0000-0000-000000000000' };
      lengthMs *= 4;
    }
  });
}

async function ship(batches: number, size: number) {
  const vocabulary = Array.from({ length: 20_000 }, () => randomBytes(4).toString('hex'));
  const word = () => vocabulary[Math.floor(vocabulary.length * Math.random() ** 3)] ?? '';
  const text = (words: number) => Array.from({ length: words }, word).join(' ');
  const bodies = Array.from({ length: batches }, () =>
    shipBody(Array.from({ length: size }, () => sampleRecord({ said: text(60), answered: text(60) }))),
  );
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (const body of bodies) await call('gateway.ship', { body });
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  return {
    rowsPerSecond: Math.round((batches * size) / seconds),
    batchSize: size,
    serverCpuMsPerRow: Math.round((used.user + used.system) / 10 / (batches * size)) / 100,
  };
}

try {
  await migrate(open.pool, [...identityMigrations, ...auditMigrations, ...migrations]);
  await lifecycle.start();
  const filling = performance.now();
  await fill(open.pool, rows, DAYS);
  say(`filled ${rows} rows in ${Math.round((performance.now() - filling) / 1000)} s`);
  const { rows: sizes } = await open.pool.query('select pg_database_size(current_database()) as bytes');
  const report: Record<string, unknown> = { rows, days: DAYS, gigabytes: Number(sizes[0].bytes) / 1e9 };
  report.ship = [await ship(2, 500), await ship(20, 500), await ship(5, 2000)];
  say(JSON.stringify(report));
  const lists: Record<string, unknown> = {};
  await giveToTeams();
  const cases: [string, object, Principal][] = [
    ...Object.entries(SCENARIOS).map(([title, query]): [string, object, Principal] => [
      title,
      query,
      principal,
    ]),
    ...Object.entries(VIEWERS).flatMap(([title, viewer]): [string, object, Principal][] => [
      [title, {}, viewer],
      [`${title}, blocked`, { verdict: 'block' }, viewer],
    ]),
  ];
  for (const [title, query, viewer] of cases) {
    const figures = { ...(await scenario(query, viewer)), ...(await explain(query, viewer)) };
    lists[title] = figures;
    const { first, following, deep, fullScans } = figures;
    say(
      `${title.padEnd(28)} first ${first.p50Ms}/${first.p99Ms}  following ${following.p50Ms}/${following.p99Ms}  anywhere ${deep.p50Ms}/${deep.p99Ms} ms (p50/p99)  full scans ${fullScans.length}`,
    );
  }
  const searches: Record<string, unknown> = {};
  for (const [title, word] of Object.entries(WORDS)) {
    searches[title] = await search(word);
    say(`${`a ${title} word`.padEnd(28)} ${JSON.stringify(searches[title])}`);
  }
  const overview = await measure(20, () => call('overview.get', { query: { windowMs: 86_400_000 } }));
  say(`overview of a day ${JSON.stringify(overview)}`);
  for (const [title, viewer] of Object.entries(VIEWERS)) {
    const figures = await measure(20, () =>
      call('overview.get', { query: { windowMs: 86_400_000 } }, viewer),
    );
    say(`overview of a day for ${title} ${JSON.stringify(figures)}`);
  }
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ ...report, lists, searches, overview })}\n`);
  }
} finally {
  await lifecycle.stop();
  await open.close();
  if (process.argv.includes('--keep')) say(`kept the database ${name}`);
  else await administer(`drop database ${name} with (force)`);
}
