import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ARTICLES } from './act-law.ts';
import { AREA_VALUES, EXCEPTION_VALUES, PRACTICE_VALUES, TRANSPARENCY_VALUES } from './act-questions.ts';
import {
  answerProblems,
  assessRisk,
  CLASSES,
  QUESTIONS,
  type RiskAnswers,
  type RiskQuestion,
  TIERS,
} from './index.ts';

const HARMLESS: RiskAnswers = {
  decisions: 'none',
  harm: 'none',
  undo: 'at-once',
  people: 'nobody',
  data: 'public',
  access: 'few',
  number: 'under-100',
  inputs: 'fixed',
  actions: 'answers',
  oversight: 'each',
  roles: ['deployer'],
  practices: ['none'],
  product: 'no',
  areas: ['none'],
  transparency: ['none'],
};
const LISTED: RiskAnswers = {
  ...HARMLESS,
  roles: ['provider', 'deployer'],
  areas: ['4a'],
  profiling: 'no',
  exceptions: ['none'],
  publicService: 'no',
};
const articles = (answers: RiskAnswers) => assessRisk(answers).act.duties.map(({ article }) => article);

describe('tier', () => {
  test('is minimal where everything is harmless, critical where everything is grave', () => {
    expect(assessRisk(HARMLESS)).toMatchObject({ tier: 'minimal', product: 1, missing: [] });
    const grave = Object.fromEntries(
      QUESTIONS.flatMap(({ id, part, options }) => {
        const worst = options.find(({ level }) => level === 5);
        return part === 'act' || !worst ? [] : [[id, worst.value]];
      }),
    );
    expect(assessRisk({ ...HARMLESS, ...grave })).toMatchObject({ tier: 'critical', product: 25 });
  });

  test('shows its arithmetic: worked by hand', () => {
    // Levels 1, 4, 1, 1, 3: highest 4, average 2, (8 + 2) / 3 = 3.33 → 3. Levels 1, 1, 1, 1, 5: (10 + 1.8) / 3 = 3.93 → 4.
    const result = assessRisk({ ...HARMLESS, harm: 'serious', data: 'personal', oversight: 'nobody' });
    expect(result.impact).toMatchObject({
      score: 3,
      highest: 4,
      average: 2,
      arithmetic: '(2 × highest 4 + average 2) ÷ 3 = 3.33, rounded to 3',
    });
    expect(result.exposure).toMatchObject({ score: 4, average: 1.8 });
    expect(result).toMatchObject({ product: 12, tier: 'high' });
    expect(result.impact.answers.map(({ level }) => level)).toEqual([1, 4, 1, 1, 3]);
    expect(result.steps).toEqual([
      'impact 3 × exposure 4 = 12: high (up to 4 minimal, 9 limited, 15 high, 25 critical)',
    ]);
  });

  test('has floors: by the impact and by the class, and says so', () => {
    const graveImpact = {
      decisions: 'decides',
      harm: 'grave',
      undo: 'never',
      people: 'mainly',
      data: 'special',
    };
    const result = assessRisk({ ...HARMLESS, ...graveImpact });
    expect(result).toMatchObject({ product: 5, tier: 'high' });
    expect(result.steps[1]).toBe('impact 5: at least high');
    expect(assessRisk(LISTED)).toMatchObject({ product: 1, tier: 'high' });
    expect(assessRisk({ ...HARMLESS, practices: ['social-scoring'] })).toMatchObject({ tier: 'critical' });
  });

  test('what nobody knows counts as 4', () => {
    expect(assessRisk({ ...HARMLESS, harm: 'unknown' }).impact.highest).toBe(4);
  });

  test('is a lower bound while answers are missing, and says which', () => {
    const { missing, tier } = assessRisk({});
    expect(tier).toBe('minimal');
    expect(missing).toEqual(QUESTIONS.filter(({ when }) => when === null).map(({ id }) => id));
    expect(assessRisk({ ...HARMLESS, areas: ['5b'] }).missing).toEqual([
      'profiling',
      'exceptions',
      'publicService',
    ]);
  });
});

describe('class', () => {
  test('minimal: nothing is named, and every question is in the reasons', () => {
    const { act } = assessRisk(HARMLESS);
    expect(act).toMatchObject({ suggested: 'minimal', also: [], open: [] });
    expect(act.reasons.map(({ answer }) => answer)).not.toContain('');
    expect(act.reasons).toHaveLength(5);
    expect(articles(HARMLESS)).toEqual(['4']);
  });

  test.each(AREA_VALUES)('Annex III, point %s is high-risk and names the point', (area) => {
    const { act } = assessRisk({ ...LISTED, areas: [area] });
    expect(act.suggested).toBe('high-risk');
    const [digit = '', letter] = area;
    expect(act.reasons[0]?.reference).toBe(`Annex III, point ${digit}${letter ? `(${letter})` : ''}`);
    expect(act.duties.find(({ article }) => article === '26')).toMatchObject({
      role: 'deployer',
      appliesFrom: '2027-12-02',
    });
  });

  test.each(EXCEPTION_VALUES)(
    'Art. 6(3), %s takes a listed purpose out, and must be put down in writing',
    (one) => {
      const answers = { ...LISTED, exceptions: [one] };
      const { act } = assessRisk(answers);
      expect(act.suggested).toBe('minimal');
      expect(act.open.join()).toContain('Art. 6(4)');
      expect(articles(answers)).toEqual(['6(4)', '4', '4']);
    },
  );

  test('profiling closes every exception, and so does not knowing', () => {
    for (const profiling of ['yes', 'unknown']) {
      const { act } = assessRisk({ ...LISTED, exceptions: [...EXCEPTION_VALUES], profiling });
      expect(act.suggested).toBe('high-risk');
    }
    const { profiling: _, ...unanswered } = LISTED;
    expect(assessRisk({ ...unanswered, exceptions: ['narrow'] }).act.suggested).toBe('high-risk');
  });

  test('products of Annex I are high-risk whatever the exceptions, from a later day', () => {
    const { act } = assessRisk({ ...HARMLESS, product: 'yes', exceptions: ['narrow'], profiling: 'no' });
    expect(act.suggested).toBe('high-risk');
    expect(act.duties.find(({ article }) => article === '26')?.appliesFrom).toBe('2028-08-02');
    expect(act.duties.map(({ article }) => article)).not.toContain('86');
  });

  test('an assessment of fundamental rights is owed by public services, and by everybody for credit and insurance', () => {
    const owes = (areas: string[], publicService: string) =>
      articles({ ...LISTED, areas, publicService }).includes('27');
    expect(owes(['4a'], 'no')).toBe(false);
    expect(owes(['4a'], 'yes')).toBe(true);
    expect(owes(['2'], 'yes')).toBe(false);
    expect(owes(['5b'], 'no')).toBe(true);
    expect(owes(['5c'], 'no')).toBe(true);
    expect(owes(['5d'], 'no')).toBe(false);
  });

  test.each([...PRACTICE_VALUES])('the practice %s is prohibited', (practice) => {
    const { act } = assessRisk({ ...HARMLESS, practices: [practice] });
    expect(act.suggested).toBe('prohibited');
    expect(act.duties[0]).toMatchObject({
      article: '5',
      appliesFrom: practice === 'intimate-images' ? '2026-12-02' : '2025-02-02',
    });
    expect(act.open[0]).toContain('lawyer');
  });

  test('transparency duties stand beside a heavier class, by role', () => {
    expect(assessRisk({ ...LISTED, transparency: ['interacts'] }).act).toMatchObject({
      suggested: 'high-risk',
      also: ['transparency'],
    });
    const duties = (roles: string[], transparency: string[]) =>
      articles({ ...HARMLESS, roles, transparency });
    expect(duties(['deployer'], ['interacts'])).not.toContain('50');
    expect(duties(['provider'], ['interacts'])).toContain('50');
    expect(duties(['deployer'], ['deep-fakes'])).toContain('50');
    for (const one of TRANSPARENCY_VALUES) {
      expect(assessRisk({ ...HARMLESS, transparency: [one] }).act.suggested).toBe('transparency');
    }
  });

  test('general-purpose models', () => {
    const answers = { ...HARMLESS, roles: ['gpai-systemic-provider'] };
    expect(assessRisk(answers).act.suggested).toBe('gpai');
    expect(articles(answers)).toEqual(['53', '55']);
  });

  test('outside of the Union nothing applies, and the tier still stands', () => {
    const result = assessRisk({ ...LISTED, roles: ['outside'], harm: 'grave' });
    expect(result.act).toMatchObject({ suggested: 'out-of-scope', duties: [], roles: [] });
    expect(result.impact.highest).toBe(5);
  });

  test('what nobody knows stays open', () => {
    const { act } = assessRisk({ ...HARMLESS, practices: ['unknown'], product: 'unknown' });
    expect(act.open).toHaveLength(2);
  });

  test('every article of a duty has a title', () => {
    const everything = {
      ...LISTED,
      roles: ['provider', 'deployer', 'importer', 'distributor', 'gpai-provider', 'gpai-systemic-provider'],
      areas: [...AREA_VALUES],
      practices: [...PRACTICE_VALUES],
      transparency: [...TRANSPARENCY_VALUES],
      publicService: 'yes',
      product: 'yes',
    };
    for (const duty of assessRisk(everything).act.duties) expect(duty.title).toBe(ARTICLES[duty.article]);
  });
});

test('answers that cannot be are named', () => {
  expect(answerProblems(LISTED)).toEqual([]);
  const problems = answerProblems({
    harm: ['none', 'grave'],
    areas: ['none', '4a'],
    decisions: 'perhaps',
    practices: ['manipulation', 'manipulation'],
    constructor: 'x',
  });
  expect(problems.map(({ question }) => question).toSorted()).toEqual([
    'areas',
    'constructor',
    'decisions',
    'harm',
    'practices',
  ]);
});

/** The options of a question from harmless to worst; of many, from the empty set on. */
const byBadness = (question: RiskQuestion): readonly string[] => {
  const values = question.options.map(({ value }) => value);
  if (question.part !== 'act') {
    return question.options.toSorted((a, b) => (a.level ?? 0) - (b.level ?? 0)).map(({ value }) => value);
  }
  return values.filter((value) => !question.exclusive.includes(value));
};

/** Two answers to a question, the second no better than the first. */
function pair(question: RiskQuestion): fc.Arbitrary<readonly [string | string[], string | string[]]> {
  const order = byBadness(question);
  if (!question.many) {
    return fc
      .tuple(fc.nat(order.length - 1), fc.nat(order.length - 1))
      .map(([a, b]) => [order[Math.min(a, b)] ?? '', order[Math.max(a, b)] ?? '']);
  }
  return fc.tuple(fc.subarray([...order]), fc.subarray([...order])).map(([few, more]) => {
    const [less, all] = [few, [...new Set([...few, ...more])]];
    // An exception makes it better: the fewer, the worse.
    return question.id === 'exceptions' ? [all, less] : [less, all];
  });
}

test('a worse answer never lowers impact, exposure, tier or class', () => {
  const both = fc.tuple(...QUESTIONS.map((question) => pair(question))).map((pairs) => {
    const of = (side: 0 | 1) =>
      Object.fromEntries(QUESTIONS.map(({ id }, index) => [id, pairs[index]?.[side] ?? '']));
    return [of(0), of(1)] as const;
  });
  fc.assert(
    fc.property(both, ([better, worse]) => {
      const [low, high] = [assessRisk(better), assessRisk(worse)];
      expect(high.impact.score).toBeGreaterThanOrEqual(low.impact.score);
      expect(high.exposure.score).toBeGreaterThanOrEqual(low.exposure.score);
      expect(TIERS.indexOf(high.tier)).toBeGreaterThanOrEqual(TIERS.indexOf(low.tier));
      expect(CLASSES.indexOf(high.act.suggested)).toBeGreaterThanOrEqual(CLASSES.indexOf(low.act.suggested));
    }),
    { numRuns: 2000 },
  );
});

test('one answer made worse, every other the same, never lowers the tier: all neighbours', () => {
  fc.assert(
    fc.property(
      fc.tuple(...QUESTIONS.map((question) => pair(question))),
      fc.nat(QUESTIONS.length - 1),
      (pairs, at) => {
        const base = Object.fromEntries(QUESTIONS.map(({ id }, index) => [id, pairs[index]?.[0] ?? '']));
        const id = QUESTIONS[at]?.id ?? '';
        const worse = assessRisk({ ...base, [id]: pairs[at]?.[1] ?? '' });
        expect(TIERS.indexOf(worse.tier)).toBeGreaterThanOrEqual(TIERS.indexOf(assessRisk(base).tier));
      },
    ),
    { numRuns: 1000 },
  );
});
