import { cpuMs } from '@bartizan/contracts/testing.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textCheck, textChecks } from '../../catalogue.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { applyRedactions } from '../../policy/redact.ts';
import type { Decision } from '../../policy/types.ts';
import { createVault } from '../../policy/vault.ts';
import { createHoldBack, type Released } from '../hold/index.ts';
import { EMPTY_CONTEXT } from '../types.ts';
import { plainView } from './plain.ts';

const TOKEN = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`;
const VALUES = [TOKEN, 'john.doe@corp-mail.com', '4111111111111111', 'DE89370400440532013000'];
const escaped = (value: string): string =>
  [...value].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

/** Ways of writing a value in which a reader still reads it. */
const DISGUISES: readonly (readonly [string, (value: string) => string])[] = [
  ['after a line break in JSON', (value) => JSON.stringify({ body: `Hello\n${value}\nbye` })],
  ['after a tab in JSON', (value) => JSON.stringify({ body: `Hello\t${value}\tbye` })],
  ['in JSON within JSON', (value) => JSON.stringify({ a: JSON.stringify({ b: `x\n${value}\ny` }) })],
  ['in \\u escapes', (value) => `{"a":"${escaped(value)}"}`],
  ['first character escaped', (value) => `{"a":"x ${escaped(value.slice(0, 1))}${value.slice(1)}"}`],
  ['with a zero-width character inside', (value) => `see ${value.slice(0, 6)}\u200b${value.slice(6)} there`],
  ['with a soft hyphen inside', (value) => `see ${value.slice(0, 6)}\u00ad${value.slice(6)} there`],
  [
    'in full-width letters',
    (value) =>
      `see ${[...value].map((char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)).join('')} ok`,
  ],
  ['in HTML entities', (value) => [...value].map((char) => `&#${char.charCodeAt(0)};`).join('')],
  ['percent-encoded', (value) => [...value].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('')],
];

const rules = (direction: 'input' | 'output') =>
  (['text/secrets', 'text/personal-data'] as const).map((id) => ({
    id: id.slice(5),
    check: id,
    enabled: true,
    config: {},
    directions: [direction],
    authors: ['user' as const, 'assistant' as const],
    endpoints: [],
    action: 'redact' as const,
    threshold: textCheck(id)?.defaults.threshold ?? 0.5,
    coaching: '',
  }));
const input = compilePolicy({ mode: 'enforce', rules: rules('input') }, textChecks);
const output = compilePolicy({ mode: 'enforce', rules: rules('output') }, textChecks);

function redacted(text: string): string {
  const decision = input.inspect({
    direction: 'input',
    endpointId: null,
    segments: [{ index: 0, text, author: 'user', kind: 'message' }],
    context: EMPTY_CONTEXT,
  }) as Decision;
  return applyRedactions(text, decision.findings, createVault());
}

function streamed(text: string, cuts: readonly number[]): string {
  const hold = createHoldBack({
    policy: output,
    endpointId: null,
    context: EMPTY_CONTEXT,
    vault: createVault(),
  });
  const ends = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  let out = '';
  let from = 0;
  for (const end of [...ends, text.length]) {
    out += (hold.push(text.slice(from, end)) as Released).text;
    from = end;
  }
  return out + (hold.flush() as Released).text;
}

/** What a reader makes of a text. */
const read = (text: string): string => plainView(text)?.text ?? text;

describe('values written in disguise', () => {
  test.each(DISGUISES)('%s: are taken out of a request', (_title, write) => {
    for (const value of VALUES) {
      expect(read(write(value))).toContain(value);
      const out = redacted(write(value));
      expect(read(out)).not.toContain(value);
      expect(out).toMatch(/\[[A-Z_]+_1\]/);
    }
  });

  test('JSON stays JSON: no escape is cut in two', () => {
    for (const value of VALUES) {
      const out = redacted(JSON.stringify({ body: `Hello\n${value}\nbye` }));
      expect(JSON.parse(out).body).toMatch(/^Hello\n\[[A-Z_]+_1\]\nbye$/);
    }
  });

  test.each(DISGUISES)('%s: never leave in a stream, wherever it is cut', (_title, write) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...VALUES),
        fc.array(fc.nat(400), { maxLength: 12 }),
        fc.constantFrom('', 'Well, here it comes: ', 'ok '.repeat(60)),
        (value, cuts, before) => {
          const out = streamed(`${before}${write(value)} and so on.`, cuts);
          expect(read(out)).not.toContain(value);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('finds the same without a disguise, and nothing more in plain escapes', () => {
    expect(redacted(`Why does ${TOKEN} fail?`)).toBe('Why does [GITHUB_TOKEN_1] fail?');
    for (const text of [
      'C:\\new\\table.txt',
      '100%25 of 50%',
      'a\\nb',
      'fish &amp; chips',
      '\u{1f469}\u200d\u{1f4bb} ok',
    ])
      expect(redacted(text)).toBe(text);
  });
});

describe('the plain view', () => {
  test('is null where it changes nothing, and maps every character back to where it came from', () => {
    expect(plainView('plain text, 100 % sure & more')).toBeNull();
    const view = plainView('a\\u0041\u200b%42&#67;\\\\nD');
    expect(view?.text).toBe('aABC\nD');
    expect(view?.spanOf(1, 2)).toEqual({ start: 1, end: 7 });
    expect(view?.spanOf(2, 4)).toEqual({ start: 8, end: 16 });
    expect(view?.spanOf(5, 6)).toEqual({ start: 19, end: 20 });
  });

  test('is linear: a million characters of each kind take a moment', () => {
    for (const unit of ['\\', '%', '&', '&#', '\\u', '%4', '\u200b', '\\n', '&#64;', '\\\\\\"', '\ud800']) {
      const text = unit.repeat(Math.ceil(1_000_000 / unit.length));
      const began = cpuMs();
      plainView(text);
      expect(cpuMs() - began).toBeLessThan(4_000);
    }
  });
});
