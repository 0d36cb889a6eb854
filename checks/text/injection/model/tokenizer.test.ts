import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIXTURE } from './fixture.ts';
import { readVocabulary } from './load.ts';
import { WordPiece } from './tokenizer.ts';

const tokenizer = readVocabulary(readFileSync(join(FIXTURE, 'vocab.txt')));
const vectors = JSON.parse(readFileSync(join(FIXTURE, 'tokens.json'), 'utf8')) as readonly {
  readonly text: string;
  readonly ids: readonly number[];
}[];

describe('WordPiece', () => {
  it.each(vectors.map(({ text, ids }) => [JSON.stringify(text.slice(0, 40)), text, ids] as const))(
    'gives the ids of the reference tokenizer for %s',
    (_, text, ids) => {
      expect(tokenizer.encode(text).ids).toEqual(ids);
    },
  );

  it('places its pieces in the text, in order and without overlap', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const { ids, spans } = tokenizer.encode(text);
        expect(spans).toHaveLength(2 * ids.length);
        let last = 0;
        for (let i = 0; i < ids.length; i += 1) {
          const [start = -1, end = -1] = spans.slice(2 * i, 2 * i + 2);
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(text.length);
          last = end;
        }
      }),
    );
    const { spans } = tokenizer.encode('The  zebra');
    expect(spans).toEqual([0, 3, 5, 10]);
  });

  it('stops at the limit', () => {
    const { ids, spans } = tokenizer.encode('unwritableness '.repeat(1_000), 10);
    expect([ids.length, spans.length]).toEqual([10, 20]);
  });

  it('takes no word of a text for a special token', () => {
    const special = [tokenizer.cls, tokenizer.sep, tokenizer.pad];
    expect(tokenizer.encode('[CLS] [SEP] [PAD]').ids.some((id) => special.includes(id))).toBe(false);
  });

  it('refuses a vocabulary without the special tokens', () => {
    expect(() => new WordPiece(['a', '[PAD]', '[UNK]', '[CLS]'])).toThrow('[SEP]');
  });
});
