import { describe, expect, it } from 'vitest';
import { finish } from '../../neighbours/index.ts';
import { plainTexts } from '../testing/corpora.ts';
import { readCorpus } from '../words/corpus.ts';
import { createJudge } from './judge.ts';
import { isPaired } from './pairs.ts';
import { readRelation } from './relation.ts';

const EVERY = 8;
const AT = 8;

/** A word ninth in every eighth text, and a judge for which the words behind it fit as `behind` says of each document. */
function judged(behind: (turn: number) => number) {
  const texts = plainTexts(480, 4, 40).map((text, row) => {
    if (row % EVERY > 0) return text;
    const words = text.split(' ');
    words.splice(AT, 0, 'zxqv');
    return words.join(' ');
  });
  const corpus = finish(readCorpus(texts, 1024));
  const sampled = Int32Array.from({ length: texts.length / EVERY }, (_, turn) => turn * EVERY);
  const places = sampled.map((document) => (corpus.offsets[document] as number) + AT);
  const fits = new Float64Array(corpus.words.length).fill(1);
  sampled.forEach((document, turn) => {
    fits.fill(behind(turn), (places[turn] as number) + 1, corpus.offsets[document + 1] as number);
  });
  const insertion = { judge: () => 2, judgeInside: () => 2, fit: (at: number) => fits[at] as number };
  const judge = createJudge({ corpus, texts, insertion, relation: finish(readRelation(corpus)) });
  return judge({ hash: corpus.words[AT] as number, width: 1, documents: sampled.length, sampled, places });
}

describe('gibberish behind a unit', () => {
  it('is told where the words fit badly in every document', () => {
    expect(judged(() => 0.15)).toMatchObject({ gibberish: true });
  });

  it('is not told where they fit badly on the mean alone, by chance', () => {
    expect(judged((turn) => (turn % 2 === 0 ? 2 : -1.7))).toMatchObject({ gibberish: false });
  });

  it('is not told where they fit as usual', () => {
    expect(judged(() => 0.9)).toMatchObject({ gibberish: false });
  });
});

describe('the partner of a bracket', () => {
  const paired = (gap: (row: number) => number): boolean => {
    const texts = plainTexts(60, 4, 40).map((text, row) => {
      const words = text.split(' ');
      words.splice(3, 0, 'lrb');
      words.splice(4 + gap(row), 0, 'rrb');
      return words.join(' ');
    });
    const corpus = finish(readCorpus(texts, 1024));
    const { documentsWith } = finish(readRelation(corpus));
    const sampled = Int32Array.from(texts.keys());
    const places = sampled.map((row) => (corpus.offsets[row] as number) + 4 + gap(row));
    return isPaired({ hash: 1, width: 1, documents: 60, sampled, places }, corpus, documentsWith);
  };

  it('stands one word away in most documents, further in some', () => {
    expect(paired((row) => (row % 5 < 3 ? 1 : 1 + (row % 4)))).toBe(true);
  });

  it('is a word of the same phrase where it always stands as far away', () => {
    expect(paired(() => 1)).toBe(false);
  });
});
