import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { checkGivenProbabilities, type Labels } from '../labels/index.ts';
import { finish } from '../neighbours/index.ts';
import type { CheckOutcome, Column } from '../types.ts';
import { fuse, rolesOf, scanProbabilities, scanTable } from './index.ts';
import { labelOutcome } from './label-outcome.ts';
import { tempered } from './plans/tempered.ts';
import { runPlans } from './run.ts';
import type { PlannedCheck } from './types.ts';

const outcome = (name: string, scores: readonly number[]): CheckOutcome => ({
  scores: Float32Array.from(scores),
  suspects: scores.flatMap((score, row) =>
    score >= 0.5 ? [{ row, score, reasons: [{ check: `datasets/${name}`, message: `by ${name}` }] }] : [],
  ),
  findings: [],
  blindSpots: [`${name} is blind`],
});
const judged = (name: string, scores: readonly number[], extra = {}) => ({
  name,
  purpose: 'poisoning' as const,
  leads: false,
  outcome: outcome(name, scores),
  ...extra,
});
const order = (scores: Float64Array): number[] =>
  [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);

describe('fusing', () => {
  it('puts what several checks name in front of what one names', () => {
    const { scores, records } = fuse([judged('a', [0.7, 0.7, 0.1]), judged('b', [0, 0.6, 0.1])], 3);
    expect(order(scores)).toEqual([1, 0, 2]);
    expect(records.map(({ row }) => row)).toEqual([1, 0]);
    expect(records[0]?.reasons.map(({ check }) => check)).toEqual(['datasets/a', 'datasets/b']);
  });

  it('keeps the order of the leading check where a check that names nothing disagrees', () => {
    const lead = judged('lead', [0.1, 0.2, 0.3, 0.4], { leads: true });
    const { scores, records } = fuse([lead, judged('noise', [0.45, 0.4, 0.3, 0.1])], 4);
    expect(order(scores)).toEqual([3, 2, 1, 0]);
    expect(records).toEqual([]);
  });

  it('lets a check that named others lift the records it nearly named', () => {
    const lead = judged('lead', [0.1, 0.2, 0.1, 0.1], { leads: true });
    const { scores } = fuse([lead, judged('trigger', [0.45, 0, 0.9, 0])], 4);
    expect(order(scores)).toEqual([2, 0, 1, 3]);
  });

  it('never lets weak doubts add up to a name', () => {
    const weak = Array.from({ length: 12 }, (_, at) => judged(`c${at}`, [0.45, 0.1]));
    expect(fuse(weak, 2).records).toEqual([]);
  });

  it('lists what only the quality speaks against behind the rest', () => {
    const { records } = fuse(
      [judged('poison', [0.6, 0, 0], { leads: true }), judged('rules', [0, 0.9, 0], { purpose: 'quality' })],
      3,
    );
    expect(records.map(({ row }) => row)).toEqual([0, 1]);
    expect(records[1]?.score).toBeLessThan(0.6);
  });

  it('takes a score that is no number for none, and stays within 0 and 1', () => {
    const { scores } = fuse([judged('a', [Number.NaN, 1, -3, 7]), judged('b', [0, 1, 0, 1])], 4);
    expect(scores[0]).toBeLessThan(0.5);
    for (const score of scores) expect(score >= 0 && score <= 1).toBe(true);
  });
});

describe('running checks', () => {
  const plan = (name: string, run: PlannedCheck['run']): PlannedCheck => ({
    name,
    purpose: 'poisoning',
    run,
  });
  const good = plan('good', function* () {
    yield { stage: 'looking', done: 0, total: 1 };
    return outcome('good', [0.9, 0]);
  });
  const broken = plan('broken', function* () {
    yield { stage: 'looking', done: 0, total: 1 };
    throw new TypeError('a fault');
  });

  it('goes on when one breaks, and says what is not known then', () => {
    const report = finish(runPlans([broken, good], 2));
    expect(report.checks.map(({ name, state }) => `${name} ${state}`)).toEqual(['broken failed', 'good ran']);
    expect(report.records.map(({ row }) => row)).toEqual([0]);
    expect(report.blindSpots.join(' ')).toMatch(/“broken” failed.*a fault/);
  });

  it('is an error when none could run', () => {
    expect(() => finish(runPlans([broken], 2))).toThrow(/None of the checks could run.*a fault/);
  });
});

function noisy(rows: number, seed: number) {
  const random = createRandom(seed);
  const values = new Float32Array(rows * 3);
  const given = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const truth = random.integer(3);
    const sure = 0.5 + 0.49 * random.next();
    for (let each = 0; each < 3; each++) values[row * 3 + each] = each === truth ? sure : (1 - sure) / 2;
    given[row] = random.next() < 0.05 ? (truth + 1) % 3 : truth;
  }
  const labels: Labels = { values: given, names: ['a', 'b', 'c'] };
  return { probabilities: { rows, classes: 3, values }, labels };
}

describe('a check of payloads', () => {
  const findings = Array.from({ length: 6 }, () => ({
    check: 'datasets/repeated-payload',
    title: '',
    severity: 'high' as const,
    message: '',
    rows: [0],
    count: 1,
    precision: null,
    evidence: {},
    maps: [],
  }));
  const given = (scores: readonly number[]) =>
    function* () {
      yield { stage: 'looking', done: 0, total: 1 };
      return { ...outcome('payload', scores), findings };
    };
  const hundred = (bad: number) => Array.from({ length: 100 }, (_, row) => (row < bad ? 0.9 : 0));

  it('is believed about few records and not about many', () => {
    expect(finish(tempered(given(hundred(4))())).suspects).toHaveLength(4);
    const doubted = finish(tempered(given(hundred(40))()));
    expect(doubted.suspects).toEqual([]);
    expect(Math.max(...doubted.scores)).toBeLessThan(0.5);
    expect(doubted.findings.every(({ severity }) => severity === 'info')).toBe(true);
    expect(doubted.blindSpots.join(' ')).toContain('40');
  });
});

describe('given probabilities', () => {
  it('order all records as the check of labels does', () => {
    const { probabilities, labels } = noisy(3000, 1);
    const alone = checkGivenProbabilities(probabilities, labels);
    const { scores } = finish(scanProbabilities(probabilities, labels));
    const expected = [...alone.scores.keys()].sort(
      (a, b) => (alone.scores[b] as number) - (alone.scores[a] as number) || a - b,
    );
    expect(order(scores)).toEqual(expected);
  });

  it('name hardly any label where classes merely overlap', () => {
    const random = createRandom(5);
    const rows = 5000;
    const values = new Float32Array(rows * 2);
    const given = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const p = 1 / (1 + Math.exp(-2 * random.normal()));
      values[2 * row] = p;
      values[2 * row + 1] = 1 - p;
      given[row] = Number(random.next() >= p);
    }
    const labels: Labels = { values: given, names: ['yes', 'no'] };
    const report = checkGivenProbabilities({ rows, classes: 2, values }, labels);
    expect(report.errors.length).toBeGreaterThan(0.1 * rows);
    expect(labelOutcome(report, labels).suspects.length).toBeLessThan(0.02 * rows);
  });
});

const text = (name: string, values: readonly string[]): Column => ({ kind: 'text', name, values });
const numbers = (name: string, values: readonly number[]): Column => ({
  kind: 'number',
  name,
  values: Float64Array.from(values),
});

describe('roles', () => {
  const prose = text('Review ', ['a film of some length and wit', 'nothing in it was of use to me']);
  const columns = [numbers('label', [0, 1]), prose, numbers('stars', [1, 2])];

  it('take what only numbers the rows for no feature, unless it is named', () => {
    const counted = numbers(
      'visit',
      Array.from({ length: 30 }, (_, row) => row + 7),
    );
    const named = numbers(
      'customer_id',
      Array.from({ length: 30 }, (_, row) => row * row),
    );
    const amount = numbers(
      'amount',
      Array.from({ length: 30 }, (_, row) => row * row * row),
    );
    const label = numbers(
      'label',
      Array.from({ length: 30 }, (_, row) => row % 2),
    );
    const all = [counted, named, amount, label];
    expect(rolesOf(all, {}).features).toEqual(['amount']);
    expect(rolesOf(all, { features: ['visit', 'amount'] }).features).toEqual(['visit', 'amount']);
  });

  it('are guessed from names and values', () => {
    expect(rolesOf(columns, {})).toMatchObject({ label: 'label', text: 'Review ', features: ['stars'] });
  });

  it('are found whatever the blanks and the case', () => {
    expect(rolesOf(columns, { label: 'stars', text: 'review' })).toMatchObject({
      label: 'stars',
      text: 'Review ',
      features: ['label'],
    });
  });

  it('are refused with the list of the columns', () => {
    expect(() => rolesOf(columns, { label: 'nix' })).toThrow(/no column “nix”.*label, Review, stars/);
    expect(() => rolesOf([prose, numbers('stars', [1, 2])], {})).toThrow(
      /Which column is the label.*Review, stars/,
    );
  });

  it('need no label where a text is named and no other column could be one', () => {
    const id: Column = {
      kind: 'number',
      name: 'id',
      values: Float64Array.from({ length: 40 }, (_, row) => row),
    };
    const text: Column = {
      kind: 'text',
      name: 'said',
      values: Array.from({ length: 40 }, (_, row) => `text ${row}`),
    };
    expect(rolesOf([id, text], { text: 'said' })).toMatchObject({ label: null, text: 'said' });
    const stars: Column = {
      kind: 'number',
      name: 'stars',
      values: Float64Array.from({ length: 40 }, (_, row) => row % 5),
    };
    expect(() => rolesOf([id, text, stars], { text: 'said' })).toThrow(/Which column is the label/);
  });

  it('take prompts and responses as a pair, without a label', () => {
    const pair = [text('instruction', ['say it', 'do it']), text('output', ['it', 'done now'])];
    expect(rolesOf(pair, {})).toMatchObject({ prompt: 'instruction', response: 'output', label: null });
    expect(() => rolesOf([pair[0] as Column, prose], { prompt: 'instruction' })).toThrow(/name both/);
  });
});

describe('a table', () => {
  it('without a label that can be one says why', () => {
    const input = {
      columns: [numbers('id', [1, 2, 3, 4, 5, 6]), numbers('x', [1, 2, 1, 2, 1, 2])],
      roles: { ...rolesOf([numbers('x', [1, 2])], { label: null }), label: 'id', features: ['x'] },
    };
    expect(() => finish(scanTable(input))).toThrow(/“id” has 6 different values.*too many for labels/);
  });

  it('refuses a check that there is not, and says which there are', () => {
    const columns = [numbers('x', [1, 2, 3, 4])];
    const input = { columns, roles: rolesOf(columns, { label: null }) };
    expect(() => finish(scanTable(input, { checks: ['nix'] }))).toThrow(/no check “nix”.*outliers/);
    expect(() => finish(scanTable(input, { checks: ['label-errors'] }))).toThrow(/no label/);
  });
});
