import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestTrail, type TestTrail } from './testing.ts';

let t: TestTrail;
const children: ChildProcess[] = [];
beforeAll(async () => {
  t = await startTestTrail();
  await t.settled();
  // Only the processes that are killed sequence from here on.
  await t.trail.stop();
}, 300_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await t?.close();
});

/** A server in a process of its own that records without end and tells which entries were acknowledged. */
function recorder(): ChildProcess {
  const from = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { createAuditTrail, SYSTEM } from ${from('./index.ts')};
    import { openDatabase } from ${from('../platform/database/index.ts')};
    import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
    const open = openDatabase(process.env.TRAIL_URL);
    const trail = createAuditTrail({
      database: open.database, databaseUrl: open.url, serverId: crypto.randomUUID(), background: true,
      masterKey: masterKeyFromHex(process.env.TRAIL_KEY), dataDir: process.env.TRAIL_DIR,
      clock: { now: () => Date.now() }, warn: (message, error) => console.error(message, error ?? ''),
    });
    await trail.start();
    for (let n = 0; ; n += 1) {
      const subject = 'run:' + process.pid + '-' + n;
      await trail.log.recordMany(Array.from({ length: 1 + (n % 40) }, () =>
        ({ actor: SYSTEM, action: 'tests.killed', subject, detail: { n } })));
      process.send(subject);
    }
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('.', import.meta.url).pathname,
    env: {
      PATH: process.env.PATH,
      TRAIL_URL: t.open.url,
      TRAIL_KEY: t.masterKey.bytes.toString('hex'),
      TRAIL_DIR: t.dataDir,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  return child;
}

test('servers that are killed at any moment lose nothing that was acknowledged, and leave a whole tree', async () => {
  const acknowledged: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const child = recorder();
    const wanted = acknowledged.length + 25 + 17 * round;
    child.on('message', (subject) => acknowledged.push(String(subject)));
    await expect.poll(() => acknowledged.length, { timeout: 40_000, interval: 5 }).toBeGreaterThan(wanted);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await t.restart();
  await t.settled();
  const { rows } = await t.open.pool.query<{ subject: string; n: number; of: number }>(
    `select e.subject, count(*)::int as n, max((e.detail->>'n')::int) as of from audit_entries e
     join audit_sequence s on s.id = e.id where e.action = 'tests.killed' group by e.subject`,
  );
  const placed = new Map(rows.map(({ subject, n }) => [subject, n]));
  expect(acknowledged.filter((subject) => !placed.has(subject))).toEqual([]);
  expect(rows.filter(({ n, of }) => n !== 1 + (of % 40))).toEqual([]);
  expect(await t.verify()).toMatchObject({ state: 'passed', problems: [] });
  expect((await t.trail.status()).breaks).toEqual([]);
}, 180_000);
