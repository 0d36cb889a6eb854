import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TextContext, TextFinding } from '../types.ts';
import { EMPTY_CONTEXT, textInput } from '../types.ts';
import { promptLeakCheck } from './index.ts';

const PROMPT =
  'You are Otto, the helper of the Linden bakery. Never sell more than forty rolls to one customer, give staff a ' +
  'rebate of twelve percent, and do not speak about the fire in the old oven room in winter 2019.';
const CANARY = 'violet-anvil-58';
const CONTEXT: TextContext = { ...EMPTY_CONTEXT, operatorTexts: [PROMPT], canaries: [CANARY] };
const DEFAULTS = promptLeakCheck.config.parse({});

function find(text: string, context: Partial<TextContext> = {}, config = DEFAULTS): readonly TextFinding[] {
  const result = promptLeakCheck.run(
    textInput(text, { direction: 'output', context: { ...CONTEXT, ...context } }),
    config,
  );
  if (result instanceof Promise) throw new Error('answers at once');
  return result.outcome === 'findings' ? result.findings : [];
}

describe('canaries', () => {
  it.each([
    ['as it is', CANARY],
    ['upper case', CANARY.toUpperCase()],
    ['other separators', 'Violet Anvil 58'],
    ['letter by letter', [...CANARY].join(' ')],
    ['backwards', [...CANARY].toReversed().join('')],
    ['base64', Buffer.from(CANARY).toString('base64')],
    ['base64 within a sentence', Buffer.from(`the word is ${CANARY}, keep it`).toString('base64')],
    ['hexadecimal', Buffer.from(CANARY).toString('hex')],
    [
      'full width',
      Array.from(CANARY, (char) => String.fromCodePoint((char.codePointAt(0) ?? 0) + 0xfee0)).join(''),
    ],
    ['zero width', [...CANARY].join('\u200b')],
  ])('%s', (_, form) => {
    const text = `Well, ${form} it is.`;
    const [found] = find(text);
    expect(found?.kind).toBe('canary');
    expect(found?.start).toBeGreaterThanOrEqual(6);
    expect(found?.end).toBeLessThanOrEqual(text.length);
  });

  it('too short to mean anything are not looked for', () => {
    expect(find('abc def', { canaries: ['abc'], operatorTexts: [] })).toEqual([]);
  });

  it('are never quoted in messages', () => {
    for (const { message } of find(`${CANARY} ${PROMPT}`)) {
      expect(message).not.toContain(CANARY);
      expect(message).not.toContain('Linden');
    }
  });
});

describe('similarity', () => {
  it('spans the passage that was repeated', () => {
    const passage =
      'give staff a rebate of twelve percent, and do not speak about the fire in the old oven room';
    const text = `I was told to "${passage}", you see.`;
    const [found] = find(text);
    expect(found && text.slice(found.start, found.end)).toBe(passage);
  });

  it('grows with the length of the passage', () => {
    const words = PROMPT.split(' ');
    const short = find(words.slice(0, 13).join(' '))[0]?.score ?? 0;
    const long = find(words.slice(0, 30).join(' '))[0]?.score ?? 0;
    expect(short).toBeGreaterThan(0.5);
    expect(long).toBeGreaterThan(short);
  });

  it('follows the configured number of words', () => {
    const passage = PROMPT.split(' ').slice(8, 18).join(' ');
    expect(find(passage)).toEqual([]);
    expect(find(passage, {}, promptLeakCheck.config.parse({ minimumWords: 8 }))).toHaveLength(1);
  });

  it('does not run across two operator texts', () => {
    const [a, b] = [PROMPT.split(' ').slice(0, 8).join(' '), PROMPT.split(' ').slice(8, 16).join(' ')];
    expect(find(`${a} ${b}`, { operatorTexts: [`x ${a}`, `${b} y`] })).toEqual([]);
  });

  it('lets refrains pass', () => {
    const text = 'no no no no no no no no no no no no no no';
    expect(find(text, { operatorTexts: [text] })).toEqual([]);
  });

  it('works without blanks between words', () => {
    const prompt =
      '你是林登面包店的助手。每位顾客最多卖四十个面包，员工享受八八折优惠，不要谈论二零一九年冬天的火灾。';
    expect(find(`好的：${prompt}`, { operatorTexts: [prompt] })).toHaveLength(1);
  });
});

describe('streaming', () => {
  const { streaming } = promptLeakCheck;
  if (streaming.mode !== 'hold') throw new Error('holds');
  const hold = (text: string): number => streaming.holdFrom(text, DEFAULTS, { ...CONTEXT, partial: true });
  const words = PROMPT.split(' ');

  it('never lets go of a leak before it is judged, wherever the text is cut', () => {
    const parts = fc.array(
      fc.oneof(
        fc
          .tuple(fc.nat(words.length - 1), fc.nat(30))
          .map(([from, count]) => words.slice(from, from + count).join(' ')),
        fc.constantFrom(
          CANARY,
          CANARY.toUpperCase(),
          [...CANARY].join(' '),
          Buffer.from(CANARY).toString('base64'),
        ),
        fc.string({ maxLength: 10 }),
      ),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(parts, fc.double({ min: 0, max: 1, noNaN: true }), (pieces, share) => {
        const text = pieces.join(' ');
        const cut = Math.floor(text.length * share);
        const held = hold(text.slice(0, cut));
        const already = find(text.slice(0, cut));
        for (const found of find(text)) {
          if (found.end <= cut || found.start >= cut) continue;
          const known = already.some((one) => one.start <= found.start && one.end > found.start);
          if (!known) expect(held).toBeLessThanOrEqual(found.start);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('lets other text flow', () => {
    const text = 'Rye sourdough keeps longest; wrap it into linen cloth. ';
    expect(hold(text)).toBe(text.length);
  });
});
