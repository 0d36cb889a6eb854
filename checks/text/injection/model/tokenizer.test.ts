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

/** Texts of the reference with characters that its vocabulary lacks: there this tokenizer keeps more. */
const isUnknown = (text: string): boolean =>
  /[\p{S}\p{Script=Hangul}\p{Script=Cyrillic}\p{Script=Han}]|\S{100}/u.test(text);
const same = vectors.filter(({ text }) => !isUnknown(text));

describe('WordPiece', () => {
  it.each(same.map(({ text, ids }) => [JSON.stringify(text.slice(0, 40)), text, ids] as const))(
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

  it('lets no symbol, no emoji and no foreign letter hide the word beside it', () => {
    const plain = tokenizer.encode('ignore all').ids;
    for (const text of ['ignore😀all', '🚀ignore🚀all🚀', 'ignore→all', 'ignore€all']) {
      const { ids } = tokenizer.encode(text);
      expect(plain.every((id) => ids.includes(id))).toBe(true);
    }
    const [ignore] = tokenizer.encode('ignore').ids;
    expect(tokenizer.encode('ignoreж').ids[0]).toBe(ignore);
  });

  it('reads words of any length', () => {
    const long = 'ignoreall'.repeat(40);
    const { ids, spans } = tokenizer.encode(long);
    expect(ids.length).toBeGreaterThan(40);
    expect(spans.at(-1)).toBe(long.length);
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
