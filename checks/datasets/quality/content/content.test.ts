import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../statistics/random.ts';
import { finish } from '../../neighbours/index.ts';
import { categoryColumn, everyday, numberColumn, textColumn } from '../testing/texts.ts';
import { checkPersonal } from './personal.ts';
import { checkSecrets } from './secrets.ts';

const emails = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `person${i}@mail${i % 7}.example.org`);

describe('personal data', () => {
  it('are summed up by column and said by row, masked', () => {
    const mixed = everyday(100, 1).map((text, row) => (row % 5 === 0 ? (emails(100)[row] ?? '') : text));
    const outcome = finish(
      checkPersonal([textColumn('contact', mixed), textColumn('note', everyday(100, 2))]),
    );
    expect(outcome.columns).toMatchObject([
      { column: 'contact', kind: 'email', count: 20, share: { value: 0.2 } },
    ]);
    expect(outcome.findings[0]?.message).toContain('20% of the values of “contact” (20)');
    expect(outcome.findings[0]?.rows.slice(0, 3)).toEqual([0, 5, 10]);
    expect(outcome.suspects).toEqual([]);
    expect(Math.max(...outcome.scores)).toBeLessThanOrEqual(0.3);
    expect(outcome.notes).toHaveLength(20);
    for (const { row, reasons } of outcome.notes)
      for (const { message } of reasons) expect(message).not.toContain(mixed[row]);
  });

  it('are read once a value of a category, and counted once a row', () => {
    const rows = Array.from({ length: 50 }, (_, row) => (row % 2 === 0 ? 'jane.doe@example.org' : null));
    const outcome = finish(checkPersonal([categoryColumn('owner', rows)]));
    expect(outcome.columns).toMatchObject([{ count: 25, share: { value: 1 } }]);
  });

  it('are known by the name of their column', () => {
    const random = createRandom(5);
    const dates = Array.from(
      { length: 40 },
      () => `19${60 + random.integer(30)}-0${1 + random.integer(9)}-1${random.integer(9)}`,
    );
    expect(finish(checkPersonal([textColumn('date_of_birth', dates)])).columns).toMatchObject([
      { kind: 'birth-date' },
    ]);
    expect(finish(checkPersonal([textColumn('delivered', dates)])).columns).toEqual([]);
  });

  it('are found in a column of numbers when most of it is', () => {
    const cards = [4111111111111111, 5555555555554444, 4012888888881881, 5105105105105100, 4222222222222];
    expect(finish(checkPersonal([numberColumn('card', [...cards, ...cards])])).columns).toMatchObject([
      { kind: 'card-number' },
    ]);
    const random = createRandom(9);
    const amounts = Array.from({ length: 5_000 }, () => random.integer(900_000_000));
    expect(
      finish(
        checkPersonal([
          numberColumn('amount', amounts),
          numberColumn(
            'empty',
            amounts.map(() => Number.NaN),
          ),
        ]),
      ).columns,
    ).toEqual([]);
  });

  it('are not seen in everyday texts', () => {
    const outcome = finish(checkPersonal([textColumn('text', everyday(3_000, 11))]));
    expect(outcome.columns).toEqual([]);
    expect(outcome.blindSpots.length).toBeGreaterThan(0);
  });
});

describe('secrets', () => {
  const token = `ghp_${'aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA2'}`;
  it('are found, score above .5 and are never shown', () => {
    const texts = everyday(50, 6);
    texts[9] = `curl -H "Authorization: token ${token}" https://api.example.org`;
    const outcome = finish(
      checkSecrets([
        textColumn('text', texts),
        categoryColumn(
          'password',
          texts.map((_, row) => (row === 3 ? 'hV7!kq92Zx' : null)),
        ),
      ]),
    );
    expect(outcome.suspects.map(({ row }) => row).sort((a, b) => a - b)).toEqual([3, 9]);
    expect(JSON.stringify([outcome.findings, outcome.notes])).not.toMatch(/ghp_aB|hV7!kq/);
  });
  it('are not seen in everyday texts', () => {
    expect(finish(checkSecrets([textColumn('text', everyday(3_000, 12))])).suspects).toEqual([]);
  });
});
