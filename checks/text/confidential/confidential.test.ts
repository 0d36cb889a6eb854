import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leakOf } from '../secrets/leak-simulation.ts';
import type { TextFinding } from '../types.ts';
import { EMPTY_CONTEXT, textInput } from '../types.ts';
import { confidentialCheck } from './index.ts';
import { CJK_MARKINGS, MARKINGS } from './phrases.ts';
import { CHAT_ABOUT_CONTRACTS, CONTRACT, CURRICULUM_VITAE, EARNINGS_DRAFT, SALARY_LIST } from './samples.ts';
import { compileTerms } from './terms.ts';

function find(text: string, overrides: Record<string, unknown> = {}): readonly TextFinding[] {
  const result = confidentialCheck.run(textInput(text), confidentialCheck.config.parse(overrides));
  if (result instanceof Promise) throw new TypeError('expected an answer at once');
  return result.outcome === 'findings' ? result.findings : [];
}
const spans = (text: string, overrides: Record<string, unknown> = {}): string[] =>
  find(text, overrides).map(({ start, end }) => text.slice(start, end));

describe('the carried samples', () => {
  it.each(confidentialCheck.samples.map((sample) => [sample.title, sample] as const))(
    '%s',
    (_title, sample) => {
      const result = confidentialCheck.run(sample.input, confidentialCheck.config.parse(sample.config ?? {}));
      expect(result).toHaveProperty('outcome', sample.found ? 'findings' : 'pass');
    },
  );
});

describe('markings', () => {
  it.each(
    [...MARKINGS.notice, ...MARKINGS.phrase, ...MARKINGS.word].filter((phrase) => /\p{Ll}/u.test(phrase)),
  )('%s counts in capitals at the head of a page', (phrase) => {
    const capitals = phrase.toUpperCase();
    // "ß" grows to "SS" in capitals and is then another word.
    if (capitals.toLowerCase() !== phrase) return;
    expect(spans(`${capitals}\n\nThe plan for next year.`)).toEqual([capitals]);
  });
  it.each(CJK_MARKINGS)('%s counts in brackets', (phrase) =>
    expect(spans(`資料【${phrase}】です`)).toEqual([phrase]),
  );
  it.each([
    ['Confidential\n\nDear all', 'Confidential'],
    ['Minutes\n\n– Strictly confidential –\n\nPresent: all', 'Strictly confidential'],
    ['Classification: internal', 'internal'],
    ['[CONFIDENTIAL] Q3 forecast', 'CONFIDENTIAL'],
    ['Q3 forecast (CONFIDENTIAL) v2', 'CONFIDENTIAL'],
    ['This paper is for internal use only and must stay here.', 'for internal use only'],
    ['Please see tlp:red notes', 'tlp:red'],
    ['Indicators are TLP:AMBER+STRICT.', 'TLP:AMBER+STRICT'],
    ['Vertraulich\nLieber Herr Braun', 'Vertraulich'],
    ['INTERN\nProtokoll', 'INTERN'],
  ])('finds it in %j', (text, span) => expect(spans(text)).toEqual([span]));
  it.each([
    'Is this confidential?',
    'We keep your data confidential and secure.',
    'The internal structure of a cell is restricted by its wall.',
    'He told me a secret.',
    'It is a CONFIDENTIAL matter of taste.',
    'TLP:GREEN and TLP:CLEAR may be shared.',
    'Das ist vertraulich gemeint gewesen.',
    'My internship was private.',
  ])('leaves %j', (text) => expect(find(text)).toEqual([]));
});

describe('documents', () => {
  it.each([
    ['contract', CONTRACT, { contracts: false }],
    ['curriculum-vitae', CURRICULUM_VITAE, { candidates: false }],
    ['salary-list', SALARY_LIST, { salaries: false }],
    ['financial-report', EARNINGS_DRAFT, { financials: false }],
  ])('%s is named, spanned, and can be turned off', (kind, text, off) => {
    const [finding] = find(text).filter((one) => one.kind === kind);
    expect(finding?.score).toBeGreaterThanOrEqual(0.6);
    expect((finding?.end ?? 0) - (finding?.start ?? 0)).toBeGreaterThan(text.length / 2);
    expect(find(text, off).filter((one) => one.kind === kind)).toEqual([]);
  });
  it('are not named when somebody talks about them, even at length', () => {
    expect(find(CHAT_ABOUT_CONTRACTS.repeat(5))).toEqual([]);
  });
  it('are spanned in an answer from the word that completes the evidence', () => {
    const result = confidentialCheck.run(
      textInput(CONTRACT, { direction: 'output' }),
      confidentialCheck.config.parse({}),
    );
    if (result instanceof Promise || result.outcome !== 'findings') throw new TypeError('expected findings');
    expect(result.findings[0]).toMatchObject({ end: CONTRACT.length });
    expect(result.findings[0]?.start).toBeGreaterThan(50);
  });
});

const found = (terms: string[], text: string, caseSensitive = false): string[] =>
  compileTerms(terms, caseSensitive)
    .find(text)
    .map(({ start, end }) => text.slice(start, end));

describe('own words', () => {
  it('match whole words, in any capitalisation unless told otherwise', () => {
    expect(found(['bluebird'], 'Bluebird and BLUEBIRD, not bluebirds')).toEqual(['Bluebird', 'BLUEBIRD']);
    expect(found(['Bluebird'], 'bluebird', true)).toEqual([]);
    expect(found(['Project Blue'], 'the project  blue plan')).toEqual(['project  blue']);
    expect(found(['青い鳥'], '計画は青い鳥です')).toEqual(['青い鳥']);
  });
  it('know three wildcards', () => {
    expect(found(['PRJ-####'], 'PRJ-2041 PRJ-20 PRJ-20411')).toEqual(['PRJ-2041']);
    expect(found(['aurora*'], 'aurora-phase2 aurora preaurora')).toEqual(['aurora-phase2', 'aurora']);
    expect(found(['x?z'], 'xyz xz x-z')).toEqual(['xyz']);
  });
  it('take nothing of a term as a pattern', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2, maxLength: 20 }), (term) => {
        const clean = term.trim();
        if (/[*?#]|\s/.test(clean) || !/[\p{L}\p{N}]/u.test(clean)) return;
        expect(found([term], `( ${clean} )`, true)).toEqual([clean]);
        expect(found(['a.c'], 'abc')).toEqual([]);
      }),
    );
  });
  it('stay linear with many wildcards', () => {
    const terms = Array.from({ length: 100 }, (_, i) => `a*b*c${i}`);
    const matcher = compileTerms(terms, false);
    const before = process.cpuUsage();
    matcher.find('ab'.repeat(5000));
    const used = process.cpuUsage(before);
    expect((used.user + used.system) / 1000).toBeLessThan(2000);
  });
});

const config = confidentialCheck.config.parse({ terms: ['Project Blue Bird', 'PRJ-####', '青い鳥'] });
const hold = (text: string): number => {
  if (confidentialCheck.streaming.mode !== 'hold') throw new TypeError('expected hold');
  return confidentialCheck.streaming.holdFrom(text, config, { ...EMPTY_CONTEXT, partial: true });
};

describe('streaming', () => {
  it('leaks nothing of any sample at any cut', () => {
    const markings = [
      ...Object.values(MARKINGS)
        .flat()
        .map((phrase) => `x\n${phrase.toUpperCase()} \nY`),
      ...CJK_MARKINGS.map((phrase) => `資料【${phrase}】です`),
    ];
    const texts = [
      CONTRACT,
      CURRICULUM_VITAE,
      SALARY_LIST,
      EARNINGS_DRAFT,
      'See project  blue bird now',
      'PRJ-2041',
      '計画は青い鳥です',
      'Status: internal.',
      ...markings,
    ];
    for (const text of texts) expect(leakOf(confidentialCheck, config, text), text.slice(0, 40)).toBeNull();
  });
  it('leaks nothing of mixtures', () => {
    const piece = fc.constantFrom(
      'Confidential',
      'CONFIDENTIAL',
      'for internal use only',
      'do not',
      'distribute',
      'Status: ',
      'internal',
      ' ',
      '\n',
      ' – ',
      '.',
      '【',
      '機密',
      '】',
      'Project ',
      'blue ',
      'Bird',
      'TLP:',
      'RED',
      'and so on ',
      'whereas ',
      '$12 ',
      ':',
      '*',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
        expect(leakOf(confidentialCheck, config, pieces.join(''))).toBeNull();
      }),
      { numRuns: 400 },
    );
  });
  it('releases ordinary prose up to the beginning of a word or two', () => {
    const prose = 'Here is what we can do tomorrow: walk along the river, have lunch, and come home by bus.';
    for (let cut = 1; cut <= prose.length; cut++) {
      const released = hold(prose.slice(0, cut));
      expect(cut - released).toBeLessThanOrEqual(14);
    }
  });
});

describe('foreign text', () => {
  it('never throws, and every span lies inside the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const { start, end } of find(text)) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
        }
        expect(hold(text)).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 300 },
    );
  });
  it.each([
    'CONFIDENTIAL ',
    'Confidential\n',
    'confidential',
    '機密',
    'whereas ',
    '$1 ',
    'a',
    ' ',
    '.',
    'for internal use ',
  ])('judges 10,000 characters of %j in under 50 ms of CPU', (unit) => {
    const text = unit.repeat(10_000).slice(0, 10_000);
    const times = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      find(text);
      hold(text);
      const used = process.cpuUsage(before);
      return (used.user + used.system) / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });
});
