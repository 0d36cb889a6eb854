import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Aggregate,
  type Annotations,
  aggregate,
  agreement,
  buildAnnotations,
  recommendedOf,
} from '@bartizan/checks/datasets/annotators/index.ts';
import { crowdKit } from './peer.ts';

export const SETS = ['bluebird', 'rte', 'dog', 'web', 'product', 'sentiment', 'zencrowd_all', 'cf'] as const;

export interface KnownSet {
  readonly annotations: Annotations;
  /** True class per item; −1 where it is not known. */
  readonly truth: Int32Array;
}

const TIE = 1e-9;

const lines = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));

/** A folder with label.csv (item, worker, label) and truth.csv (item, truth). */
export function readSet(folder: string): KnownSet {
  const labels = lines(join(folder, 'label.csv'));
  const truths = new Map(lines(join(folder, 'truth.csv')).map(([item = '', truth = '']) => [item, truth]));
  const classes = [...new Set([...labels.map(([, , label = '']) => label), ...truths.values()])].sort();
  const annotations = buildAnnotations(
    labels.map(([item = '', annotator = '', label = '']) => ({ item, annotator, label })),
    { classes, repeats: 'keep' },
  );
  const truth = Int32Array.from(annotations.itemNames, (name) => classes.indexOf(truths.get(name) ?? ''));
  return { annotations, truth };
}

/** Share of the items with a known class that get it; of n classes that tie, each counts 1/n. */
export function accuracy(
  { posteriors, classes }: Pick<Aggregate, 'posteriors' | 'classes'>,
  truth: Int32Array,
): number {
  let [right, known] = [0, 0];
  truth.forEach((label, item) => {
    if (label < 0) return;
    known++;
    const line = posteriors.subarray(item * classes, (item + 1) * classes);
    const most = line.reduce((a, b) => Math.max(a, b), 0);
    if ((line[label] as number) >= most - TIE) right += 1 / line.filter((p) => p >= most - TIE).length;
  });
  return right / known;
}

const share = (labels: Int32Array, truth: Int32Array): number => {
  const known = truth.filter((label) => label >= 0).length;
  return truth.filter((label, item) => label >= 0 && labels[item] === label).length / known;
};

/** α and the accuracy of each method on one set, beside crowd-kit's where there is a Python that has it. */
export function figures(
  folder: string,
  name: string,
  python: string | null,
): Record<string, string | number | null> {
  const { annotations, truth } = readSet(join(folder, name));
  const { alpha } = agreement(annotations, { pairs: 0 });
  const start = performance.now();
  const report = aggregate(annotations);
  const seconds = (performance.now() - start) / 1000;
  const peer = python === null ? null : crowdKit(python, 'dawid-skene', annotations);
  const other = python === null ? null : crowdKit(python, 'glad', annotations);
  return {
    set: name,
    items: annotations.itemNames.length,
    labels: annotations.items.length,
    alpha: alpha.value,
    alphaLow: alpha.interval?.[0] ?? null,
    alphaHigh: alpha.interval?.[1] ?? null,
    majority: accuracy(report.majority, truth),
    dawidSkene: report.dawidSkene === null ? null : accuracy(report.dawidSkene, truth),
    glad: accuracy(report.glad, truth),
    recommended: report.recommended,
    recommendedAccuracy: accuracy(recommendedOf(report), truth),
    seconds,
    crowdKitDawidSkene: peer === null ? null : share(peer.labels, truth),
    crowdKitGlad: other === null ? null : share(other.labels, truth),
    crowdKitSeconds: peer === null || other === null ? null : peer.seconds + other.seconds,
  };
}
