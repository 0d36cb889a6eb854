import { randomUUID } from 'node:crypto';
import { type Limits, NO_LIMITS } from '@bartizan/contracts';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { redisBinary, startRedis, type TestRedis } from '../../../tests/support/redis.ts';
import { silentLog, temporaryDirectory, testMaster } from '../../journal/testing.ts';
import type { Admission, LimitSubject } from '../../ports.ts';
import { createLimiter } from '../limiter.ts';
import { createContributions } from './contributions.ts';
import { type OpenShared, type OpenSharedOptions, openSharedLimiter } from './index.ts';

const soon = { timeout: 20_000, interval: 20 };
const ends: (() => Promise<unknown> | unknown)[] = [];
let redis: TestRedis;
let directory: string;

const subject = (limits: Partial<Limits>, kind: LimitSubject['kind'] = 'key', id = 'k'): LimitSubject => ({
  kind,
  id,
  limits: { ...NO_LIMITS, ...limits },
});

/** A gateway as far as limits go. On a slow machine it waits long for Redis: what is tested is not the speed. */
async function gateway(fields: Partial<OpenSharedOptions> = {}): Promise<OpenShared & { local: string }> {
  const local = createLimiter({ clock: { now: () => Date.now() } });
  const name = fields.name ?? `gw-${randomUUID().slice(0, 8)}`;
  const shared = await openSharedLimiter({
    url: redis.url,
    timeoutMs: 5_000,
    without: 'share',
    gateways: null,
    workers: 1,
    name,
    dataDir: directory,
    master: testMaster,
    local,
    log: silentLog,
    ...fields,
  });
  ends.push(shared.close);
  return { ...shared, local: name };
}

const ready = (...all: OpenShared[]): Promise<void> =>
  expect
    .poll(
      () => all.every((one) => one.status().mode === 'shared' && one.status().members >= all.length),
      soon,
    )
    .toBe(true);

async function admit(at: OpenShared, ...subjects: LimitSubject[]): Promise<Admission> {
  return await at.admit(subjects, Date.now());
}

/** Asks all gateways at once, again and again; gives how many were admitted. */
async function flood(all: readonly OpenShared[], one: LimitSubject, each: number): Promise<number> {
  const answers = await Promise.all(
    all.flatMap((at) =>
      Array.from({ length: 8 }, async () => {
        let admitted = 0;
        for (let index = 0; index < each / 8; index++) {
          const answer = await admit(at, one);
          if (answer.admitted) {
            admitted += 1;
            answer.settle(0);
          }
        }
        return admitted;
      }),
    ),
  );
  return answers.reduce((sum, count) => sum + count, 0);
}

describe.skipIf(redisBinary() === null)('limits through Redis', () => {
  beforeEach(async () => {
    const temporary = await temporaryDirectory();
    directory = temporary.path;
    ends.push(temporary.remove);
    redis = await startRedis();
    ends.push(redis.close);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  it('keeps requests a minute over three gateways, none too many and, once slices are back, none lost', async () => {
    const all = [await gateway(), await gateway(), await gateway()];
    await ready(...all);
    for (const limit of [1, 7, 100, 2_000]) {
      const one = subject({ requestsPerMinute: limit }, 'key', `limit-${limit}`);
      let admitted = await flood(all, one, limit * 2);
      expect(admitted).toBeLessThanOrEqual(limit);
      // Unused parts of slices go back within a moment, and can then be had.
      await expect.poll(async () => (admitted += await flood(all, one, 40)), soon).toBe(limit);
      expect((await admit(all[0] as OpenShared, one)).admitted).toBe(false);
    }
  });

  it('asks Redis for few of many requests', async () => {
    const one = await gateway();
    await ready(one);
    const limited = subject({ requestsPerMinute: 1_000_000 });
    expect(await flood([one], limited, 4_000)).toBe(4_000);
    expect(one.status().asked).toBeLessThan(1_000);
    expect(one.status().degraded).toBe(0);
  });

  it('keeps tokens of a minute and a day: nobody is admitted once what was used is known', async () => {
    const all = [await gateway(), await gateway()];
    await ready(...all);
    for (const limits of [{ tokensPerMinute: 100 }, { tokensPerDay: 100 }]) {
      const one = subject(limits, 'key', Object.keys(limits)[0]);
      const first = await admit(all[0] as OpenShared, one);
      const under = await admit(all[1] as OpenShared, one);
      if (!first.admitted || !under.admitted) throw new Error('refused');
      first.settle(70);
      under.settle(45);
      for (const at of all) await expect.poll(async () => (await admit(at, one)).admitted, soon).toBe(false);
      const refused = await admit(all[0] as OpenShared, one);
      expect(refused).toMatchObject({ subject: 'key', limit: Object.keys(limits)[0] });
    }
  });

  it('admits all subjects of a request or none', async () => {
    const at = await gateway();
    await ready(at);
    const key = subject({ requestsPerMinute: 10 }, 'key');
    const endpoint = subject({ requestsPerMinute: 3 }, 'endpoint', 'e');
    let admitted = 0;
    for (let index = 0; index < 8; index++) if ((await admit(at, key, endpoint)).admitted) admitted++;
    expect(admitted).toBe(3);
    await expect
      .poll(async () => {
        if ((await admit(at, key)).admitted) admitted++;
        return admitted;
      }, soon)
      .toBe(10);
  });

  it('keeps requests at once over gateways, and frees those of one that was cut off', async () => {
    const all = [await gateway(), await gateway()] as const;
    await ready(...all);
    const one = subject({ concurrent: 3 });
    const open = [await admit(all[0], one), await admit(all[1], one), await admit(all[1], one)];
    expect(open.every(({ admitted }) => admitted)).toBe(true);
    expect(await admit(all[0], one)).toMatchObject({ admitted: false, limit: 'concurrent' });
    const [first] = open;
    if (first?.admitted) {
      first.release?.();
      first.release?.();
    }
    await expect.poll(async () => (await admit(all[1], one)).admitted, soon).toBe(true);
    expect((await admit(all[0], one)).admitted).toBe(false);
    await all[1].close();
    await expect.poll(async () => (await admit(all[0], one)).admitted, soon).toBe(true);
  });

  it('goes by shares while Redis is away, and counts what was used meanwhile once it is back, empty', async () => {
    const all = [await gateway(), await gateway(), await gateway()] as const;
    await ready(...all);
    const minute = subject({ requestsPerMinute: 30 }, 'key', 'minute');
    const day = subject({ tokensPerDay: 900 }, 'key', 'day');
    const use = async (at: OpenShared, tokens: number): Promise<boolean> => {
      const answer = await admit(at, day);
      if (answer.admitted) answer.settle(tokens);
      return answer.admitted;
    };
    for (const at of all) expect(await use(at, 100)).toBe(true);
    // What is left of the day is known to each by its next question.
    await expect
      .poll(async () => {
        for (const at of all) await use(at, 0);
        const hashes = new Redis(redis.url);
        const keys = await hashes.keys('*:d:*');
        const totals = await Promise.all(keys.map((key) => hashes.hvals(key)));
        hashes.disconnect();
        return totals.flat().reduce((sum, value) => sum + Number(value), 0);
      }, soon)
      .toBe(300);
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (const at of all) await use(at, 0);
    await redis.kill();
    for (const at of all) await expect.poll(() => at.status().mode, soon).toBe('degraded');
    // 30 over three: ten each.
    for (const at of all) expect(await flood([at], minute, 40)).toBe(10);
    // 600 of the day were left: 200 each.
    for (const at of all) {
      expect(await use(at, 200)).toBe(true);
      expect(await use(at, 1)).toBe(false);
    }
    await redis.start();
    await ready(...all);
    for (const at of all) {
      expect((await admit(at, minute)).admitted).toBe(false);
      expect(await admit(at, day)).toMatchObject({ admitted: false, limit: 'tokensPerDay' });
    }
    const known = new Redis(redis.url);
    ends.push(() => known.disconnect());
    const [key = ''] = await known.keys('*:d:*');
    expect((await known.hvals(key)).reduce((sum, value) => sum + Number(value), 0)).toBe(900);
  });

  it('restores a day from the files of gateways that started anew, counting nothing twice', async () => {
    const name = 'gw-kept';
    const first = await gateway({ name });
    await ready(first);
    const day = subject({ tokensPerDay: 1_000 });
    const answer = await admit(first, day);
    if (answer.admitted) answer.settle(400);
    await first.close();
    const second = await gateway({ name });
    await ready(second);
    const more = await admit(second, day);
    if (more.admitted) more.settle(300);
    await second.close();
    await redis.kill();
    await redis.start();
    const third = await gateway({ name });
    await ready(third);
    const client = new Redis(redis.url);
    ends.push(() => client.disconnect());
    const [key = ''] = await client.keys('*:d:*');
    expect((await client.hvals(key)).map(Number).toSorted()).toEqual([300, 400]);
    const last = await admit(third, day);
    if (last.admitted) last.settle(300);
    await expect.poll(async () => (await admit(third, day)).admitted, soon).toBe(false);
  });

  it('refuses, or lets all through, without Redis where the operator wants that', async () => {
    await redis.kill();
    const denying = await gateway({ without: 'deny' });
    expect(await admit(denying, subject({ requestsPerMinute: 5 }))).toMatchObject({
      admitted: false,
      unknown: true,
    });
    expect((await admit(denying, subject({}))).admitted).toBe(true);
    const full = await gateway({ without: 'full', gateways: 5 });
    expect(await flood([full], subject({ requestsPerMinute: 5 }), 16)).toBe(5);
    const share = await gateway({ gateways: 5 });
    expect(await flood([share], subject({ requestsPerMinute: 50 }), 80)).toBe(10);
  });

  it('decides alone when Redis hangs, and soon without waiting for it', async () => {
    const at = await gateway({ timeoutMs: 100 });
    await ready(at);
    const one = subject({ requestsPerMinute: 50 });
    process.kill(redis.pid(), 'SIGSTOP');
    try {
      expect(await flood([at], one, 80)).toBe(50);
      expect(at.status()).toMatchObject({ mode: 'degraded' });
      // Waiting for Redis would take all of them, each time, 5 seconds.
      let quickest = Number.POSITIVE_INFINITY;
      for (let round = 0; quickest >= 2_000 && round < 8; round++) {
        const before = performance.now();
        for (let index = 0; index < 50; index++) await admit(at, one);
        quickest = Math.min(quickest, performance.now() - before);
      }
      expect(quickest).toBeLessThan(2_000);
    } finally {
      process.kill(redis.pid(), 'SIGCONT');
    }
    await ready(at);
    expect((await admit(at, one)).admitted).toBe(false);
  });

  it('names no user in Redis, keeps instances apart, and lets everything expire', async () => {
    const at = await gateway();
    const other = await gateway({ master: masterKeyFromHex('1f'.repeat(32)) });
    await ready(at);
    await ready(other);
    const user = subject(
      { requestsPerMinute: 1, tokensPerDay: 10, concurrent: 5 },
      'user',
      'e:anna@example.org',
    );
    for (const one of [at, other]) {
      const answer = await admit(one, user);
      expect(answer.admitted).toBe(true);
      if (answer.admitted) answer.settle(5);
    }
    const client = new Redis(redis.url);
    ends.push(() => client.disconnect());
    await expect.poll(async () => (await client.keys('*:d:*')).length, soon).toBe(2);
    const keys = await client.keys('*');
    expect(keys.join(' ')).not.toContain('anna');
    expect(new Set(keys.map((key) => key.slice(0, key.indexOf('}'))))).toHaveLength(2);
    for (const key of keys) {
      expect(await client.pttl(key), key).toBeGreaterThan(0);
      if ((await client.type(key)) === 'string') expect(await client.get(key)).not.toContain('anna');
    }
  });

  it('is not fooled by hostile names, and bounds how many Redis is told of', async () => {
    const at = await gateway();
    await ready(at);
    const limits = { requestsPerMinute: 1 };
    for (const name of ['', ' ', '}{', '*\r\nFLUSHALL\r\n', '\u0000', 'ä'.repeat(100_000), '__proto__']) {
      const user = subject(limits, 'user', `e:${name}`);
      expect((await admit(at, user)).admitted, JSON.stringify(name.slice(0, 20))).toBe(true);
      expect((await admit(at, user)).admitted).toBe(false);
    }
    // As if fifty thousand had been named within this minute: who comes now is limited here alone.
    const client = new Redis(redis.url);
    ends.push(() => client.disconnect());
    const [counter = ''] = await client.keys('*:n');
    await client.set(counter, 50_000, 'PX', 60_000);
    const before = (await client.keys('*')).length;
    const late = subject({ requestsPerMinute: 2 }, 'user', 'e:late');
    expect(await flood([at], late, 16)).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await client.keys('*')).length).toBe(before);
  });
});

describe('what a process counted itself', () => {
  it('is the same in the window, the day and what was told piece by piece', () => {
    const START = Date.UTC(2026, 10, 21, 12);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(4_000), fc.nat(3), fc.nat(50), fc.boolean()), { maxLength: 60 }),
        (steps) => {
          const own = createContributions();
          let now = START;
          let told = 0;
          let counted = 0;
          for (const [gap, requests, tokens, tell] of steps) {
            now += gap;
            own.count('key:k', { requests, tokens, told: false }, now);
            counted += tokens;
            if (tell) told += own.takeUnsent('key:k', now).reduce((sum, [, , used]) => sum + used, 0);
          }
          const rest = own.takeUnsent('key:k', now).reduce((sum, [, , used]) => sum + used, 0);
          const day = own.day('key:k', now).reduce((sum, [, used]) => sum + used, 0);
          expect(day).toBe(counted);
          // What got older than a minute before it was told is not worth telling.
          expect(told + rest).toBeLessThanOrEqual(counted);
          if (now - START < 55_000) expect(told + rest).toBe(counted);
          const another = createContributions();
          another.restore(own.days(now), now);
          another.restore(own.days(now), now);
          expect(another.day('key:k', now).reduce((sum, [, used]) => sum + used, 0)).toBe(counted);
        },
      ),
    );
  });
});
