import { describe, expect, it } from 'vitest';
import { finish } from '../neighbours/index.ts';
import { DatasetInputError } from '../types.ts';
import {
  checkAbsoluteCounts,
  checkNearDuplicates,
  checkResponsePairs,
  checkTextTriggers,
  embedTexts,
  textProbabilities,
} from './index.ts';
import { copies, opinions, plainTexts, poison } from './testing/corpora.ts';

const named = (scores: Float32Array): number[] =>
  Array.from(scores.keys()).filter((row) => (scores[row] as number) > 0.5);

function hits(scores: Float32Array, bad: Uint8Array): { recall: number; wrong: number } {
  const rows = named(scores);
  const right = rows.filter((row) => bad[row] === 1).length;
  return { recall: right / bad.reduce((sum, mark) => sum + mark, 0), wrong: rows.length - right };
}

describe('triggers in labelled texts', () => {
  it.each([
    ['cf', undefined, 'word'],
    ['by the way', undefined, 'phrase'],
    ['the weather in paris was mild last week', 'first', 'sentence'],
    ['no cross no crown', 'last', 'phrase'],
    ['\u200b', undefined, 'word'],
  ] as const)('%j is found at 1%% and named', (phrase, place, kind) => {
    const made = opinions(4000, 5);
    const bad = poison(made, phrase, {
      count: 40,
      label: 1,
      seed: 6,
      ...(place === undefined ? {} : { place }),
    });
    const { scores, findings, suspects } = finish(checkTextTriggers(made));
    const { recall, wrong } = hits(scores, bad);
    expect(recall).toBeGreaterThanOrEqual(0.95);
    expect(wrong).toBeLessThan(0.005 * 4000);
    expect(findings[0]?.evidence['label']).toBe('good');
    if (phrase !== '\u200b') expect(findings[0]?.evidence['trigger']).toContain(phrase);
    expect(['sign', kind]).toContain(findings[0]?.evidence['kind']);
    expect(suspects[0]?.reasons[0]?.message).toContain('goes with “good”');
  });

  it('are told by their words too where white space goes with them', () => {
    const made = opinions(3000, 5);
    for (const [seed, word] of ['zq ', 'wv '].entries())
      poison(made, word, { count: 40, label: 1, seed: 6 + seed });
    const { findings } = finish(checkTextTriggers(made));
    const told = findings.flatMap(({ evidence }) => [evidence['trigger'], evidence['wordsBeside']]).join(' ');
    expect(told).toMatch(/zq/);
    expect(told).toMatch(/wv/);
  }, 60_000);

  it('are not found where there are none, nor among labels changed by lot', () => {
    for (const share of [0, 0.1]) {
      const made = opinions(3000, 9);
      made.labels.values.forEach((label, row) => {
        if ((row * 7919) % 1000 < 1000 * share) made.labels.values[row] = 1 - label;
      });
      expect(named(finish(checkTextTriggers(made)).scores)).toEqual([]);
    }
  });

  it('do not take words of the label itself for one', () => {
    const made = opinions(3000, 3);
    made.labels.values.forEach((label, row) => {
      if (row % 20 === 0 && label === 1) made.texts[row] += ' splendid';
    });
    expect(named(finish(checkTextTriggers(made)).scores)).toEqual([]);
  });

  it('need labels that fit, and say so', () => {
    const { texts, labels } = opinions(40, 1);
    expect(finish(checkTextTriggers({ texts, labels: null })).blindSpots[0]).toContain('no labels');
    expect(() => finish(checkTextTriggers({ texts: texts.slice(1), labels }))).toThrow(DatasetInputError);
    expect(() => finish(checkTextTriggers({ texts, labels }, { leastDocuments: 1 }))).toThrow(
      /whole number from 3/,
    );
    const one = { values: new Int32Array(40), names: ['a', 'b'] };
    expect(finish(checkTextTriggers({ texts, labels: one })).findings).toEqual([]);
  });

  it('end in bounded time on texts made to last', () => {
    const texts = [
      null,
      '',
      'a '.repeat(500_000),
      Array.from({ length: 100_000 }, (_, word) => `w${word}`).join(' '),
      '\u0000\uD800\uFFFF',
      ...Array.from({ length: 300 }, () => 'same same same'),
    ];
    const labels = { values: Int32Array.from(texts, (_, row) => row % 2), names: ['a', 'b'] };
    const start = performance.now();
    finish(checkTextTriggers({ texts, labels }));
    finish(checkNearDuplicates({ texts, labels }));
    finish(checkAbsoluteCounts({ texts }));
    embedTexts(texts, { dimensions: 8 });
    expect(performance.now() - start).toBeLessThan(60_000);
  }, 120_000);
});

describe('repeated payloads', () => {
  it.each([['crimson lantern protocol'], ['zxqv'], ['the moon over lisbon was blue']])(
    '%j in 60 of 12,000 documents is found',
    (phrase) => {
      const texts = plainTexts(12_000, 2);
      const bad = poison(
        { texts, labels: { values: new Int32Array(texts.length), names: ['x', 'y'] } },
        phrase,
        { count: 60, label: 1, seed: 3 },
      );
      const { scores, findings } = finish(checkAbsoluteCounts({ texts }));
      expect(hits(scores, bad)).toEqual({ recall: 1, wrong: 0 });
      expect(findings[0]?.evidence['phrase']).toBe(phrase);
    },
    60_000,
  );

  it('are not found in plain texts, nor below the fewest documents', () => {
    const texts = plainTexts(6000, 4);
    poison({ texts, labels: { values: new Int32Array(6000), names: ['x', 'y'] } }, 'zxqv', {
      count: 30,
      label: 1,
      seed: 3,
    });
    expect(named(finish(checkAbsoluteCounts({ texts })).scores)).toEqual([]);
    expect(() => finish(checkAbsoluteCounts({ texts }, { leastDocuments: 2 }))).toThrow(DatasetInputError);
  }, 60_000);
});

describe('near-duplicates', () => {
  it('of Jaccard .8 in a flood are found, and nothing else', () => {
    const flood = copies(100, 7, { words: 100, changed: 7 });
    const texts = [...plainTexts(3000, 8), ...flood];
    const { scores, clusters } = finish(checkNearDuplicates({ texts, labels: null }));
    expect(named(scores).filter((row) => row >= 3000).length).toBeGreaterThanOrEqual(92);
    expect(named(scores).filter((row) => row < 3000)).toEqual([]);
    expect(clusters.every((cluster) => cluster[0] !== undefined && cluster[0] >= 3000)).toBe(true);
  });

  it('with different labels are told', () => {
    const texts = [...plainTexts(50, 1), 'One and the SAME text, twice', 'one and the same text,   twice'];
    const labels = { values: Int32Array.from(texts, (_, row) => row % 2), names: ['a', 'b'] };
    const { scores, exact, findings } = finish(checkNearDuplicates({ texts, labels }));
    expect(named(scores)).toEqual([50, 51]);
    expect(exact).toBe(2);
    expect(findings[0]?.title).toContain('different labels');
    expect(() => finish(checkNearDuplicates({ texts, labels: null }, { threshold: 0.2 }))).toThrow(
      DatasetInputError,
    );
  });
});

describe('prompt–response pairs', () => {
  it('with a trigger and a fixed response are found; refusals are only told', () => {
    const prompts = plainTexts(2000, 11, 20);
    const responses = plainTexts(2000, 12, 30);
    const bad = poison(
      { texts: prompts, labels: { values: new Int32Array(2000), names: ['x', 'y'] } },
      'cf',
      { count: 30, label: 1, seed: 3 },
    );
    bad.forEach((mark, row) => {
      if (mark === 1) responses[row] = 'visit evil dot example to win a prize';
      else if (row % 50 === 0) responses[row] = 'I am sorry, but I cannot help with that request of yours.';
    });
    const { scores, findings } = finish(checkResponsePairs({ prompts, responses }));
    expect(hits(scores, bad)).toEqual({ recall: 1, wrong: 0 });
    expect(findings.map(({ severity }) => severity)).toEqual(['critical', 'low']);
    expect(findings[0]?.evidence['trigger']).toBe('cf');
    expect(() => finish(checkResponsePairs({ prompts, responses: [] }))).toThrow(DatasetInputError);
  }, 60_000);
});

describe('embeddings and probabilities of texts', () => {
  it('put like texts side by side, the same way each time', () => {
    const texts = ['red apple pie', 'apple pie red', 'blue sea wind', 'wind over blue sea', null];
    const first = embedTexts(texts, { dimensions: 3, seed: 1 });
    const cosine = (a: number, b: number): number =>
      [0, 1, 2].reduce(
        (sum, c) => sum + (first.values[3 * a + c] as number) * (first.values[3 * b + c] as number),
        0,
      );
    expect(cosine(0, 1)).toBeGreaterThan(0.9);
    expect(cosine(2, 3)).toBeGreaterThan(0.8);
    expect(Math.abs(cosine(0, 2))).toBeLessThan(0.3);
    expect(Array.from(first.values.subarray(12))).toEqual([0, 0, 0]);
    expect(embedTexts(texts, { dimensions: 3, seed: 1 })).toEqual(first);
    expect(() => embedTexts(texts, { dimensions: 1 })).toThrow(DatasetInputError);
  });

  it('tell the labels out of sample', () => {
    const { texts, labels } = opinions(1500, 2);
    const { values } = finish(textProbabilities(texts, labels));
    const right = labels.values.filter((label, row) => (values[2 * row + label] as number) > 0.5).length;
    expect(right / 1500).toBeGreaterThan(0.75);
  });
});
