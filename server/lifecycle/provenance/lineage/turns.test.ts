import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

const LIMITS = { atOnce: 2, perCaller: 1, waiting: 3, waitingPerCaller: 2, waitMs: 10_000 };
const never = new AbortController().signal;

/** Tasks that end when they are told to; `begun` in the order in which they began. */
function tasks() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const task = (name: string) => () =>
    new Promise<string>((resolve) => {
      begun.push(name);
      ends.set(name, () => resolve(name));
    });
  return { begun, task, end: (name: string) => ends.get(name)?.() };
}

test('a caller has one turn at a time, and holds up nobody else', async () => {
  const inTurn = createTurns(LIMITS);
  const { begun, task, end } = tasks();
  const first = inTurn('ada', never, task('a1'));
  const second = inTurn('ada', never, task('a2'));
  const other = inTurn('ben', never, task('b1'));
  await Promise.resolve();
  expect(begun).toEqual(['a1', 'b1']);
  end('a1');
  await first;
  await new Promise(setImmediate);
  expect(begun).toEqual(['a1', 'b1', 'a2']);
  end('b1');
  end('a2');
  expect(await Promise.all([second, other])).toEqual(['a2', 'b1']);
});

test('who is one too many is told when to come again, and a failed task gives its turn back', async () => {
  const inTurn = createTurns(LIMITS);
  const { task, end } = tasks();
  const held = inTurn('ada', never, task('a1'));
  const waits = [inTurn('ada', never, task('a2')), inTurn('ada', never, task('a3'))];
  await expect(inTurn('ada', never, task('a4'))).rejects.toMatchObject({
    code: 'too_many_requests',
    retryAfterMs: 5_000,
  });
  const failing = inTurn('ben', never, () => Promise.reject(new Error('gone')));
  await expect(failing).rejects.toThrow('gone');
  expect(await inTurn('ben', never, () => Promise.resolve('again'))).toBe('again');
  for (const name of ['a1', 'a2', 'a3']) {
    end(name);
    await new Promise(setImmediate);
  }
  expect(await Promise.all([held, ...waits])).toEqual(['a1', 'a2', 'a3']);
});

test('who waits too long, or goes away, leaves the line', async () => {
  const inTurn = createTurns({ ...LIMITS, waitMs: 20 });
  const { begun, task, end } = tasks();
  const held = inTurn('ada', never, task('a1'));
  await expect(inTurn('ada', never, task('a2'))).rejects.toMatchObject({ code: 'too_many_requests' });
  const away = new AbortController();
  const left = inTurn('ada', away.signal, task('a3'));
  away.abort();
  await expect(left).rejects.toMatchObject({ code: 'too_many_requests' });
  end('a1');
  await held;
  await new Promise(setImmediate);
  expect(begun).toEqual(['a1']);
  expect(await inTurn('ada', never, () => Promise.resolve('free'))).toBe('free');
});
