import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { OpenDatabase } from '../database/index.ts';
import { cuttable, withTestDatabase } from '../database/testing.ts';
import {
  createLeadership,
  type Leadership,
  LeadershipLost,
  leadershipMigrations,
  type Term,
} from './index.ts';

let open: OpenDatabase;
const ends: (() => Promise<unknown> | unknown)[] = [];
const fast = { retryMs: 50, heartbeatMs: 50 };
const soon = { timeout: 20_000, interval: 20 };

beforeAll(async () => {
  open = await withTestDatabase(leadershipMigrations);
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => open.close());

interface Server {
  readonly leadership: Leadership;
  readonly terms: Term[];
  readonly lost: () => number;
}

function server(name: string, fields: Partial<Parameters<typeof createLeadership>[0]> = {}): Server {
  const terms: Term[] = [];
  let lost = 0;
  const leadership = createLeadership({
    url: open.url,
    name,
    serverId: randomUUID(),
    onElected: (term) => void terms.push(term),
    onLost: () => void lost++,
    ...fast,
    ...fields,
  });
  ends.push(leadership.stop);
  leadership.start();
  return { leadership, terms, lost: () => lost };
}

describe('leadership', () => {
  test('of several servers one leads, and when it stops another follows with a higher term', async () => {
    const all = [server('one'), server('one'), server('one')];
    const leaders = () => all.filter(({ leadership }) => leadership.term() !== null);
    await expect.poll(() => leaders().length, soon).toBe(1);
    const [first] = leaders() as [Server];
    await first.leadership.stop();
    expect(first.terms[0]?.signal.aborted).toBe(true);
    expect(first.lost()).toBe(1);
    await expect.poll(() => leaders().length, soon).toBe(1);
    const [second] = leaders() as [Server];
    expect(second).not.toBe(first);
    expect(second.terms[0]?.number).toBeGreaterThan(first.terms[0]?.number ?? Infinity);
  });

  test('different work has different leaders; one who must not stand never leads', async () => {
    const out = server('apart', { enabled: false });
    const one = server('apart');
    const two = server('apart-too');
    await expect.poll(() => one.terms.length + two.terms.length, soon).toBe(2);
    expect(out.terms).toEqual([]);
  });

  test('a leader whose connection breaks stops, and a fence keeps its late work out', async () => {
    const proxy = await cuttable(open.url);
    ends.push(() => proxy.server.close());
    const first = server('fenced', { url: proxy.url });
    await expect.poll(() => first.terms.length, soon).toBe(1);
    const term = first.terms[0] as Term;
    const client = await open.pool.connect();
    try {
      await client.query('begin');
      await term.fence(client);
      await client.query('commit');
      proxy.cut();
      await expect.poll(() => term.signal.aborted, soon).toBe(true);
      const second = server('fenced');
      await expect.poll(() => second.terms.length, soon).toBe(1);
      await expect(term.fence(client)).rejects.toBeInstanceOf(LeadershipLost);
      await (second.terms[0] as Term).fence(client);
    } finally {
      client.release();
    }
    proxy.heal();
  });

  test('nobody is elected while fenced work is being committed', async () => {
    const proxy = await cuttable(open.url);
    ends.push(() => proxy.server.close());
    const first = server('held', { url: proxy.url });
    await expect.poll(() => first.terms.length, soon).toBe(1);
    const client = await open.pool.connect();
    try {
      await client.query('begin');
      await (first.terms[0] as Term).fence(client);
      proxy.cut();
      const second = server('held');
      await expect.poll(() => (first.terms[0] as Term).signal.aborted, soon).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(second.terms).toEqual([]);
      await client.query('commit');
      await expect.poll(() => second.terms.length, soon).toBe(1);
    } finally {
      client.release();
    }
    proxy.heal();
  });

  test('one whose work cannot begin gives way', async () => {
    let tries = 0;
    const errors: unknown[] = [];
    const failing = server('failing', {
      onElected: () => {
        tries++;
        throw new Error('cannot begin');
      },
      onError: (error) => errors.push(error),
    });
    await expect.poll(() => tries, soon).toBeGreaterThan(0);
    const other = server('failing');
    await expect.poll(() => other.terms.length, soon).toBeGreaterThan(0);
    expect(errors.some((error) => (error as Error).message === 'cannot begin')).toBe(true);
    expect(failing.lost()).toBeGreaterThan(0);
  });

  test('a killed process is followed within seconds', async () => {
    const child = await leadingProcess('killed');
    const next = server('killed');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(next.terms).toEqual([]);
    const before = performance.now();
    child.kill('SIGKILL');
    await expect.poll(() => next.terms.length, soon).toBe(1);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});

/** A process of its own that leads `name`. */
async function leadingProcess(name: string): Promise<ChildProcess> {
  const script = `
    import { createLeadership } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    const term = await new Promise((resolve) => createLeadership({
      url: process.env.LEAD_URL, name: ${JSON.stringify(name)}, serverId: crypto.randomUUID(), onElected: resolve,
    }).start());
    process.send(term.number);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH, LEAD_URL: open.url },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  ends.push(() => child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', () => reject(new Error('the process ended before it led')));
  });
  return child;
}
