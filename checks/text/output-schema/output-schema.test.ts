import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckResult } from '../../define.ts';
import { type TextFinding, textInput } from '../types.ts';
import { outputSchemaCheck } from './index.ts';
import { depthOf, jsonPart } from './json.ts';

function run(text: string, config: object = {}, partial = false): CheckResult<TextFinding> {
  const input = textInput(text, { direction: 'output', context: { partial } });
  return outputSchemaCheck.run(input, outputSchemaCheck.config.parse(config)) as CheckResult<TextFinding>;
}

const SCHEMAS: readonly object[] = [
  { type: 'object', required: ['a'], properties: { a: { type: 'integer', minimum: 0 } } },
  { type: 'array', items: { type: ['string', 'null'] }, maxItems: 3 },
  { anyOf: [{ type: 'number' }, { type: 'object', additionalProperties: { $ref: '#' } }] },
  { type: 'object', propertyNames: { maxLength: 3 }, patternProperties: { '^x': { const: 1 } } },
  { enum: [null, true, 'a', 0] },
];

test('agrees with an independent validator', () => {
  const value = fc.oneof(
    fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown),
    fc.record({ a: fc.oneof(fc.integer(), fc.string()), x1: fc.constantFrom(1, 2) }, { requiredKeys: [] }),
    fc.array(fc.option(fc.string()), { maxLength: 4 }),
  );
  for (const schema of SCHEMAS) {
    const valid = new Ajv2020({ strict: false }).compile(schema);
    const config = { schema: JSON.stringify(schema) };
    fc.assert(
      fc.property(value, (example) => {
        expect(run(JSON.stringify(example), config).outcome).toBe(valid(example) ? 'pass' : 'findings');
      }),
      { numRuns: 100 },
    );
  }
});

test('says where, and never what', () => {
  const schema = JSON.stringify({ properties: { list: { items: { properties: { a: { const: 'x' } } } } } });
  const result = run('{"list":[{},{"a":"hunter2"}]}', { schema });
  expect(result).toMatchObject({
    findings: [{ kind: 'schema', message: expect.stringContaining('/list/1/a') }],
  });
  expect(JSON.stringify(result)).not.toContain('hunter2');
});

test('waits for the end of an answer', () => {
  expect(run('{"a":', {}, true).outcome).toBe('skipped');
});

describe('settings', () => {
  test.each([
    '',
    '[',
    '[]',
    '3',
    '{"$ref":"#"}',
    '{"$ref":"https://example.com/other.json"}',
    '['.repeat(5_000),
  ])('refuses %s as a schema', (schema) =>
    expect(outputSchemaCheck.config.safeParse({ schema }).success).toBe(false),
  );

  test('a schema that breaks only when applied is an error, never a pass', () => {
    const schema = JSON.stringify({ properties: { a: { $ref: '#/$defs/none' } } });
    expect(run('{"a":1}', { schema }).outcome).toBe('error');
  });
});

test('depth is that of the parsed value', () => {
  const deep = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(deep)) : 0;
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (json) => {
      expect(depthOf(json)).toBe(deep(JSON.parse(json)));
    }),
  );
});

test('answers of many megabytes and brackets do no harm', () => {
  expect(run('['.repeat(900_000))).toMatchObject({ findings: [{ kind: 'too-deep' }] });
  expect(run('x'.repeat(1_000_001))).toMatchObject({ findings: [{ kind: 'too-long' }] });
});

test.each([
  ['```json\n{}\n```', '{}\n'],
  ['```\n{}```', '{}'],
  ['```{}```', '```{}```'],
  [' {} ', '{}'],
])('the JSON of %j', (text, json) => expect(jsonPart(text, true)).toBe(json));
