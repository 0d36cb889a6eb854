import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_ROW_CHARS, type RowSource, rowOf } from './rows.ts';

const source = (given: Partial<RowSource> = {}): RowSource => ({
  text: 'hello',
  label: 'attack',
  kind: 'direct',
  origin: 'user',
  segmentKind: 'message',
  lang: null,
  span: null,
  ...given,
});

describe('kinds are the recipe’s', () => {
  const cases: [Partial<RowSource>, string][] = [
    [{}, 'direct_injection'],
    [{ kind: 'extraction' }, 'extraction'],
    [{ kind: 'jailbreak' }, 'jailbreak'],
    [{ kind: 'obfuscated' }, 'obfuscated'],
    [{ kind: 'buried' }, 'indirect_payload'],
    [{ kind: 'buried', span: { start: 1, end: 3 } }, 'indirect_embedded'],
    [{ kind: 'extraction', origin: 'third_party' }, 'indirect_payload'],
    [{ label: 'harmless', kind: 'chat' }, 'benign_chat'],
    [{ label: 'harmless', kind: 'code', origin: 'third_party' }, 'benign_code'],
    [{ label: 'harmless', kind: 'chat', origin: 'third_party' }, 'benign_document'],
    [
      { label: 'harmless', kind: 'chat', origin: 'third_party', segmentKind: 'tool_result' },
      'benign_tool_output',
    ],
  ];
  test.each(cases)('%j is %s', (given, kind) => {
    expect(rowOf(source(given)).kind).toBe(kind);
  });
});

test('the payload is the passage, in code points, however long the text and whatever it is made of', () => {
  const unit = fc.string({ unit: 'binary', maxLength: 9_000 });
  fc.assert(
    fc.property(
      unit,
      fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
      unit,
      (before, payload, after) => {
        const text = before + payload + after;
        const span = { start: before.length, end: before.length + payload.length };
        const row = rowOf(source({ text, span, kind: 'buried' }));
        const points = Array.from(row.text);
        expect(points.length).toBeLessThanOrEqual(MAX_ROW_CHARS);
        const passage = row.payload === '' ? row.text : points.slice(...row.payload).join('');
        expect(passage).toBe(payload.toWellFormed());
      },
    ),
    { numRuns: 300 },
  );
});

test('a passage longer than the recipe reads is all of the row; harmless rows have none', () => {
  const text = `${'a'.repeat(100)}${'b'.repeat(9_000)}`;
  const long = rowOf(source({ text, span: { start: 100, end: 9_100 } }));
  expect([long.text, long.payload]).toEqual(['b'.repeat(MAX_ROW_CHARS), '']);
  const harmless = rowOf(
    source({ text, label: 'harmless', kind: 'chat', span: { start: 9_000, end: 9_010 } }),
  );
  expect([harmless.payload, harmless.text.length]).toEqual(['', MAX_ROW_CHARS]);
});

test('lone surrogates become well-formed text', () => {
  expect(rowOf(source({ text: 'a\ud800b' })).text.isWellFormed()).toBe(true);
});
