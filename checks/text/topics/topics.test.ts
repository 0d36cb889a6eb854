import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTermIndex } from './match.ts';
import { foldWord, stem, wordsOf } from './words.ts';

describe('stems', () => {
  test.each([
    ['weapon', 'weapons'],
    ['gamble', 'gambling'],
    ['bet', 'betting'],
    ['lottery', 'lotteries'],
    ['waffe', 'waffen'],
    ['wette', 'wetten'],
    ['party', 'parties'],
    ['klage', 'klagen'],
  ])('%s and %s meet', (a, b) => expect(stem(a)).toBe(stem(b)));

  test.each([
    ['drug', 'drag'],
    ['gun', 'gnu'],
    ['glass', 'gla'],
    ['bond', 'bomb'],
  ])('%s and %s stay apart', (a, b) => expect(stem(a)).not.toBe(stem(b)));

  test('a stem keeps three letters and begins like its word', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,14}$/), (word) => {
        const short = stem(word);
        expect(word.startsWith(short.slice(0, -1))).toBe(true);
        expect(short.length).toBeGreaterThanOrEqual(Math.min(3, word.length));
      }),
    );
  });
});

test('words are where they are said to be, folded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      for (const { folded, start, end } of wordsOf(text))
        expect(foldWord(text.slice(start, end))).toBe(folded);
    }),
  );
  expect(wordsOf('Überdosis, STRASSE straße').map(({ folded }) => folded)).toEqual([
    'uberdosis',
    'strasse',
    'strasse',
  ]);
});

test('what has been let out is never the beginning of a term', () => {
  const index = createTermIndex([
    [{ terms: ['pipe bomb', 'big red fire truck', 'gun', '赌博网站'], weight: 1 }],
  ]);
  const part = fc.constantFrom(
    'pipe',
    'bomb',
    'bombs',
    ' ',
    '-',
    'big',
    'red',
    'fire',
    'truck',
    'gun',
    'pip',
    '赌',
    '博',
    '网站',
    'x',
    '. ',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
      const text = parts.join('');
      for (const { start, end } of index.find(text)) {
        for (let cut = start + 1; cut < end; cut += 1)
          expect(index.holdFrom(text.slice(0, cut))).toBeLessThanOrEqual(start);
      }
    }),
    { numRuns: 400 },
  );
});

test('ordinary finished words are not held', () => {
  const index = createTermIndex([[{ terms: ['pipe bomb'], weight: 1 }]]);
  expect(index.holdFrom('a long sentence ')).toBe(16);
  expect(index.holdFrom('a long pipe ')).toBe(7);
  expect(index.holdFrom('a long pipe b')).toBe(7);
});
