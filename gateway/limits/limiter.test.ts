import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Limits } from '@bartizan/contracts';
import { NO_LIMITS } from '@bartizan/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLog, temporaryDirectory, testMaster } from '../journal/testing.ts';
import type { LimitSubject } from '../ports.ts';
import { keepBudgets } from './keep.ts';
import { createLimiter } from './limiter.ts';

const START = Date.UTC(2026, 10, 21, 12, 0, 2);

function subject(limits: Partial<Limits>, kind: LimitSubject['kind'] = 'key', id = 'k'): LimitSubject {
  return { kind, id, limits: { ...NO_LIMITS, ...limits } };
}

function setUp(options: { maxUsers?: number; share?: boolean } = {}) {
  const clock = { nowMs: START, now: (): number => clock.nowMs };
  return { clock, limiter: createLimiter({ clock, ...options }) };
}

describe('limiter', () => {
  it('in no span of 60 s admits more than the limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 9_000 }), { maxLength: 200 }),
        (limit, gaps) => {
          const { limiter } = setUp();
          const admitted: number[] = [];
          let now = START;
          for (const gap of gaps) {
            now += gap;
            if (limiter.admit([subject({ requestsPerMinute: limit })], now).admitted) admitted.push(now);
          }
          for (const [index, at] of admitted.entries()) {
            const inSpan = admitted.slice(index).filter((other) => other < at + 60_000);
            expect(inSpan.length).toBeLessThanOrEqual(limit);
          }
        },
      ),
    );
  });

  it('admits again exactly when it said', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9_000 }), { minLength: 5, maxLength: 40 }), (gaps) => {
        const { limiter } = setUp();
        const limited = [subject({ requestsPerMinute: 5 })];
        let now = START;
        for (const gap of gaps) {
          now += gap;
          const answer = limiter.admit(limited, now);
          if (answer.admitted) continue;
          expect(answer.retryAfterMs).toBeLessThanOrEqual(65_000);
          expect(limiter.admit(limited, now + answer.retryAfterMs - 1).admitted).toBe(false);
          expect(limiter.admit(limited, now + answer.retryAfterMs).admitted).toBe(true);
          return;
        }
      }),
    );
  });

  it('counts tokens when they are settled, once', () => {
    const { limiter, clock } = setUp();
    const limited = [subject({ tokensPerMinute: 100 })];
    const first = limiter.admit(limited, clock.nowMs);
    const second = limiter.admit(limited, clock.nowMs);
    if (!first.admitted || !second.admitted) throw new Error('not admitted');
    first.settle(60);
    first.settle(60);
    expect(limiter.admit(limited, clock.nowMs).admitted).toBe(true);
    second.settle(40);
    expect(limiter.admit(limited, clock.nowMs)).toMatchObject({ admitted: false, limit: 'tokensPerMinute' });
    clock.nowMs += 65_000;
    expect(limiter.admit(limited, clock.nowMs).admitted).toBe(true);
  });

  it('holds a day budget until midnight UTC', () => {
    const { limiter, clock } = setUp();
    const limited = [subject({ tokensPerDay: 10 })];
    const first = limiter.admit(limited, clock.nowMs);
    if (first.admitted) first.settle(10);
    clock.nowMs += 3_600_000;
    expect(limiter.admit(limited, clock.nowMs)).toMatchObject({
      admitted: false,
      limit: 'tokensPerDay',
      retryAfterMs: Date.UTC(2026, 10, 22) - clock.nowMs,
    });
    clock.nowMs = Date.UTC(2026, 10, 22);
    expect(limiter.admit(limited, clock.nowMs).admitted).toBe(true);
  });

  it('charges nobody for a request that one subject refuses', () => {
    const { limiter } = setUp();
    const key = subject({ requestsPerMinute: 2 });
    const user = subject({ requestsPerMinute: 1 }, 'user', 'u');
    expect(limiter.admit([key, user], START).admitted).toBe(true);
    expect(limiter.admit([key, user], START)).toMatchObject({ admitted: false, subject: 'user' });
    expect(limiter.admit([key], START).admitted).toBe(true);
    expect(limiter.admit([key], START)).toMatchObject({ admitted: false, subject: 'key' });
  });

  it('keeps a bounded number of users and never forgets a key', () => {
    const { limiter } = setUp({ maxUsers: 100 });
    const key = subject({ requestsPerMinute: 100_000 });
    const limits = { requestsPerMinute: 1 };
    for (let index = 0; index < 5_000; index++) {
      limiter.admit([key, subject(limits, 'user', `random ${index} ${'x'.repeat(index % 300)}`)], START);
    }
    expect(limiter.size()).toBeLessThanOrEqual(101);
    expect(limiter.admit([subject({ requestsPerMinute: 5_000 })], START).admitted).toBe(false);
    limiter.admit([subject(limits, 'user', 'often')], START);
    for (let index = 0; index < 500; index++) {
      limiter.admit([subject(limits, 'user', `other ${index}`)], START);
      expect(limiter.admit([subject(limits, 'user', 'often')], START).admitted).toBe(false);
    }
  });

  it('agrees with others through deltas', () => {
    const one = setUp({ share: true }).limiter;
    const two = setUp({ share: true }).limiter;
    const limited = [subject({ requestsPerMinute: 4, tokensPerDay: 100 })];
    for (let index = 0; index < 3; index++) {
      const answer = one.admit(limited, START);
      if (answer.admitted) answer.settle(10);
    }
    two.absorb(one.takeDeltas(), START);
    expect(one.takeDeltas()).toEqual([]);
    expect(two.takeDeltas()).toEqual([]);
    expect(two.admit(limited, START).admitted).toBe(true);
    expect(two.admit(limited, START).admitted).toBe(false);
    expect(two.days(START)).toMatchObject([{ subject: 'key:k', tokens: 30 }]);
  });

  it('hands everything to one that joins', () => {
    const { limiter, clock } = setUp();
    const limited = [subject({ requestsPerMinute: 2, tokensPerDay: 50 })];
    const answer = limiter.admit(limited, START);
    if (answer.admitted) answer.settle(20);
    const joined = createLimiter({ clock });
    joined.adopt(JSON.parse(JSON.stringify(limiter.state(START))));
    expect(joined.days(START)).toEqual(limiter.days(START));
    expect(joined.admit(limited, START + 1).admitted).toBe(true);
    expect(joined.admit(limited, START + 2)).toMatchObject({ admitted: false, limit: 'requestsPerMinute' });
    expect(limiter.admit(limited, START + 2).admitted).toBe(true);
  });

  it('is not upset by a clock that goes back', () => {
    const { limiter } = setUp();
    const limited = [subject({ requestsPerMinute: 1 })];
    limiter.admit(limited, START);
    expect(limiter.admit(limited, START - 3_600_000).admitted).toBe(false);
  });
});

describe('kept budgets', () => {
  it('survive a restart, unreadable to others', async () => {
    const { path: directory, remove } = await temporaryDirectory();
    const path = join(directory, 'limits', 'days.bin');
    const keepWith = async (limiter: ReturnType<typeof createLimiter>, clock: { now: () => number }) =>
      keepBudgets({ limiter, path, master: testMaster, clock, log: silentLog, intervalMs: 10 });
    try {
      const first = setUp();
      const kept = await keepWith(first.limiter, first.clock);
      const limited = [subject({ tokensPerDay: 50 }, 'user', 'ada@example.org')];
      const answer = first.limiter.admit(limited, START);
      if (answer.admitted) answer.settle(50);
      await expect
        .poll(() =>
          readFile(path).then(
            (bytes) => bytes.length,
            () => 0,
          ),
        )
        .toBeGreaterThan(30);
      await kept.close();
      expect((await readFile(path)).includes('ada')).toBe(false);

      const second = setUp();
      const keptAgain = await keepWith(second.limiter, second.clock);
      expect(second.limiter.admit(limited, START).admitted).toBe(false);
      await keptAgain.close();

      const nextDay = setUp();
      nextDay.clock.nowMs += 86_400_000;
      await (await keepWith(nextDay.limiter, nextDay.clock)).close();
      expect(nextDay.limiter.admit(limited, nextDay.clock.nowMs).admitted).toBe(true);

      await writeFile(path, 'rubbish');
      const third = setUp();
      await (await keepWith(third.limiter, third.clock)).close();
      expect(third.limiter.admit(limited, START).admitted).toBe(true);
    } finally {
      await remove();
    }
  });
});

describe('requests at once', () => {
  it('are as many as are admitted and not released, in any order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(fc.nat(9), { maxLength: 80 }), (limit, steps) => {
        const { limiter } = setUp();
        const open: (() => void)[] = [];
        for (const step of steps) {
          if (step < 6) {
            const answer = limiter.admit([subject({ concurrent: limit })], START);
            expect(answer.admitted).toBe(open.length < limit);
            if (answer.admitted && answer.release) open.push(answer.release);
          } else {
            const [release] = open.splice(step % Math.max(1, open.length), 1);
            // Once counts, again does not.
            release?.();
            release?.();
          }
        }
      }),
    );
  });

  it('are told to other workers, and taken back when they are over', () => {
    const { limiter: first } = setUp({ share: true });
    const { limiter: second } = setUp({ share: true });
    const limited = [subject({ concurrent: 1 })];
    const admitted = first.admit(limited, START);
    second.absorb(first.takeDeltas(), START);
    expect(second.admit(limited, START)).toMatchObject({ admitted: false, limit: 'concurrent' });
    const { limiter: third } = setUp();
    third.adopt(second.state(START));
    expect(third.admit(limited, START).admitted).toBe(false);
    if (admitted.admitted) admitted.release?.();
    second.absorb(first.takeDeltas(), START);
    expect(second.admit(limited, START).admitted).toBe(true);
  });
});
