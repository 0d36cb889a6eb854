import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { commonRuns, SHINGLE, sourceOf } from './overlap.ts';
import { wordsOf } from './words.ts';

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 300 });

test('words of ASCII are cut the same with and without other letters in the text', () => {
  fc.assert(
    fc.property(ascii, fc.constantFrom('', 'x'.repeat(63), 'y'.repeat(130)), (text, long) => {
      const whole = `${text} ${long} ${text}`;
      expect(wordsOf(`${whole} é`).slice(0, -1)).toEqual(wordsOf(whole));
    }),
  );
});

const prose = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 })
  .map((words) => words.join(' '));

test('common stretches are the longest ones that stand in the source, from left to right', () => {
  fc.assert(
    fc.property(prose, fc.array(prose, { maxLength: 3 }), (text, texts) => {
      const words = wordsOf(text);
      const source = sourceOf(texts);
      const lists = texts.map((each) => ` ${each} `);
      const stands = (from: number, to: number): boolean => {
        const wanted = ` ${words
          .slice(from, to)
          .map(({ word }) => word)
          .join(' ')} `;
        return lists.some((list) => list.includes(wanted));
      };
      let clear = 0;
      for (const { from, to } of commonRuns(words, source)) {
        expect(to - from).toBeGreaterThanOrEqual(SHINGLE);
        expect(stands(from, to)).toBe(true);
        for (let i = clear; i < from; i += 1)
          expect(i + SHINGLE <= from && stands(i, i + SHINGLE)).toBe(false);
        clear = to;
      }
      for (let i = clear; i + SHINGLE <= words.length; i += 1) expect(stands(i, i + SHINGLE)).toBe(false);
    }),
  );
});
