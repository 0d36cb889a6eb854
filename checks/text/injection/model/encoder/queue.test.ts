import { describe, expect, it } from 'vitest';
import type { Waiting } from './jobs.ts';
import { createJob } from './jobs.ts';
import { createFairQueue } from './queue.ts';
import { createSuspects } from './suspects.ts';

function question(texts: readonly string[]): Waiting[] {
  const { waiting, answer } = createJob(texts, {
    deadlineMs: 60_000,
    signal: undefined,
    onDropped: () => {},
  });
  answer.catch(() => {});
  return waiting;
}

const many = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i}`);
const saidBy = (batch: readonly Waiting[]): string => batch.map(({ text }) => text).join(' ');
const end = (waiting: readonly Waiting[]): void => waiting[0]?.job.finish({ error: new Error('over') });

describe('turns', () => {
  it('go round over questions: a huge one keeps no other waiting', () => {
    const queue = createFairQueue();
    const asked = [many('a', 100), ['b0'], ['c0', 'c1']].map(question);
    for (const one of asked) queue.add(one, undefined);
    expect(saidBy(queue.take(8))).toBe('a0 b0 c0 a1 c1 a2 a3 a4');
    expect(queue.size()).toBe(95);
    for (const one of asked) end(one);
  });

  it('go round over clients: many questions of one keep no other waiting', () => {
    const queue = createFairQueue();
    const asked = many('a', 50).map((text) => question([text]));
    for (const one of asked) queue.add(one, 'loud');
    const quiet = question(['b0', 'b1']);
    queue.add(quiet, 'quiet');
    expect(saidBy(queue.take(4))).toBe('a0 b0 a1 b1');
    expect([queue.sizeOf('loud'), queue.sizeOf('quiet'), queue.sizeOf(undefined)]).toEqual([48, 0, 0]);
    for (const one of [...asked, quiet]) end(one);
  });

  it('go round over a client’s questions too', () => {
    const queue = createFairQueue();
    const asked = [many('a', 3), many('b', 2)].map(question);
    for (const one of asked) queue.add(one, 'mine');
    expect(saidBy(queue.take(8))).toBe('a0 b0 a1 b1 a2');
    expect(queue.take(8)).toEqual([]);
    for (const one of asked) end(one);
  });

  it('leave out what is over', () => {
    const queue = createFairQueue();
    const [gone, stays] = [question(many('a', 5)), question(['b0'])];
    queue.add(gone, undefined);
    queue.add(stays, undefined);
    end(gone);
    queue.sweep();
    expect(queue.size()).toBe(1);
    expect(saidBy(queue.take(8))).toBe('b0');
    end(stays);
  });

  it('come at once, and alone, for what was in a batch that failed', () => {
    const queue = createFairQueue();
    const asked = [many('a', 4), ['b0']].map(question);
    for (const one of asked) queue.add(one, undefined);
    const [first] = queue.take(1);
    queue.again(first as Waiting);
    const batches = [1, 2, 3].map(() => saidBy(queue.take(8)));
    expect(batches).toEqual(['b0', 'a0', 'a1 a2 a3']);
    const [last] = asked[0] ?? [];
    queue.again(last as Waiting);
    expect(saidBy(queue.drain())).toBe('a0');
    for (const one of asked) end(one);
  });
});

describe('suspects', () => {
  it('run alone once they were in a failing batch, and not at all once they failed alone twice, for a while', () => {
    let now = 0;
    const suspects = createSuspects(() => now);
    expect(suspects.standing('x')).toBe('clear');
    suspects.failedTogether('x');
    expect(suspects.standing('x')).toBe('alone');
    suspects.failedAlone('x');
    expect(suspects.standing('x')).toBe('alone');
    suspects.failedAlone('x');
    expect([suspects.standing('x'), suspects.standing('y')]).toEqual(['quarantined', 'clear']);
    now += 599_999;
    expect(suspects.standing('x')).toBe('quarantined');
    now += 1;
    expect(suspects.standing('x')).toBe('clear');
  });

  it('are cleared by an answer, and are no more than may be remembered', () => {
    const suspects = createSuspects();
    suspects.failedAlone('x');
    suspects.cleared('x');
    expect(suspects.standing('x')).toBe('clear');
    for (let i = 0; i < 2_000; i += 1) suspects.failedTogether(`text ${i}`);
    expect([suspects.standing('text 0'), suspects.standing('text 1999')]).toEqual(['clear', 'alone']);
  });
});
