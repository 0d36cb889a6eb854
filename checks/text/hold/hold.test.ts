import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { resultOf } from '../../define.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { applyRedactions } from '../../policy/redact.ts';
import type { Decision, PolicyFinding, Rule } from '../../policy/types.ts';
import { createVault, type Vault } from '../../policy/vault.ts';
import { type AnyTextCheck, defineTextCheck, EMPTY_CONTEXT, type TextFinding } from '../types.ts';
import { createHoldBack, MAX_HELD_CHARS, MAX_WHOLE_CHARS, type Released } from './index.ts';

/** A check for a bounded pattern; holds the last run of characters that could belong to a match. */
function patternCheck(
  id: string,
  pattern: RegExp,
  run: RegExp,
  options: { whole?: boolean; asynchronous?: boolean } = {},
): AnyTextCheck {
  return defineTextCheck({
    id,
    title: id,
    description: id,
    maps: [],
    config: z.object({}),
    samples: [],
    actions: ['flag', 'redact', 'block'],
    directions: ['output'],
    defaults: { directions: ['output'], authors: ['assistant'], action: 'flag', threshold: 0, coaching: '' },
    streaming: options.whole
      ? { mode: 'whole' }
      : {
          mode: 'hold',
          holdFrom: (text) => {
            let index = text.length;
            while (index > 0 && run.test(text[index - 1] as string)) index -= 1;
            return index;
          },
        },
    run: (input) => {
      const findings: TextFinding[] = [];
      if (options.whole && input.context.partial) return { outcome: 'skipped', reason: 'not whole yet' };
      for (const segment of input.segments) {
        for (const match of segment.text.matchAll(pattern)) {
          findings.push({
            segment: segment.index,
            start: match.index,
            end: match.index + match[0].length,
            score: 1,
            kind: id.slice(5),
            message: 'found',
          });
        }
      }
      const result = resultOf(findings);
      return options.asynchronous ? Promise.resolve(result) : result;
    },
  });
}

const MAIL = patternCheck('test/mail', /[a-z0-9.]{1,40}@[a-z0-9]{1,30}(?:\.[a-z]{2,8}){1,3}/g, /[a-z0-9.@]/);
const CARD = patternCheck('test/card', /(?<!\d)\d(?: ?\d){15}(?!\d)(?! \d)/g, /[0-9 ]/);
const KEY = patternCheck('test/key', /sk-[A-Za-z0-9]{8,}/g, /[A-Za-z0-9-]/);
const SLOW = patternCheck('test/slow', /sk-[A-Za-z0-9]{8,}/g, /[A-Za-z0-9-]/, { asynchronous: true });
const CANARY = patternCheck('test/canary', /zebra-\d{4}/g, /[a-z0-9-]/);
const WHOLE = patternCheck('test/whole', /[^}]$/g, /$/, { whole: true });
const CHECKS = [MAIL, CARD, KEY, SLOW, CANARY, WHOLE];

function rule(check: string, action: Rule['action']): Rule {
  return {
    id: check.slice(5),
    check,
    enabled: true,
    config: {},
    directions: ['output'],
    authors: ['assistant'],
    endpoints: [],
    action,
    threshold: 0.5,
    coaching: action === 'block' ? 'stop that' : '',
  };
}

const policyOf = (rules: Rule[], mode: 'enforce' | 'shadow' = 'enforce', checks = CHECKS) =>
  compilePolicy({ mode, rules }, checks);

const REDACTING = policyOf([
  rule('test/mail', 'redact'),
  rule('test/card', 'redact'),
  rule('test/key', 'redact'),
  rule('test/canary', 'flag'),
]);
const BLOCKING = policyOf([
  rule('test/mail', 'redact'),
  rule('test/key', 'flag'),
  rule('test/canary', 'block'),
]);
const ASYNCHRONOUS = policyOf([rule('test/mail', 'redact'), rule('test/slow', 'redact')]);

interface Sum {
  text: string;
  findings: PolicyFinding[];
  errors: string[];
  last: Released;
}

function start(policy = REDACTING, vault: Vault = createVault(), extra: object = {}) {
  return createHoldBack({ policy, endpointId: null, context: EMPTY_CONTEXT, vault, ...extra });
}

async function stream(chunks: readonly string[], holdBack = start()): Promise<Sum> {
  let text = '';
  const findings: PolicyFinding[] = [];
  const errors: string[] = [];
  let last: Released | undefined;
  for (const part of [...chunks.map((chunk) => () => holdBack.push(chunk)), () => holdBack.flush()]) {
    last = await part();
    text += last.text;
    findings.push(...last.findings);
    errors.push(...last.errors.map((error) => `${error.check}: ${error.message}`));
  }
  return { text, findings: byPlace(findings), errors, last: last as Released };
}

function byPlace(findings: readonly PolicyFinding[]): PolicyFinding[] {
  return findings.toSorted((a, b) => a.start - b.start || a.end - b.end || (a.rule < b.rule ? -1 : 1));
}

async function judgeWhole(text: string, policy = REDACTING): Promise<Decision> {
  return policy.inspect({
    direction: 'output',
    endpointId: null,
    segments: [{ index: 0, author: 'assistant', kind: 'message', text }],
    context: EMPTY_CONTEXT,
  });
}

function cut(text: string, at: readonly number[]): string[] {
  const places = [...new Set(at.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length));
}

const planted = fc.constantFrom(
  'bob.smith@example.co.uk',
  'a@b.cd',
  '4111 1111 1111 1111',
  '4111111111111111',
  'sk-abcdefgh12345',
  'sk-short',
  'zebra-1234',
  'zebra-12',
);
const filler = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('word ', 'the ', 'and, ', '. ', '\n', ' 12 ', 'x', '@', 'sk-', ' 4111 '),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('a'.repeat(90), '好'.repeat(70), '😀'.repeat(60), ' '.repeat(80)) },
);
const answer = fc
  .array(fc.oneof({ weight: 3, arbitrary: filler }, { weight: 1, arbitrary: planted }), { maxLength: 60 })
  .map((parts) => parts.join(''));

describe('an answer that arrives in pieces', () => {
  test('comes out as the redaction of the whole, with the same findings, however it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(answer, fc.array(fc.nat(), { maxLength: 40 }), async (text, places) => {
        const expected = await judgeWhole(text);
        const result = await stream(cut(text, places));
        expect(result.text).toBe(applyRedactions(text, expected.findings, createVault()));
        expect(result.findings).toEqual(byPlace(expected.findings));
        expect(result.last.verdict).toBe(expected.verdict);
      }),
      { numRuns: 400 },
    );
  });

  test('the same over a long answer, where the context is only a window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(answer, { minLength: 40, maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 99 }),
        async (parts, places) => {
          const text = parts.join('\nand then ');
          const expected = await judgeWhole(text);
          const result = await stream(cut(text, places));
          expect(result.text).toBe(applyRedactions(text, expected.findings, createVault()));
          expect(result.findings).toEqual(byPlace(expected.findings));
        },
      ),
      { numRuns: 15 },
    );
  });

  test.each(['bob.smith@example.co.uk', '4111 1111 1111 1111', 'sk-abcdefgh12345'])(
    '%s split at every offset, and character by character',
    async (secret) => {
      const text = `Certainly, here it is: ${secret}. Anything else?`;
      const expected = await stream([text]);
      expect(expected.text).not.toContain(secret);
      for (let at = 0; at <= text.length; at += 1) {
        expect(await stream([text.slice(0, at), text.slice(at)])).toEqual(expected);
      }
      expect(await stream([...text])).toEqual(expected);
    },
  );

  test('a block stops the stream before its span and at the same place for every cut', async () => {
    await fc.assert(
      fc.asyncProperty(answer, answer, fc.array(fc.nat(), { maxLength: 40 }), async (head, tail, places) => {
        const text = `${head} zebra-1234 ${tail}`;
        const whole = await judgeWhole(text, BLOCKING);
        const one = await stream([text], start(BLOCKING));
        const many = await stream(cut(text, places), start(BLOCKING));
        expect(many).toEqual(one);
        expect(many.last).toMatchObject({ verdict: 'block', blocked: true, coaching: 'stop that' });
        expect(many.text).not.toContain('zebra-1234');
        const redacted = applyRedactions(text, whole.findings, createVault());
        expect(redacted.startsWith(many.text)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('nothing comes out after a block', async () => {
    const holdBack = start(BLOCKING);
    await stream(['zebra-1234 '], holdBack);
    expect(await holdBack.push('more text than enough to be judged, and then some more of it')).toMatchObject(
      {
        text: '',
        findings: [],
        blocked: true,
      },
    );
  });

  test('checks that answer with promises give the same, and overlapping pushes keep their order', async () => {
    await fc.assert(
      fc.asyncProperty(answer, fc.array(fc.nat(), { maxLength: 20 }), async (text, places) => {
        const expected = await judgeWhole(text, ASYNCHRONOUS);
        const holdBack = start(ASYNCHRONOUS);
        const parts = cut(text, places).map((chunk) => holdBack.push(chunk));
        const all = await Promise.all([...parts, holdBack.flush()]);
        expect(all.map((part) => part.text).join('')).toBe(
          applyRedactions(text, expected.findings, createVault()),
        );
        expect(byPlace(all.flatMap((part) => [...part.findings]))).toEqual(byPlace(expected.findings));
      }),
      { numRuns: 100 },
    );
  });

  test('words come out early: the first within a few characters, the rest soon after', () => {
    const holdBack = start();
    expect(holdBack.push('Hello ')).toMatchObject({ text: 'Hello' });
    let out = 5;
    let most = 0;
    const text = 'there, this is an ordinary sentence that goes on for a while. '.repeat(30);
    for (const [index, character] of [...text].entries()) {
      out += (holdBack.push(character) as Released).text.length;
      most = Math.max(most, 6 + index + 1 - out);
    }
    expect(most).toBeLessThan(90);
  });
});

describe('placeholders of the request', () => {
  test('come back as values for every cut, and only the own ones', async () => {
    const vault = createVault();
    vault.reserve('[EMAIL_1]');
    const mine = vault.placeholder('email', 'bob"x@y.zz');
    const text = `Dear ${mine}, [EMAIL_1] and [EMAIL_9] and [${mine}] and ${mine}`;
    const expected = text.replaceAll(mine, 'bob"x@y.zz');
    for (const policy of [REDACTING, policyOf([])]) {
      for (let at = 0; at <= text.length; at += 1) {
        const result = await stream([text.slice(0, at), text.slice(at)], start(policy, vault));
        expect(result.text).toBe(expected);
        expect(result.findings).toEqual([]);
      }
      expect((await stream([...text], start(policy, vault))).text).toBe(expected);
    }
  });

  test('stay placeholders in an address, for every cut', async () => {
    const vault = createVault();
    const mine = vault.placeholder('email', 'bob@x.yz');
    const text = `Hello ${mine} ![x](https://evil.example/a/long/path/that/goes/on/${mine}) and ${mine}`;
    const expected = `Hello bob@x.yz ![x](https://evil.example/a/long/path/that/goes/on/${mine}) and bob@x.yz`;
    for (const policy of [REDACTING, policyOf([])]) {
      for (let at = 0; at <= text.length; at += 1) {
        const parts = [text.slice(0, at), text.slice(at)];
        expect((await stream(parts, start(policy, vault))).text).toBe(expected);
      }
      expect((await stream([...text], start(policy, vault))).text).toBe(expected);
    }
  });

  test('are escaped in a JSON channel', async () => {
    const vault = createVault();
    const mine = vault.placeholder('note', 'say "hi"\n');
    const result = await stream([`{"to":"${mine}"}`], start(REDACTING, vault, { json: true }));
    expect(JSON.parse(result.text)).toEqual({ to: 'say "hi"\n' });
  });
});

describe('redacting in a JSON channel', () => {
  const text =
    '{"card": 4111111111111111, "n\\"ote": "is 4111111111111111, yes", "list": [4111111111111111]}';
  test('keeps it JSON for every cut: a bare number becomes a string', async () => {
    const redacted = { card: '[CARD]', 'n"ote': 'is [CARD], yes', list: ['[CARD]'] };
    for (let at = 0; at <= text.length; at += 1) {
      const holdBack = start(REDACTING, createVault(), { json: true });
      const result = await stream([text.slice(0, at), text.slice(at)], holdBack);
      expect(JSON.parse(result.text)).toEqual(redacted);
    }
  });
});

describe('modes and failures', () => {
  test('shadow mode records and lets everything out', async () => {
    const text = 'mail bob@example.com or zebra-1234 now';
    const shadow = policyOf([rule('test/mail', 'redact'), rule('test/canary', 'block')], 'shadow');
    const result = await stream([...text], start(shadow));
    expect(result.text).toBe(text);
    expect(result.findings.map((finding) => finding.rule)).toEqual(['mail', 'canary']);
    expect(result.last).toMatchObject({ verdict: 'allow', wouldBe: 'block', blocked: false });
  });

  const throwing: AnyTextCheck = {
    ...MAIL,
    run: () => {
      throw new Error('no');
    },
  };
  test('a check that fails stops the channel, once with its error', async () => {
    const policy = policyOf([rule('test/mail', 'flag')], 'enforce', [throwing]);
    const result = await stream(['some text that is long enough ', 'and more'], start(policy));
    expect(result).toMatchObject({ text: '', errors: ['test/mail: threw Error'], last: { blocked: true } });
  });

  test('unless the endpoint lets it pass, and then it is still told', async () => {
    const policy = policyOf([rule('test/mail', 'flag')], 'enforce', [throwing]);
    const text = 'some text that is long enough, '.repeat(20);
    const result = await stream([text], start(policy, createVault(), { onGuardError: 'allow' }));
    expect(result).toMatchObject({ text, errors: ['test/mail: threw Error'], last: { blocked: false } });
  });

  test('a hold function that throws holds everything until the end', async () => {
    const streaming = {
      mode: 'hold' as const,
      holdFrom: () => {
        throw new Error('no');
      },
    };
    const policy = policyOf([rule('test/mail', 'redact')], 'enforce', [{ ...MAIL, streaming }]);
    const holdBack = start(policy);
    expect(holdBack.push('a harmless sentence with many words '.repeat(9))).toMatchObject({ text: '' });
    expect((await holdBack.flush()).text).toHaveLength(324);
  });
});

describe('exemptions', () => {
  const OFFICE = { ...patternCheck('test/mail', /office@example\.com/g, /[a-z@.]/), id: 'test/mail' };
  const either: AnyTextCheck = {
    ...MAIL,
    config: z.object({ office: z.boolean().default(false) }),
    run: (input, config: { office: boolean }) =>
      config.office ? OFFICE.run(input, {} as never) : MAIL.run(input, {} as never),
  } as AnyTextCheck;
  const policy = policyOf(
    [rule('test/mail', 'redact'), { ...rule('test/mail', 'allow'), id: 'office', config: { office: true } }],
    'enforce',
    [either],
  );
  test('hold for every cut', async () => {
    const text = 'ask office@example.com or bob@example.com today';
    for (let at = 0; at <= text.length; at += 1) {
      const result = await stream([text.slice(0, at), text.slice(at)], start(policy));
      expect(result.text).toBe('ask office@example.com or [MAIL] today');
    }
    expect((await stream([...text], start(policy))).text).toBe('ask office@example.com or [MAIL] today');
  });
});

describe('limits', () => {
  test('a rule for whole answers holds all of it and judges once', async () => {
    const policy = policyOf([rule('test/whole', 'block')]);
    const holdBack = start(policy);
    expect(holdBack.push('{"a": '.repeat(100))).toMatchObject({ text: '' });
    expect(await holdBack.flush()).toMatchObject({ text: '', blocked: true, verdict: 'block' });
    const fine = await stream(['{"a": 1', '}'], start(policy));
    expect(fine).toMatchObject({ text: '{"a": 1}', last: { blocked: false } });
  });

  test('a whole answer that only gets flagged is not held', async () => {
    const policy = policyOf([rule('test/whole', 'flag')]);
    const text = 'no JSON at all, just words in a row. '.repeat(3000);
    const holdBack = start(policy);
    const first = await holdBack.push(text);
    expect(first.text.length).toBeGreaterThan(text.length - 200);
    const last = await holdBack.flush();
    expect(first.text + last.text).toBe(text);
    expect(last.findings).toMatchObject([{ rule: 'whole', start: text.length - 1, end: text.length }]);
  });

  test('an answer too long to be judged whole is an error', async () => {
    const policy = policyOf([rule('test/whole', 'block')]);
    const result = await stream(['x'.repeat(MAX_WHOLE_CHARS), 'y'], start(policy));
    expect(result).toMatchObject({ text: '', last: { blocked: true } });
    expect(result.errors[0]).toContain('longer than');
  });

  test('an endless hold is judged and let go where nothing was found', async () => {
    const text = `so: ${'a'.repeat(3 * MAX_HELD_CHARS)} done`;
    const holdBack = start();
    const first = await holdBack.push(text);
    expect(first.text.length).toBeGreaterThan(2 * MAX_HELD_CHARS);
    expect(first.text + (await holdBack.flush()).text === text).toBe(true);
  });

  test('a find longer than what can be held stops the channel', async () => {
    const secret = `sk-${'a'.repeat(2 * MAX_HELD_CHARS)}`;
    const result = await stream([`so: ${secret}`, ' done']);
    expect(result).toMatchObject({ text: 'so: ', last: { blocked: true } });
    expect(result.errors[0]).toContain('longer than');
  });

  test('judging costs a constant factor of the length', async () => {
    let judged = 0;
    const counting: AnyTextCheck = {
      ...MAIL,
      run: (input, config) => {
        for (const segment of input.segments) judged += segment.text.length;
        return MAIL.run(input, config);
      },
    };
    const policy = policyOf([rule('test/mail', 'redact')], 'enforce', [counting]);
    for (const unit of [
      'plain words follow each other and ',
      'bob@example.com ',
      'longlonglongword',
      '好好好',
    ]) {
      judged = 0;
      const text = unit.repeat(Math.ceil(300_000 / unit.length));
      await stream([text], start(policy));
      expect(judged / text.length).toBeLessThan(25);
    }
  });
});
