import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leakOf } from '../secrets/leak-simulation.ts';
import type { TextFinding } from '../types.ts';
import { EMPTY_CONTEXT, textInput } from '../types.ts';
import { sourceCodeCheck } from './index.ts';
import { LANGUAGE_SAMPLES, PROSE_SAMPLES } from './language-samples.ts';
import { LANGUAGES } from './languages.ts';
import { classifyLine } from './lines.ts';
import { PYTHON_MODULE, STACK_TRACE, TYPESCRIPT_MODULE } from './samples.ts';

function find(text: string, overrides: Record<string, unknown> = {}): readonly TextFinding[] {
  const result = sourceCodeCheck.run(textInput(text), sourceCodeCheck.config.parse(overrides));
  if (result instanceof Promise) throw new TypeError('expected an answer at once');
  return result.outcome === 'findings' ? result.findings : [];
}

describe('the carried samples', () => {
  it.each(sourceCodeCheck.samples.map((sample) => [sample.title, sample] as const))(
    '%s',
    (_title, sample) => {
      const result = sourceCodeCheck.run(sample.input, sourceCodeCheck.config.parse(sample.config ?? {}));
      expect(result).toHaveProperty('outcome', sample.found ? 'findings' : 'pass');
    },
  );
});

describe('languages', () => {
  it('are at least fifteen, each with a sample', () => {
    expect(LANGUAGES.length).toBeGreaterThanOrEqual(15);
    expect(Object.keys(LANGUAGE_SAMPLES).sort()).toEqual(LANGUAGES.map(({ id }) => id).sort());
  });
  it.each(Object.entries(LANGUAGE_SAMPLES))('%s is found and named', (id, sample) => {
    const [finding] = find(sample, { minimumLines: 5 });
    expect(finding?.message).toContain(LANGUAGES.find((language) => language.id === id)?.title);
    expect(finding?.score).toBeGreaterThanOrEqual(0.6);
    expect(find(sample, { minimumLines: 5, languages: [id] })).toHaveLength(1);
  });
  it.each(Object.entries(PROSE_SAMPLES))('%s is left alone', (_title, sample) => {
    expect(find(sample, { minimumLines: 3 })).toEqual([]);
  });
});

/** Lines of the sample that are more than brackets. */
const TYPESCRIPT_LINES = 12;

describe('blocks', () => {
  it('span the code and not the prose around it', () => {
    const before = 'Hello, please have a look at this:\n\n';
    const after = '\n\nWhat do you think about the second method?\nThank you very much for your help.';
    const [finding] = find(before + PYTHON_MODULE + after);
    expect(finding).toMatchObject({ start: before.length, end: before.length + PYTHON_MODULE.length });
  });
  it('are found each by itself', () => {
    const between = '\n\nAnd this is the other half of it.\nIt does the same as the first one.\n\n';
    expect(find(PYTHON_MODULE + between + TYPESCRIPT_MODULE)).toHaveLength(2);
  });
  it('count from the configured number of lines', () => {
    expect(find(PYTHON_MODULE, { minimumLines: 15 })).toHaveLength(1);
    expect(find(PYTHON_MODULE, { minimumLines: 16 })).toEqual([]);
  });
  it('pass inside fences up to the allowance only', () => {
    const fenced = `Look:\n\`\`\`ts\n${TYPESCRIPT_MODULE}\n\`\`\`\nThanks.`;
    expect(find(fenced, { allowFencedLines: TYPESCRIPT_LINES - 1 })).toHaveLength(1);
    expect(find(fenced, { allowFencedLines: TYPESCRIPT_LINES })).toEqual([]);
    expect(find(TYPESCRIPT_MODULE, { allowFencedLines: 100 })).toHaveLength(1);
  });
  it('are found with Windows line ends', () => {
    expect(find(TYPESCRIPT_MODULE.replaceAll('\n', '\r\n'))).toHaveLength(1);
  });
});

const config = sourceCodeCheck.config.parse({ minimumLines: 4 });
const hold = (text: string): number => {
  if (sourceCodeCheck.streaming.mode !== 'hold') throw new TypeError('expected hold');
  return sourceCodeCheck.streaming.holdFrom(text, config, { ...EMPTY_CONTEXT, partial: true });
};

describe('streaming', () => {
  it('leaks nothing of any sample at any cut', () => {
    for (const sample of [
      PYTHON_MODULE,
      TYPESCRIPT_MODULE,
      STACK_TRACE,
      ...Object.values(LANGUAGE_SAMPLES),
    ]) {
      expect(leakOf(sourceCodeCheck, config, `Here you are:\n${sample}\nThat is all of it.`)).toBeNull();
    }
  });
  it('leaks nothing of mixed lines', () => {
    const line = fc.constantFrom(
      ...`${PYTHON_MODULE}\n${TYPESCRIPT_MODULE}\n${STACK_TRACE}`.split('\n'),
      'And then we go on with words.',
      'Thanks',
      '# note',
      '',
      '',
      '```',
    );
    fc.assert(
      fc.property(fc.array(line, { minLength: 3, maxLength: 10 }), (lines) => {
        expect(leakOf(sourceCodeCheck, config, lines.join('\n'))).toBeNull();
      }),
      { numRuns: 80 },
    );
  });
  it('holds a few words at the start of a line and nothing of a sentence that has begun', () => {
    const sentence = 'The total is the sum of all rows, and that is what the method returns.';
    for (let cut = sentence.indexOf('the sum'); cut <= sentence.length; cut++)
      expect(hold(sentence.slice(0, cut))).toBe(cut);
    expect(hold('let x')).toBe(0);
    expect(hold('It works like this:\nconst a = 1;\nconst ')).toBe('It works like this:\n'.length);
  });
});

describe('foreign text', () => {
  it('never throws, and every span lies inside the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 20 }), (lines) => {
        const text = lines.join('\n');
        for (const { start, end } of find(text, { minimumLines: 3 })) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
        }
        expect(hold(text)).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 200 },
    );
  });
  it.each(['\n', ' ', '{', ';\n', 'a', 'a(', '<a ', '"a": ', 'a.b', 'x = 1\n', '    at a', 'a,b '])(
    'judges 10,000 characters of %j in under 50 ms of CPU',
    (unit) => {
      const text = unit.repeat(10_000).slice(0, 10_000);
      const times = [1, 2, 3].map(() => {
        const before = process.cpuUsage();
        find(text);
        hold(text);
        const used = process.cpuUsage(before);
        return (used.user + used.system) / 1000;
      });
      expect(Math.min(...times)).toBeLessThan(50);
    },
  );
});

it.each([
  ['return the form to the office', 'prose'],
  ['return total;', 'code'],
  ['if you call it, it works', 'prose'],
  ['if (a) {', 'code'],
  ['  # a remark', 'comment'],
  ['', 'blank'],
  ['```ts', 'fence'],
  ['x = f(1)', 'code'],
  ['Total: 12 euros', 'prose'],
])('reads %j as %s', (line, kind) => expect(classifyLine(line).kind).toBe(kind));
