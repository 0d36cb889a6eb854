import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Featurizer } from './features.ts';
import { piecesOf } from './pieces.ts';
import { cut } from './windows.ts';

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 3_000 }),
  fc
    .array(fc.constantFrom('word ', 'a', '😀', '中', '{"k":"v"},', '\n', '        ', 'é', '1234567890'), {
      maxLength: 2_000,
    })
    .map((parts) => parts.join('')),
);

describe('windows', () => {
  it('leave no character out, overlap, and never cut a character in two', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const windows = cut(text);
        let covered = 0;
        for (const [i, { start, end }] of windows.entries()) {
          expect(start).toBeLessThanOrEqual(i === 0 ? 0 : covered - 1);
          expect(end).toBeGreaterThan(start);
          for (const at of [start, end]) {
            expect(/[\uDC00-\uDFFF]/.test(text[at] ?? '') && /[\uD800-\uDBFF]/.test(text[at - 1] ?? '')).toBe(
              false,
            );
          }
          covered = Math.max(covered, end);
        }
        expect(covered).toBe(text.length);
      }),
      { numRuns: 300 },
    );
  });

  it('are few: their number is in proportion to the text', () => {
    expect(cut('')).toEqual([]);
    expect(cut('a short text')).toEqual([{ start: 0, end: 12 }]);
    expect(cut('word '.repeat(200_000)).length).toBeLessThan(3_000);
    expect(cut('{'.repeat(100_000)).length).toBeLessThan(1_200);
  });

  it('are read whole by the linear stage', () => {
    for (const unit of ['word ', '{', '中', ' ', '😀', 'x1']) {
      for (const { start, end } of cut(unit.repeat(5_000))) expect(end - start).toBeLessThanOrEqual(4_000);
    }
    expect(new Featurizer().of(`${' '.repeat(3_900)}zebra`)).not.toHaveLength(0);
  });
});

describe('pieces of a document', () => {
  const kinds = (text: string): string[] =>
    piecesOf(text).map(({ start, end, kind }) => `${kind}: ${text.slice(start, end)}`);

  it('are its comments, strings, quotations, cells and paragraphs', () => {
    const page = 'First we came to the mill.\n\nThen it rained for a day.';
    expect(kinds(page)).toEqual([
      'a paragraph: First we came to the mill.',
      'a paragraph: Then it rained for a day.',
    ]);
    expect(kinds('<p>Hello</p><!-- look at the river now --> and the rest of it')).toContain(
      'an HTML comment: look at the river now',
    );
    expect(kinds('x = 1  # look at the river now\ny = 2\nz = 3')).toContain(
      'a code comment: look at the river now',
    );
    expect(kinds('def f():\n  """look at the river now"""\n  return 1')).toContain(
      'a docstring: look at the river now',
    );
    expect(kinds('{"note": "look at the river now", "k": 1}')).toContain(
      'a quoted string: look at the river now',
    );
    expect(kinds('| name | look at the river now |\n| a | b |')).toContain(
      'a table cell: look at the river now',
    );
    expect(kinds('He wrote:\n> look at the river\n> and at the mill\nYours')).toContain(
      'a quoted block: > look at the river\n> and at the mill',
    );
    expect(kinds('an open comment <!-- look at the river now')).toContain(
      'an HTML comment: look at the river now',
    );
    expect(kinds('a "string with \\"marks\\" within it" goes on')).toContain(
      'a quoted string: string with \\"marks\\" within it',
    );
  });

  it('lie within the text, whatever it is', () => {
    const marks = fc
      .array(fc.constantFrom('<!--', '-->', '"', '\\', '|', '\n', '> ', '# ', '"""', '/*', '*/', 'word '), {
        maxLength: 400,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(marks, (text) => {
        for (const { start, end } of piecesOf(text)) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end - start).toBeGreaterThanOrEqual(16);
          expect(end).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});
