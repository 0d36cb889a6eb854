import { type Schema, Validator } from '@cfworker/json-schema';
import { z } from 'zod';
import { type CheckResult, memoised, resultOf } from '../../define.ts';
import { defineTextCheck, type TextFinding, type TextInput, textInput } from '../types.ts';
import { depthOf, jsonPart } from './json.ts';

const MAX_SCHEMA_CHARS = 200_000;
const MAX_SCHEMA_DEPTH = 100;

function parseSchema(text: string): Schema | boolean | null {
  if (depthOf(text) > MAX_SCHEMA_DEPTH) return null;
  try {
    const schema: unknown = JSON.parse(text);
    if (typeof schema === 'boolean') return schema;
    return typeof schema === 'object' && schema !== null && !Array.isArray(schema)
      ? (schema as Schema)
      : null;
  } catch {
    return null;
  }
}

function isUsable(text: string): boolean {
  const schema = parseSchema(text);
  if (schema === null) return false;
  try {
    new Validator(schema).validate(null);
    return true;
  } catch {
    return false;
  }
}

const Config = z.object({
  schema: z
    .string()
    .max(MAX_SCHEMA_CHARS)
    .default('{}')
    .refine(isUsable, 'give a JSON Schema as JSON text, with every $ref inside it')
    .describe('JSON Schema (draft 2020-12) that an answer must fit, as JSON text; {} takes any JSON'),
  allowCodeFence: z
    .boolean()
    .default(true)
    .describe('Take an answer that wraps its JSON in one Markdown code fence'),
  maxChars: z
    .number()
    .int()
    .min(2)
    .max(2_000_000)
    .default(1_000_000)
    .describe('Longest answer that is parsed'),
  maxDepth: z.number().int().min(1).max(500).default(64).describe('Deepest nesting of the answer’s JSON'),
});
type Config = z.output<typeof Config>;

const validator = memoised(
  (config: Config) => new Validator(parseSchema(config.schema) ?? false, '2020-12', true),
);

type Found = Pick<TextFinding, 'kind' | 'message'>;

/** What is wrong with the answer, or null. Names places and rules, never values. */
function judge(text: string, config: Config): Found | null {
  if (text.length > config.maxChars) {
    return { kind: 'too-long', message: `The answer is longer than ${config.maxChars} characters.` };
  }
  const json = jsonPart(text, config.allowCodeFence);
  if (depthOf(json) > config.maxDepth) {
    return { kind: 'too-deep', message: `The answer’s JSON nests deeper than ${config.maxDepth} levels.` };
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { kind: 'not-json', message: 'The answer is not JSON.' };
  }
  const { valid, errors } = validator(config).validate(value);
  if (valid) return null;
  // The innermost error comes last and says most.
  const error = errors.at(-1);
  const pointer = error?.instanceLocation.replace(/^#/, '').slice(0, 200) || '/';
  return {
    kind: 'schema',
    message: `The answer breaks the schema at ${pointer} (${error?.keyword ?? 'schema'}).`,
  };
}

function run(input: TextInput, config: Config): CheckResult<TextFinding> {
  if (input.context.partial) return { outcome: 'skipped', reason: 'the answer is not finished' };
  const findings: TextFinding[] = [];
  let judged = 0;
  for (const { index, kind, text } of input.segments) {
    if (kind !== 'message') continue;
    judged += 1;
    let found: Found | null;
    try {
      found = judge(text, config);
    } catch {
      return {
        outcome: 'error',
        message: 'the schema cannot be applied; check its $ref entries and patterns',
      };
    }
    if (found !== null) findings.push({ segment: index, start: 0, end: text.length, score: 1, ...found });
  }
  return judged === 0 ? { outcome: 'skipped', reason: 'there is no answer text' } : resultOf(findings);
}

const answer = (text: string) => textInput(text, { direction: 'output' });
const ORDER = {
  schema: JSON.stringify({
    type: 'object',
    required: ['id', 'items'],
    additionalProperties: false,
    properties: {
      id: { type: 'string' },
      items: { type: 'array', items: { $ref: '#/$defs/item' } },
    },
    $defs: {
      item: { type: 'object', required: ['price'], properties: { price: { type: 'number', minimum: 0 } } },
    },
  }),
};

/** Answers that must be JSON of a given shape. */
export const outputSchemaCheck = defineTextCheck({
  id: 'text/output-schema',
  title: 'Output schema',
  description:
    'Finds answers that are not JSON or do not fit a JSON Schema of yours, and says where. Streamed answers are held until they are complete.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM10', name: 'Improper Output Handling' },
    { framework: 'OWASP-LLM', edition: '2025', id: 'LLM05', name: 'Improper Output Handling' },
  ],
  config: Config,
  actions: ['flag', 'block'],
  directions: ['output'],
  defaults: {
    directions: ['output'],
    authors: ['assistant'],
    action: 'block',
    threshold: 0.5,
    coaching: 'The answer did not have the agreed form. Try again, or ask for less at once.',
  },
  streaming: { mode: 'whole' },
  samples: [
    { title: 'any JSON', input: answer('{"a": [1, 2]}'), found: false },
    { title: 'prose', input: answer('Here is your order.'), found: true },
    { title: 'cut off', input: answer('{"id": "7", "items": ['), found: true },
    {
      title: 'what was agreed',
      input: answer('{"id":"7","items":[{"price":2.5}]}'),
      config: ORDER,
      found: false,
    },
    { title: 'a missing property', input: answer('{"items":[]}'), config: ORDER, found: true },
    {
      title: 'a wrong type deep inside',
      input: answer('{"id":"7","items":[{"price":"2"}]}'),
      config: ORDER,
      found: true,
    },
    {
      title: 'an extra property',
      input: answer('{"id":"7","items":[],"note":1}'),
      config: ORDER,
      found: true,
    },
    { title: 'in a code fence', input: answer('```json\n{"a": 1}\n```\n'), found: false },
    {
      title: 'in a code fence that is not allowed',
      input: answer('```\n{"a": 1}\n```'),
      config: { allowCodeFence: false },
      found: true,
    },
    { title: 'prose around a fence', input: answer('Sure!\n```\n{"a": 1}\n```'), found: true },
    { title: 'too deep', input: answer('['.repeat(100) + ']'.repeat(100)), found: true },
    { title: 'brackets within a string', input: answer(JSON.stringify('['.repeat(100))), found: false },
    {
      title: 'reasoning is no answer',
      input: textInput('hmm', { direction: 'output', kind: 'reasoning' }),
      found: false,
    },
  ],
  run: (input, config) => run(input, config),
});
