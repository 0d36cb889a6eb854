import { describe, expect, it } from 'vitest';
import { DatasetInputError } from '../types.ts';
import {
  type AnnotationRow,
  type Annotations,
  aggregate,
  agreement,
  applyDecisions,
  buildAnnotations,
  checkAnnotators,
  dawidSkene,
  disagreementQueue,
  glad,
  majorityVote,
  recommendedOf,
} from './index.ts';
import { crowd } from './samples.ts';

const rows = (text: string): AnnotationRow[] =>
  text.split(' ').map((part) => {
    const [item = '', annotator = '', label = ''] = part.split(':');
    return { item, annotator, label };
  });
const small = buildAnnotations(rows('X:a:Yes X:b:Yes Y:a:No Y:b:No Z:a:Yes Z:b:No'));

/** Four coders, twelve units, five ordered classes and missing labels: the example of Krippendorff (2011), section C. */
const CODERS = ['123321412   ', '1233224125 3', ' 3332342251 ', '12332441251 '];
const example = (): Annotations =>
  buildAnnotations(
    CODERS.flatMap((line, coder) =>
      [...line].flatMap((label, unit) =>
        label === ' ' ? [] : [{ item: String(unit), annotator: String(coder), label }],
      ),
    ),
  );

const accuracy = (labels: Int32Array, truth: Int32Array): number =>
  truth.filter((label, item) => labels[item] === label).length / truth.length;

describe('annotations', () => {
  it('are numbered in their order, classes by name or size', () => {
    expect([...small.labels]).toEqual([1, 1, 0, 0, 1, 0]);
    expect(small.classNames).toEqual(['No', 'Yes']);
    expect(buildAnnotations(rows('i:a:10 i:b:9')).classNames).toEqual(['9', '10']);
  });
  it.each<[string, () => unknown, RegExp]>([
    ['no rows', () => buildAnnotations([]), /no labels/],
    ['an empty name', () => buildAnnotations(rows('i::x j:a:y')), /Row 0 has no annotator/],
    ['a second label', () => buildAnnotations(rows('i:a:x i:a:y')), /again in row 1/],
    ['one class', () => buildAnnotations(rows('i:a:x i:b:x')), /1 classes/],
    ['an unknown class', () => buildAnnotations(rows('i:a:z'), { classes: ['x', 'y'] }), /not among/],
    [
      'a bad time',
      () => buildAnnotations([{ item: 'i', annotator: 'a', label: 'x', at: Number.NaN }]),
      /time of row 0/,
    ],
    [
      'columns of two lengths',
      () => majorityVote({ ...small, items: Int32Array.of(0) }),
      /one entry for each/,
    ],
    ['an unknown item', () => majorityVote({ ...small, items: Int32Array.of(0, 0, 1, 1, 2, 9) }), /item 9/],
    ['words as numbers', () => agreement(small, { level: 'interval' }), /numbers; “No”/],
    ['no smoothing', () => dawidSkene(small, { smoothing: 0 }), /Smoothing/],
  ])('refuses %s', (_, act, message) => {
    expect(act).toThrow(DatasetInputError);
    expect(act).toThrow(message);
  });
  it('keeps or replaces a repeated label when asked', () => {
    const twice = rows('i:a:x i:a:y j:a:x');
    expect([...buildAnnotations(twice, { repeats: 'last' }).labels]).toEqual([1, 0]);
    expect(buildAnnotations(twice, { repeats: 'keep' }).labels).toHaveLength(3);
  });
});

describe('agreement', () => {
  it('has the check value of three items by two annotators', () => {
    expect(agreement(small).alpha.value).toBe(0.4444444444444444);
    expect(agreement(small).pairs[0]).toMatchObject({ annotators: [0, 1], shared: 3 });
    expect(agreement(small).pairs[0]?.value).toBeCloseTo(0.4, 12);
  });
  it('has the published values of nominal, ordinal and interval α', () => {
    const of = (level: 'nominal' | 'ordinal' | 'interval'): number | null =>
      agreement(example(), { level, resamples: 0 }).alpha.value;
    expect([of('nominal'), of('ordinal'), of('interval')].map((one) => one?.toFixed(3))).toEqual([
      '0.743',
      '0.815',
      '0.849',
    ]);
  });
  it('gives intervals that hold the value, the same ones for a seed, and nothing where nothing is shared', () => {
    const { annotations } = crowd({ items: 200, annotators: 10, classes: 3, labels: 4, seed: 1, bad: {} });
    const { alpha, fleiss } = agreement(annotations, { seed: 4 });
    for (const { value, interval } of [alpha, fleiss]) {
      expect(interval?.[0]).toBeLessThan(value as number);
      expect(interval?.[1]).toBeGreaterThan(value as number);
    }
    expect(agreement(annotations, { seed: 4 }).alpha).toEqual(alpha);
    expect(agreement(buildAnnotations(rows('i:a:x j:a:y'))).alpha).toEqual({ value: null, interval: null });
  });
});

describe('one class per item', () => {
  it('shares ties of the majority and leaves items without labels open', () => {
    const vote = majorityVote({ ...small, itemNames: [...small.itemNames, 'nobody'] });
    expect([...vote.labels]).toEqual([1, 0, 0, -1]);
    expect([...vote.ties]).toEqual([0, 0, 1, 0]);
    expect([...vote.posteriors.subarray(4)]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
  it('learns whom to trust: Dawid–Skene and GLAD beat the majority where some work against it', () => {
    const { annotations, truth } = crowd({
      items: 500,
      annotators: 20,
      classes: 2,
      labels: 7,
      seed: 3,
      bad: { inverted: 6 },
    });
    const vote = accuracy(majorityVote(annotations).labels, truth);
    expect(accuracy(dawidSkene(annotations).labels, truth)).toBeGreaterThan(vote + 0.05);
    const ability = glad(annotations);
    expect(accuracy(ability.labels, truth)).toBeGreaterThan(vote + 0.05);
    expect([...(ability.ability as Float64Array).subarray(0, 6)].every((one) => one < 0)).toBe(true);
  });
  it('does not recommend Dawid–Skene where everybody labelled little', () => {
    const { annotations, truth } = crowd({
      items: 150,
      annotators: 200,
      classes: 5,
      labels: 5,
      seed: 2,
      bad: {},
    });
    const report = aggregate(annotations);
    expect(report.recommended).not.toBe('dawid-skene');
    expect(accuracy(recommendedOf(report).labels, truth)).toBeGreaterThanOrEqual(
      accuracy(report.dawidSkene?.labels ?? truth, truth),
    );
    expect(report.reason).toMatch(/disagree on \d+ of 150 items/);
    expect(report.disagreements.length).toBeGreaterThan(0);
  });
  it('judges an annotator by the others only', () => {
    const alone = majorityVote(buildAnnotations(rows('i:a:x j:b:y j:c:y')));
    expect(alone.reliability[0]).toMatchObject({ labels: 0, accuracy: { low: 0, high: 1 } });
    expect(alone.reliability[1]).toMatchObject({ labels: 1, accuracy: { value: 1 } });
  });
});

describe('suspicious annotators', () => {
  const sizes = { items: 800, annotators: 50, classes: 4, labels: 5 };
  it('are all named when a tenth move labels to one class, and nobody else is', () => {
    const { annotations } = crowd({ ...sizes, seed: 11, bad: { target: 5 }, target: 2 });
    const { accused, findings } = checkAnnotators(annotations);
    expect([...new Set(accused.map(({ annotator }) => annotator))].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(accused.filter(({ kind }) => kind === 'target').every(({ target }) => target === 2)).toBe(true);
    expect(findings[0]?.check).toBe('datasets/annotators');
  });
  it('are told apart: random, constant, copies', () => {
    const { annotations, conduct } = crowd({ ...sizes, seed: 12, bad: { random: 2, constant: 2, copy: 3 } });
    const { accused } = checkAnnotators(annotations);
    expect(accused.map(({ annotator, kind }) => `${conduct[annotator]} ${kind}`).sort()).toEqual(
      [
        'constant constant',
        'copy copies',
        'copy copies',
        'copy copies',
        'constant constant',
        'random random',
        'random random',
      ].sort(),
    );
    expect(accused.find(({ kind }) => kind === 'copies')?.partners).toEqual([5, 6]);
  });
  it('are not invented: honest ones, and bad ones of few labels, are left alone', () => {
    for (const seed of [1, 2]) {
      expect(checkAnnotators(crowd({ ...sizes, items: 300, seed, bad: {} }).annotations).accused).toEqual([]);
      const few = crowd({ items: 80, annotators: 60, classes: 2, labels: 5, seed, bad: { constant: 6 } });
      expect(checkAnnotators(few.annotations).accused).toEqual([]);
    }
  });
  it('who are hasty are named as that alone', () => {
    const { annotations } = crowd({ ...sizes, items: 400, seed: 5, bad: {} });
    const clock = new Float64Array(50);
    const times = Float64Array.from(annotations.annotators, (annotator, place) => {
      (clock[annotator] as number) += annotator === 7 ? 200 : 5000 + (place % 7) * 300;
      return clock[annotator] as number;
    });
    const { accused, findings } = checkAnnotators({ ...annotations, times });
    expect(accused.map(({ annotator, kind }) => [annotator, kind])).toEqual([[7, 'burst']]);
    expect(findings.find(({ title }) => title.includes('haste'))?.severity).toBe('low');
  });
  it('leave changed labels of items on top, with reasons', () => {
    const { annotations, truth } = crowd({ ...sizes, labels: 7, seed: 6, bad: {} });
    const values = truth.map((label, item) => (item % 40 === 0 ? (label + 1) % 4 : label));
    const current = { values, names: annotations.classNames };
    const { scores, suspects } = checkAnnotators(annotations, { current });
    const named = suspects.map(({ row }) => row);
    expect(named.filter((row) => row % 40 === 0).length).toBeGreaterThanOrEqual(19);
    expect(named.filter((row) => row % 40 !== 0).length).toBeLessThanOrEqual(8);
    expect(suspects[0]?.reasons[0]?.message).toContain('is labelled');
    expect(scores).toHaveLength(800);
    expect(() => checkAnnotators(annotations, { current: { values, names: ['other'] } })).toThrow(
      /other classes/,
    );
  });
});

describe('the queue', () => {
  const { annotations } = crowd({ items: 120, annotators: 12, classes: 3, labels: 3, seed: 8, bad: {} });
  const result = majorityVote(annotations);
  it('pages through every item once, least certain first, also when some are decided meanwhile', () => {
    const seen: number[] = [];
    let after: string | undefined;
    for (;;) {
      const decided = new Set(seen);
      const page = disagreementQueue(annotations, result, {
        limit: 25,
        decided,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...page.entries.map(({ item }) => item));
      if (page.next === null) break;
      after = page.next;
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, item) => item));
    const values = disagreementQueue(annotations, result, { limit: 1000 }).entries.map(({ value }) => value);
    expect(values).toEqual([...values].sort((a, b) => b - a));
  });
  it('weighs by impact, says why, and refuses what is not its own', () => {
    const impact = new Float64Array(120).fill(1);
    const last = disagreementQueue(annotations, result, { limit: 1000 }).entries.find(
      ({ value }) => value > 0 && value < 0.5,
    );
    impact[last?.item ?? 0] = 1000;
    const [first] = disagreementQueue(annotations, result, { impact }).entries;
    expect(first?.item).toBe(last?.item);
    expect(first?.reason).toMatch(/^Labels: 2 × “class \d”, 1 × “class \d”. Likeliest/);
    expect(() => disagreementQueue(annotations, result, { after: 'x' })).toThrow(/not from a page/);
    expect(() => disagreementQueue(annotations, result, { limit: 0 })).toThrow(/1 to 1,000/);
    expect(() => disagreementQueue(small, result)).toThrow(/not of these annotations/);
  });
});

describe('decisions', () => {
  const labels = { values: Int32Array.of(0, 1, 0), names: ['no', 'yes'] };
  const decision = { item: 0, label: 1, by: 'ana', at: 5, reason: 'seen the original' };
  it('make new labels, the latest winning, and leave the old ones', () => {
    const earlier = { ...decision, label: 0, at: 1 };
    const same = { ...decision, item: 2, label: 0 };
    const made = applyDecisions(labels, [decision, earlier, same]);
    expect([...made.labels.values]).toEqual([1, 1, 0]);
    expect(made.changes).toEqual([{ item: 0, before: 0, after: 1, decision }]);
    expect(made.confirmed).toEqual([2]);
    expect([...labels.values]).toEqual([0, 1, 0]);
  });
  it.each([
    [{ item: 3 }, /item 3/],
    [{ label: 2 }, /label 2/],
    [{ by: ' ' }, /who decided/],
    [{ reason: '' }, /say why/],
    [{ at: Number.NaN }, /ms since 1970/],
  ])('refuses %o', (part, message) => {
    expect(() => applyDecisions(labels, [{ ...decision, ...part }])).toThrow(message);
  });
});
