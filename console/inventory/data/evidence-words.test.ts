import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EVIDENCE_NAMES, evidenceWords } from './evidence-words.ts';

test.each([
  ['usualShare', 0.0782, 'usual share of labels in doubt', '7.82%'],
  ['log10P', -20.8, 'chance that this is an accident', '2 × 10⁻²¹'],
  ['log10P', -2, 'chance that this is an accident', '0.01'],
  ['log10P', -21.001, 'chance that this is an accident', '1 × 10⁻²¹'],
  ['logOdds', Math.LN10, 'odds for a trigger', '10 to 1'],
  ['logOdds', -Math.LN10, 'odds for a trigger', '1 to 10'],
  ['countedByConfidentLearning', 4120, 'wrong labels by confident learning', '4,120'],
  ['followedByGibberish', true, 'followed by words without connection', 'yes'],
  ['chanceOfFalseAlarm', 0.000_01, 'chance of a false alarm', '1 × 10⁻⁵'],
  ['agreesWithOthers', 'unknown', 'agrees with the others', 'unknown'],
  ['trigger', '', 'trigger', 'none'],
])('%s %s', (name, value, words, written) => {
  expect(evidenceWords(name, value)).toEqual({ name: words, value: written });
});

test('values of the data are never written as figures', () => {
  expect(evidenceWords('value', 94_112).value).toBe('94112');
  expect(evidenceWords('label', '94112').value).toBe('94112');
});

test('what is not known is taken apart into words', () => {
  expect(evidenceWords('firstSeenIn2026Batch', 12_000)).toEqual({
    name: 'first seen in2026 batch',
    value: '12,000',
  });
  expect(evidenceWords('constructor', 0.123_456)).toEqual({ name: 'constructor', value: '0.123' });
});

/** Names in the literal after each `evidence:` of the checks, where it is written down. */
function emitted(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'testing' ? [] : emitted(path);
    if (!entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) return [];
    const text = readFileSync(path, 'utf8');
    return [...text.matchAll(/\bevidence: \{([^{}]*)\}/g)].flatMap(([, body = '']) =>
      [...body.matchAll(/(?:^|[,{])\s*([a-z]\w+)(?=\s*(?:[:,]|$))/g)].map(([, name = '']) => name),
    );
  });
}

test('every figure that the checks emit has words', () => {
  const names = new Set(emitted(join(import.meta.dirname, '../../../checks/datasets')));
  expect(names.size).toBeGreaterThan(30);
  // A single word is read as it is; names put together of several are not.
  expect([...names].filter((name) => /[A-Z]/.test(name) && !EVIDENCE_NAMES.has(name))).toEqual([]);
});
