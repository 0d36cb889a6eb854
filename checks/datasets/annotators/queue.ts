import { DatasetInputError } from '../types.ts';
import { shownName } from './names.ts';
import type { Aggregate, Annotations, QueueEntry, QueueOptions, QueuePage } from './types.ts';
import { counts, votesOf } from './votes.ts';

const LIMIT = 50;

interface Place {
  readonly value: number;
  readonly item: number;
}

/** Most valuable first, equal ones by item. */
const order = (a: Place, b: Place): number => b.value - a.value || a.item - b.item;

function placeOf(after: string): Place {
  const match = /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?)\/(\d+)$/.exec(after);
  if (match === null)
    throw new DatasetInputError(
      '`after` is not from a page of this queue; leave it out to start at the top.',
    );
  return { value: Number(match[1]), item: Number(match[2]) };
}

function assertQueue(
  annotations: Annotations,
  aggregate: Aggregate,
  { limit = LIMIT, impact }: QueueOptions,
): void {
  const { itemNames, classNames } = annotations;
  if (aggregate.classes !== classNames.length || aggregate.labels.length !== itemNames.length)
    throw new DatasetInputError('The aggregate is not of these annotations; compute it from them first.');
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw new DatasetInputError(`A page holds 1 to 1,000 items, not ${limit}.`);
  if (
    impact !== undefined &&
    (impact.length !== itemNames.length || impact.some((one) => !(one >= 0 && one < Infinity)))
  )
    throw new DatasetInputError('Impact is one finite number ≥ 0 for each item.');
}

/** The likeliest two classes of an item, the likelier first. */
function likeliest({ posteriors, classes }: Aggregate, item: number): QueueEntry['likeliest'] {
  let [first, second] = [-1, -1];
  const p = (c: number): number => (c < 0 ? -1 : (posteriors[item * classes + c] as number));
  for (let c = 0; c < classes; c++)
    if (p(c) > p(first)) [first, second] = [c, first];
    else if (p(c) > p(second)) second = c;
  return [first, second].map((label) => ({ label, probability: p(label) }));
}

/**
 * Items for a person to label, in the order of what that is expected to gain: the chance that the likeliest class is
 * wrong, times the item's impact. Items without a label are as uncertain as can be; items decided are left out. Pages
 * are the same each time for the same input, and deciding items between two pages skips none. Time O(items × log items).
 * DatasetInputError for an aggregate of other annotations, or options outside of their range.
 */
export function disagreementQueue(
  annotations: Annotations,
  aggregate: Aggregate,
  options: QueueOptions = {},
): QueuePage {
  assertQueue(annotations, aggregate, options);
  const { limit = LIMIT, impact, decided, after } = options;
  const { classes, posteriors } = aggregate;
  const places: Place[] = [];
  for (let item = 0; item < annotations.itemNames.length; item++) {
    if (decided?.has(item) === true) continue;
    let most = 0;
    for (let c = 0; c < classes; c++) most = Math.max(most, posteriors[item * classes + c] as number);
    places.push({ item, value: Math.max(0, 1 - most) * (impact?.[item] ?? 1) });
  }
  places.sort(order);
  const from = after === undefined ? null : placeOf(after);
  const rest = from === null ? places : places.filter((place) => order(from, place) < 0);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const votes = votesOf(annotations);
  const shares = counts(votes);
  return {
    entries: page.map(({ item, value }) => {
      const own = shares.subarray(item * classes, (item + 1) * classes);
      const best = likeliest(aggregate, item);
      const given = own.reduce((sum, times) => sum + times, 0);
      const name = annotations.itemNames[item] as string;
      return { item, name, value, likeliest: best, votes: given, reason: reasonOf(annotations, own, best) };
    }),
    total: places.length,
    next: last === undefined || rest.length <= limit ? null : `${last.value}/${last.item}`,
  };
}

const NAMED = 4;

function reasonOf({ classNames }: Annotations, own: Float64Array, best: QueueEntry['likeliest']): string {
  const name = (label: number): string => `“${shownName(classNames[label] ?? String(label))}”`;
  const given = [...own.keys()]
    .filter((label) => own[label] !== 0)
    .sort((a, b) => (own[b] as number) - (own[a] as number) || a - b);
  if (given.length === 0) return 'Nobody has labelled it.';
  const votes = given.slice(0, NAMED).map((label) => `${own[label]} × ${name(label)}`);
  const more = given.length > NAMED ? ` and ${given.length - NAMED} other classes` : '';
  const odds = best
    .map(({ label, probability }) => `${name(label)} ${probability.toFixed(2)}`)
    .join(', then ');
  return `Labels: ${votes.join(', ')}${more}. Likeliest, by who gave them: ${odds}.`;
}
