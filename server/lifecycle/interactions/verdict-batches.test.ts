import type { AuditProblem } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpenDatabase } from '../../platform/database/index.ts';
import { sampleFinding, sampleRecord, shipBody, startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
let open: OpenDatabase;
beforeAll(async () => {
  server = await startTestServer();
  open = server.open;
});
afterAll(async () => server?.close());

async function check(): Promise<{ problems: AuditProblem[]; seen: number }> {
  const problems: AuditProblem[] = [];
  let seen = 0;
  await server.lifecycle.verdictCheck.run({
    problem: (problem) => void problems.push(problem),
    phase: () => undefined,
    entries: () => undefined,
    interactions: (more) => {
      seen += more;
    },
    breathe: async () => undefined,
    signal: new AbortController().signal,
  });
  return { problems, seen };
}
const ship = (records: ReturnType<typeof sampleRecord>[]) =>
  server.call('gateway.ship', { body: shipBody(records) });

test('each batch leaves one entry; what is sent again leaves none', async () => {
  const records = [
    sampleRecord({ verdict: 'block', wouldBe: 'block', findings: [sampleFinding(0, 3)], user: 'zoë \ud800' }),
    sampleRecord({
      retention: 'hash',
      said: null,
      timings: { totalMs: 0.1 + 0.2, guardMs: 0, upstreamMs: 0, firstTokenMs: null, guards: [] },
    }),
    sampleRecord({ endpointId: '018F3B1E-7F10-7000-8000-000000000000', policyVersion: 2 ** 40 }),
  ];
  await ship(records);
  await ship(records);
  const entries = (await server.audited()).filter(({ action }) => action === 'interactions.recorded');
  expect(entries).toMatchObject([{ detail: { count: 3, verdicts: { allow: 2, block: 1 } } }]);
  expect(await check()).toEqual({ problems: [], seen: 3 });
});

test.each([
  ['verdict', "verdict = 'allow'"],
  ['would_be', "would_be = 'allow'"],
  ['outcome', "outcome = 'cancelled'"],
  ['checks', "checks = '{}'"],
  ['user', "user_name = 'somebody'"],
  ['total_ms', 'total_ms = total_ms + 1'],
  ['policy_version', 'policy_version = 9'],
  ['expires_at', 'expires_at = expires_at + 1'],
])('somebody who edits %s is found, and the interaction named', async (_, change) => {
  const record = sampleRecord({ verdict: 'flag', wouldBe: 'block', findings: [sampleFinding(0, 3)] });
  await ship([record, sampleRecord()]);
  const before = (await open.pool.query('select * from interactions where id = $1', [record.id])).rows[0];
  await open.pool.query(`update interactions set ${change} where id = $1`, [record.id]);
  expect((await check()).problems).toMatchObject([{ kind: 'verdict-altered', id: record.id }]);
  const columns = Object.keys(before);
  await open.pool.query(
    `update interactions set ${columns.map((name, i) => `${name} = $${i + 2}`).join(', ')} where id = $1`,
    [record.id, ...columns.map((name) => before[name])],
  );
  expect((await check()).problems).toEqual([]);
});

test('so is somebody who removes an interaction, its content, or the list that the digest is over', async () => {
  const record = sampleRecord({ verdict: 'block' });
  await ship([record]);
  const gone = async (sql: string) => {
    const client = await open.pool.connect();
    try {
      await client.query('begin');
      await client.query(sql);
      await client.query('commit');
    } finally {
      client.release();
    }
    return (await check()).problems;
  };
  expect(await gone(`delete from interaction_contents where id = '${record.id}'`)).toMatchObject([
    { kind: 'verdict-missing', id: record.id },
  ]);
  expect(await gone(`delete from interactions where id = '${record.id}'`)).toMatchObject([
    { kind: 'verdict-missing', id: record.id },
  ]);
  expect(
    await gone(`update interaction_batches set expiries = '{1}' where '${record.id}' = any(ids)`),
  ).toMatchObject([{ kind: 'verdict-altered' }]);
  expect(await gone(`delete from interaction_batches where '${record.id}' = any(ids)`)).toMatchObject([
    { kind: 'verdict-missing' },
  ]);
});

test('what has expired is no problem', async () => {
  const problems = (await check()).problems.length;
  await ship([sampleRecord({ at: Date.now() - 10 * 86_400_000, expiresAt: Date.now() - 1 })]);
  expect((await check()).problems).toHaveLength(problems);
});

test('bytes that no longer open hide nobody else, and are named', async () => {
  const [broken, keyless, altered] = [sampleRecord(), sampleRecord(), sampleRecord({ verdict: 'block' })];
  await ship([broken, keyless, altered]);
  await open.pool.query(
    `update interaction_contents set body = set_byte(body, 60, get_byte(body, 60) # 255) where id = $1`,
    [broken.id],
  );
  await open.pool.query('update interaction_contents set key_day = 1 where id = $1', [keyless.id]);
  await open.pool.query("update interactions set verdict = 'allow' where id = $1", [altered.id]);
  const kinds = new Map((await check()).problems.map(({ id, kind }) => [id, kind]));
  for (const { id } of [broken, keyless, altered])
    expect([id, kinds.get(id)]).toEqual([id, 'verdict-altered']);
});
