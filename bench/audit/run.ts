/**
 * Appends entries in batches to an audit log on a database of its own while a sequencer gives them their places, then
 * measures proofs and a whole verification; beside it the floor: the same leaves hashed into a tree in memory.
 *
 *   DATABASE_URL=postgres://… npm run -s bench:audit -- [--entries 1000000] [--batch 1000] [--writers 2] [--json]
 *
 * The database is made on that server and dropped afterwards, so the user needs CREATEDB.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { leafText } from '@bartizan/contracts/tlog/canonical.ts';
import { leafHash } from '@bartizan/contracts/tlog/hash.ts';
import { verifyInclusion } from '@bartizan/contracts/tlog/proof.ts';
import { createEdge } from '@bartizan/contracts/tlog/tiles.ts';
import pg from 'pg';
import { auditMigrations, createAuditTrail } from '../../server/audit/index.ts';
import { migrate, openDatabase } from '../../server/platform/database/index.ts';
import { leadershipMigrations } from '../../server/platform/leadership/index.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    batch: { type: 'string', default: '1000' },
    writers: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const entries = Number(values.entries);
const batch = Number(values.batch);
const writers = Number(values.writers);
const PROOFS = 2_000;
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const url = process.env.DATABASE_URL;
if (!url) throw new Error('set DATABASE_URL to a PostgreSQL on which a database may be made');

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

const actions = ['interactions.recorded', 'keys.created', 'policies.changed', 'interactions.content_read'];
const entryOf = (n: number) => ({
  actor: {
    kind: 'person' as const,
    id: `0190b0c0-0000-7000-8000-${String(n % 500).padStart(12, '0')}`,
    name: 'Ada Lovelace',
  },
  action: actions[n % actions.length] ?? '',
  subject: `interaction:0190b0c0-1111-7000-8000-${String(n).padStart(12, '0')}`,
  detail: { purpose: 'a customer complained about this answer', n, digest: 'f'.repeat(64) },
});

/** What no log can be faster than: the same texts hashed into the same tree, in memory, on one core. */
function floor(): number {
  const started = performance.now();
  const edge = createEdge();
  for (let from = 0; from < entries; from += batch) {
    const hashes: Buffer[] = [];
    for (let n = from; n < Math.min(from + batch, entries); n += 1) {
      const id = '0190b0c0-2222-7000-8000-000000000000';
      hashes.push(leafHash(Buffer.from(leafText({ id, at: 1_700_000_000_000, ...entryOf(n) }))));
    }
    edge.append(Buffer.concat(hashes));
    edge.root();
  }
  return entries / ((performance.now() - started) / 1000);
}

const name = `bartizan_bench_${randomBytes(4).toString('hex')}`;
await administer(`create database ${name}`);
const target = new URL(url);
target.pathname = `/${name}`;
const open = openDatabase(target.href, { maxConnections: writers + 4 });
const dataDir = mkdtempSync(join(tmpdir(), 'bench-audit-'));
try {
  await migrate(open.pool, [...auditMigrations, ...leadershipMigrations]);
  const trail = createAuditTrail({
    database: open.database,
    databaseUrl: open.url,
    serverId: randomUUID(),
    background: true,
    masterKey: masterKeyFromHex(randomBytes(32).toString('hex')),
    dataDir,
    clock: { now: () => Date.now() },
    warn: (message, error) => say(`${message} ${error ?? ''}`),
  });
  await trail.start();
  const first = (await trail.status()).size;

  say(`appending ${entries} entries, ${batch} at a time, ${writers} writers`);
  let next = 0;
  const started = performance.now();
  async function writer(): Promise<void> {
    while (next < entries) {
      const from = next;
      next = Math.min(next + batch, entries);
      await trail.log.recordMany(Array.from({ length: next - from }, (_, i) => entryOf(from + i)));
    }
  }
  await Promise.all(Array.from({ length: writers }, writer));
  const appendedMs = performance.now() - started;
  for (;;) {
    const { rows } = await open.pool.query('select size from audit_tree');
    if (rows[0].size >= first + entries) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const sequencedMs = performance.now() - started;

  say('one at a time: from commit to a signed place');
  const placed: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    await trail.log.record(entryOf(n));
    const committed = performance.now();
    while ((await open.pool.query('select from audit_waiting limit 1')).rowCount !== 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    placed.push(performance.now() - committed);
  }

  say(`${PROOFS} inclusion proofs`);
  const { size } = await trail.status();
  const took: number[] = [];
  for (let n = 0; n < PROOFS; n += 1) {
    const index = Math.floor(Math.random() * size);
    const before = performance.now();
    const proof = await trail.proofs.inclusion(index, size);
    took.push(performance.now() - before);
    const bytes = (text: string) => Buffer.from(text, 'base64');
    const holds = verifyInclusion({
      index,
      size,
      leafHash: bytes(proof.leafHash),
      root: bytes(proof.root),
      proof: proof.proof.map(bytes),
    });
    if (!holds) throw new Error(`the proof of ${index} does not hold`);
  }

  say('verifying all of it');
  const verifyStarted = performance.now();
  trail.verification.start();
  const verified = await trail.verification.settled();
  const verifyMs = performance.now() - verifyStarted;
  if (verified?.state !== 'passed') throw new Error(JSON.stringify(verified?.problems));
  await trail.stop();

  const at = (list: readonly number[], part: number) =>
    [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * part)] ?? 0;
  const result = {
    entries,
    appendedPerSecond: Math.round(entries / (appendedMs / 1000)),
    sequencedPerSecond: Math.round(entries / (sequencedMs / 1000)),
    proofP50Ms: at(took, 0.5),
    proofP99Ms: at(took, 0.99),
    placedP50Ms: at(placed, 0.5),
    placedMaxMs: at(placed, 1),
    verifySeconds: verifyMs / 1000,
    hashingFloorPerSecond: Math.round(floor()),
    residentMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  };
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else
    for (const [key, value] of Object.entries(result))
      process.stdout.write(`${key}: ${Number(value.toFixed(2))}\n`);
} finally {
  await open.close();
  await administer(`drop database if exists ${name} with (force)`);
  rmSync(dataDir, { recursive: true, force: true });
}
