import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type OpenDatabase, openDatabase } from '../database/index.ts';
import { withTestDatabase } from '../database/testing.ts';
import { createJobs, defineQueue, JOBS_SCHEMA, type Jobs, jobMigrations, type Queue } from './index.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000 });

let open: OpenDatabase;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  open = await withTestDatabase(jobMigrations);
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => open?.close());

const POLL = { timeout: 40_000, interval: 50 };
const retries = { limit: 2, delaySeconds: 1, maxDelaySeconds: 1 };
const numbers = (name: string, given: Partial<Queue> = {}) =>
  defineQueue({
    name,
    payload: z.object({ n: z.number() }),
    retries,
    deadlineSeconds: 60,
    concurrency: 1,
    lookEverySeconds: 0.5,
    ...given,
  } as never) as Queue<z.ZodObject<{ n: z.ZodNumber }>>;

interface Server {
  readonly jobs: Jobs;
  readonly problems: string[];
}

function server(queues: readonly Queue[], background = true): Server {
  const problems: string[] = [];
  const jobs = createJobs({
    pool: open.pool,
    background,
    queues,
    now: () => Date.now(),
    superviseSeconds: 2,
    onError: (_, message) => void problems.push(message),
  });
  ends.push(() => jobs.stop());
  return { jobs, problems };
}

test('servers share the work: each job is done once; one with background off does none', async () => {
  const queue = numbers('shared', { concurrency: 2 });
  const seen: { server: string; n: number }[] = [];
  const [a, b, idle] = [server([queue]), server([queue]), server([queue], false)] as const;
  for (const [name, { jobs }] of Object.entries({ a, b, idle })) {
    jobs.work(queue, async ({ payload }) => void seen.push({ server: name, n: payload.n }));
    await jobs.start();
  }
  for (let n = 0; n < 20; n += 1) expect(await idle.jobs.send(queue, { n }, { key: `${n}` })).toBe(true);
  await expect.poll(() => seen.length, POLL).toBe(20);
  expect(seen.map(({ n }) => n).toSorted((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(seen.some((one) => one.server === 'idle')).toBe(false);
});

test('a key waits or runs once; a payload of another shape is refused; a job belongs to its transaction', async () => {
  const queue = numbers('keys');
  const { jobs } = server([queue]);
  await jobs.start();
  expect(await jobs.send(queue, { n: 1 }, { key: 'one' })).toBe(true);
  expect(await jobs.send(queue, { n: 2 }, { key: 'one' })).toBe(false);
  await expect(jobs.send(queue, { n: 'x' } as never, { key: 'two' })).rejects.toThrow(/expected number/);
  const undone = open.database.transaction().execute(async (tx) => {
    expect(await jobs.send(queue, { n: 3 }, { key: 'undone', within: tx })).toBe(true);
    throw new Error('taken back');
  });
  await expect(undone).rejects.toThrow('taken back');
  await open.database.transaction().execute((tx) => jobs.send(queue, { n: 4 }, { key: 'kept', within: tx }));
  expect(await jobs.alive(queue, ['one', 'undone', 'kept'])).toEqual(new Set(['one', 'kept']));
  const [counts] = await jobs.counts();
  expect(counts).toMatchObject({ queue: 'keys', waiting: 2, running: 0, failed: 0 });
});

test('what fails is tried again and given up on after its retries; progress is shown meanwhile', async () => {
  const queue = numbers('failing');
  const { jobs, problems } = server([queue]);
  const attempts: [number, boolean][] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((done) => {
    release = done;
  });
  jobs.work(queue, async ({ attempt, last, progress }) => {
    attempts.push([attempt, last]);
    if (attempt === 1) {
      progress({ done: 3, total: 10, detail: { file: 'a' } });
      await held;
    }
    throw new Error('no');
  });
  await jobs.start();
  await jobs.send(queue, { n: 1 }, { key: 'k' });
  await expect
    .poll(async () => (await jobs.progressOf(queue, ['k'])).get('k'), POLL)
    .toEqual({ done: 3, total: 10, detail: { file: 'a' } });
  release();
  await expect.poll(async () => (await jobs.counts())[0]?.failed, POLL).toBe(1);
  expect(attempts).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ]);
  expect(problems).toHaveLength(3);
  expect((await jobs.progressOf(queue, ['k'])).size).toBe(0);
});

test('a cancelled job hears of it; its time limit ends one that does not', async () => {
  const queue = numbers('cancelled', { deadlineSeconds: 2, retries: { ...retries, limit: 0 } });
  const { jobs } = server([queue]);
  const heard: number[] = [];
  let running = 0;
  jobs.work(queue, async ({ payload, signal }) => {
    running += 1;
    await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    heard.push(payload.n);
    throw new Error('stopped');
  });
  await jobs.start();
  await jobs.send(queue, { n: 1 }, { key: 'a' });
  await expect.poll(() => running, POLL).toBe(1);
  expect(await jobs.cancel(queue, 'a')).toBe(true);
  await expect.poll(() => heard, POLL).toEqual([1]);
  expect(await jobs.cancel(queue, 'a')).toBe(false);
  await jobs.send(queue, { n: 2 }, { key: 'b' });
  await expect.poll(() => heard, POLL).toEqual([1, 2]);
  await expect.poll(async () => (await jobs.counts())[0]?.failed, POLL).toBe(1);
});

test('a server that stops gives its job to another', async () => {
  const queue = numbers('handed-over', { retries: { ...retries, limit: 3 } });
  const [first, second] = [server([queue]), server([queue])];
  let began = 0;
  const done: number[] = [];
  first.jobs.work(queue, async ({ signal }) => {
    began += 1;
    await new Promise((_, fail) =>
      signal.addEventListener('abort', () => fail(signal.reason), { once: true }),
    );
  });
  second.jobs.work(queue, async ({ payload }) => void done.push(payload.n));
  await first.jobs.start();
  await first.jobs.send(queue, { n: 7 }, { key: 'k' });
  await expect.poll(() => began, POLL).toBe(1);
  await first.jobs.stop();
  expect(first.problems).toEqual([]);
  await second.jobs.start();
  await expect.poll(() => done, POLL).toEqual([7]);
});

async function until(child: ChildProcess, word: string): Promise<void> {
  for await (const chunk of child.stdout as AsyncIterable<Buffer>)
    if (chunk.toString().includes(word)) return;
  throw new Error('the process ended without the word');
}

test('a job whose server is killed is taken up by another', async () => {
  const queue = numbers('orphaned');
  const { jobs } = server([queue]);
  const done: [number, number][] = [];
  jobs.work(queue, async ({ payload, attempt }) => void done.push([payload.n, attempt]));
  const child = spawn(
    process.execPath,
    [new URL('./killed.fixture.ts', import.meta.url).pathname, open.url],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await until(child, 'working');
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
  // Time passes: nobody has heard of that server for a minute.
  const other = openDatabase(open.url, { maxConnections: 1 });
  ends.push(() => other.close());
  const silent = `update ${JOBS_SCHEMA}.job set heartbeat_on = now() - interval '1 minute'
    where name = 'orphaned' and state = 'active'`;
  expect((await other.pool.query(silent)).rowCount).toBe(1);
  await jobs.start();
  expect((await jobs.counts())[0]?.silent).toBe(1);
  await expect.poll(() => done, { timeout: 60_000, interval: 100 }).toEqual([[5, 2]]);
}, 300_000);
