import { PolicyDocument } from '@bartizan/contracts';
import { afterEach, expect, test } from 'vitest';
import { createJudging } from './judging.ts';

const judging = createJudging();
afterEach(() => judging.close());

const document = PolicyDocument.parse({
  rules: [{ id: 'r', check: 'text/secrets', action: 'block', directions: ['input'], authors: ['user'] }],
});
const job = (text: string) => ({
  kind: 'try' as const,
  document,
  endpoint: undefined,
  request: {
    direction: 'input' as const,
    segments: [{ author: 'user' as const, kind: 'message' as const, text }],
  },
});

test('a job that takes too long ends the thread, and the next one gets another', async () => {
  await expect(judging.tryOut(job('hello'), 1)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await judging.tryOut(job('hello'), 20_000)).toMatchObject({ verdict: 'allow' });
});

test('jobs at once are each answered, and who leaves ends a dry run’s thread', async () => {
  const answers = await Promise.all(
    ['hello', `AKIA${'Q2RT7XY4ZW3UVN6P'}`, 'bye'].map((text) => judging.tryOut(job(text), 20_000)),
  );
  expect(answers.map(({ verdict }) => verdict)).toEqual(['allow', 'block', 'allow']);
  const leave = new AbortController();
  const waiting = judging.recordings(
    { kind: 'recordings', run: 'x', document, recordings: [] },
    20_000,
    leave.signal,
  );
  leave.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
});

test('more jobs than may wait are refused', async () => {
  const jobs = Array.from({ length: 30 }, () => judging.tryOut(job('x'), 20_000));
  const results = await Promise.allSettled(jobs);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
});
