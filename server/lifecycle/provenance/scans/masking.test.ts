import type { DataProfile } from '@bartizan/contracts';
import { describe, expect, test } from 'vitest';
import { knownOf, maskFinding, maskReason } from './masking.ts';

const profile = {
  rows: 1_000,
  columns: [
    {
      name: 'zip',
      top: [
        { value: '94110', count: 50, over: 0 },
        { value: '10001', count: 12, over: 5 },
      ],
    },
  ],
} as unknown as DataProfile;
const known = knownOf(['zip', 'note'], profile);
const masked = (message: string, check = 'datasets/label-errors') =>
  maskReason({ check, message }, known).message;

describe('reasons', () => {
  test('keep names of columns and values that the profile shows', () => {
    expect(masked('given “94110” in “zip”; the rest says “94110” with 0.93')).toBe(
      'given “94110” in “zip”; the rest says “94110” with 0.93',
    );
  });

  test('leave out what else is quoted, and values of few records', () => {
    expect(masked('has “my password is hunter2”, which 3 documents have')).toBe(
      'has “…”, which 3 documents have',
    );
    expect(masked('given “10001”')).toBe('given “…”');
  });

  test.each([
    ['a mark that closes within the record', 'has “x” hunter2 “y”, twice'],
    ['a mark that is never closed', 'has “hunter2 and more'],
    ['a mark that was never opened', 'has ” hunter2'],
    ['a known value as a bait', 'has “94110” and “hunter2” and “zip” hunter2”'],
  ])('are not opened by %s', (_, message) => {
    expect(masked(message)).not.toContain('hunter2');
  });

  test('name no number of a record that a check of values found', () => {
    expect(masked('income is 93211.5, beyond -1e9', 'datasets/outliers')).toBe('income is … beyond …');
    expect(masked('q3_total is 17', 'datasets/outliers')).toBe('q3_total is …');
  });

  test('are one line without control and direction characters, and cut', () => {
    expect(masked('a\u0000b\nc\u202Ed')).toBe('a b c d');
    expect(masked('x'.repeat(5_000)).length).toBeLessThanOrEqual(400);
  });
});

describe('findings', () => {
  const finding = (count: number, title: string) =>
    maskFinding(
      { check: 'datasets/repeats', title, message: title, evidence: { phrase: 'hunter2', n: 3 }, count },
      known,
    );

  test('of few records are masked, evidence too; of many they say what these share', () => {
    expect(JSON.stringify(finding(3, '“hunter2” in 3 documents'))).not.toContain('hunter2');
    expect(finding(30, '“buy now” in 30 documents').title).toBe('“buy now” in 30 documents');
  });

  test('give no example of one record', () => {
    const { message } = maskFinding(
      {
        check: 'datasets/outliers',
        title: 't',
        message: '40 records have it, e.g. pay is 7.',
        evidence: {},
        count: 40,
      },
      known,
    );
    expect(message).toBe('40 records have it.');
  });
});
