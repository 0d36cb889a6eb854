import type { DripReference } from '@bartizan/checks/datasets/drift/index.ts';
import { describe, expect, test } from 'vitest';
import { countWords } from './words.ts';

const reference: DripReference = {
  labels: ['yes', 'no'],
  columns: [
    { name: 'zip', kind: 'category', values: ['94110', '60613'] },
    { name: 'zip code', kind: 'category', values: ['1'] },
    { name: 'income', kind: 'number', bounds: [5, 9], low: 1, high: 20 },
    { name: 'ssn', kind: 'category', values: ['123-45'] },
  ],
};
const known = { columns: new Set(['zip', 'zip code', 'income']), values: new Set(['94110', 'no']) };
const words = (name: string) => countWords(name, reference, known);

describe('words of a count', () => {
  test('say column, cell and label, as far as the profile shows them', () => {
    expect(words('zip = 94110 label no')).toEqual({ column: 'zip', what: 'zip = “94110”, label “no”' });
    expect(words('zip = 60613 label yes')).toEqual({ column: 'zip', what: 'zip = “…”, label “…”' });
    expect(words('label no')).toEqual({ column: null, what: 'label “no”' });
    expect(words('income from 5 below 9')).toEqual({ column: 'income', what: 'income from 5 below 9' });
    expect(words('zip code is missing label no').column).toBe('zip code');
    expect(words('copies of another record of the day').column).toBeNull();
  });

  test('give no value away by a name that fits no form', () => {
    for (const name of [
      'ssn = 123-45',
      'ssn from 123 below 45 or so',
      'other = 123-45',
      'label 123-45',
      '123-45',
    ])
      expect(JSON.stringify(words(name))).not.toContain('123-45');
    expect(words('ssn 123-45').what).toBe('ssn “…”');
  });
});
