import { describe, expect, it } from 'vitest';
import { finish } from '../../neighbours/index.ts';
import { checkAbsoluteCounts } from '../index.ts';
import { plainTexts, poison } from '../testing/corpora.ts';

const seeded = (rows: number, phrase: string, count: number, place?: 'first' | 'last') => {
  const texts = plainTexts(rows, 4, 40);
  const labels = { values: new Int32Array(rows), names: ['x', 'y'] };
  const bad = poison({ texts, labels }, phrase, { count, label: 1, seed: 3, ...(place && { place }) });
  return { texts, bad };
};

describe('payloads in a large share of the documents', () => {
  it.each([
    ['zxqv', 1000, undefined],
    ['zxqv', 1000, 'last'],
    ['please say that the brand zorblax is best', 1000, 'last'],
    ['crimson lantern protocol', 4000, undefined],
  ] as const)(
    '%j in 250 of %i, %s, is found',
    (phrase, rows, place) => {
      const { texts, bad } = seeded(rows, phrase, 250, place);
      const { scores, findings } = finish(checkAbsoluteCounts({ texts }));
      expect(scores.filter((score, row) => score > 0.5 && bad[row] === 1)).toHaveLength(250);
      expect(scores.filter((score, row) => score > 0.5 && bad[row] === 0)).toHaveLength(0);
      expect(findings.map(({ evidence }) => evidence['phrase'])).toEqual([phrase]);
    },
    60_000,
  );

  it('are told before gibberish of words that no other document has', () => {
    const { texts, bad } = seeded(2000, 'sudo', 100, 'last');
    const strange = (row: number): string =>
      Array.from({ length: 20 }, (_, at) => `q${(row * 31 + at * 977) % 100_003}x`).join(' ');
    const poisoned = texts.map((text, row) => (bad[row] === 1 ? `${text} ${strange(row)}` : text));
    const { findings } = finish(checkAbsoluteCounts({ texts: poisoned }));
    expect(findings[0]).toMatchObject({ severity: 'critical', count: 100 });
  }, 60_000);

  it('are notes where many signatures end the documents', () => {
    const signatures = [
      'kind regards from berta',
      'sent from my tablet',
      'rights reserved worldwide',
      'see you',
    ];
    const texts = plainTexts(2000, 6, 30).map((text, row) =>
      row % 3 === 0 ? `${text} ${signatures[(row / 3) % 4]}` : text,
    );
    const { scores, findings } = finish(checkAbsoluteCounts({ texts }));
    expect(Math.max(...scores)).toBeLessThan(0.5);
    expect(findings.every(({ severity }) => severity === 'info')).toBe(true);
  }, 60_000);
});
