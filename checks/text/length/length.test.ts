import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../define.ts';
import { EMPTY_CONTEXT, type Segment, type TextFinding, textInput } from '../types.ts';
import { estimateTokens, lengthCheck } from './index.ts';

function run(segments: readonly Segment[], config: object, partial = false): TextFinding[] {
  const context = { ...EMPTY_CONTEXT, partial };
  const parsed = lengthCheck.config.parse(config);
  const result = lengthCheck.run(
    { direction: 'output', segments, context },
    parsed,
  ) as CheckResult<TextFinding>;
  return result.outcome === 'findings' ? [...result.findings] : [];
}

test('an answer that grows crosses its limit once, whatever window is shown', () => {
  const whole = 'x'.repeat(1_000);
  const crossings = new Set<number>();
  for (let end = 50; end <= 1_000; end += 50) {
    for (const start of [0, Math.max(0, end - 200)]) {
      const segment: Segment = {
        index: 0,
        author: 'assistant',
        kind: 'message',
        text: whole.slice(start, end),
        offset: start,
      };
      for (const found of run([segment], { maxSegmentChars: 320 }, true)) crossings.add(start + found.start);
    }
  }
  expect([...crossings]).toEqual([320]);
});

describe('estimated tokens', () => {
  test.each([
    ['', 0],
    ['four', 1],
    ['fourf', 2],
    ['你好', 2],
  ])('%j is about %i', (text, tokens) => expect(estimateTokens(text)).toBe(tokens));

  test('the first text over the limit is named, once', () => {
    const segments = ['a', 'b', 'c'].map(
      (letter, index): Segment => ({ index, author: 'user', kind: 'message', text: letter.repeat(400) }),
    );
    expect(run(segments, { maxTokens: 150 }).map(({ segment, kind }) => [segment, kind])).toEqual([
      [1, 'token-count'],
    ]);
  });
});

test('a request’s find reaches to the end of the text', () => {
  const config = lengthCheck.config.parse({ maxSegmentChars: 3 });
  expect(lengthCheck.run(textInput('abcdef'), config)).toMatchObject({ findings: [{ start: 3, end: 6 }] });
});
