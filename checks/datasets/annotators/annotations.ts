import { DatasetInputError } from '../types.ts';
import type { AnnotationRow, Annotations } from './types.ts';

/** Most labels in memory at once. */
const MOST_LABELS = 50_000_000;
const MOST_CLASSES = 10_000;
const LONGEST_NAME = 1000;

export interface BuildOptions {
  /** All classes in their order; those that occur, sorted, when absent (as numbers where all of them are). */
  readonly classes?: readonly string[];
  /** What to do when an annotator labels an item again: an error, the later label counts, or both do; `refuse` when absent. */
  readonly repeats?: 'refuse' | 'last' | 'keep';
}

/** Names in the order in which they first come, and the number of each. */
function numbering(): { readonly names: string[]; readonly of: (name: string) => number } {
  const numbers = new Map<string, number>();
  const names: string[] = [];
  const of = (name: string): number => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, names.length);
    return names.push(name) - 1;
  };
  return { names, of };
}

const isNumber = (name: string): boolean => name.trim() !== '' && Number.isFinite(Number(name));

/** Numbers by size where all names are numbers, else by code unit. */
function sortedClasses(names: readonly string[]): string[] {
  if (names.every(isNumber)) return [...names].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  return [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function assertName(value: unknown, what: string, row: number): asserts value is string {
  if (typeof value !== 'string' || value === '')
    throw new DatasetInputError(`Row ${row} has no ${what}; leave out rows without one.`);
  if (value.length > LONGEST_NAME)
    throw new DatasetInputError(`The ${what} of row ${row} is longer than ${LONGEST_NAME} characters.`);
}

function assertRow({ item, annotator, label, at }: AnnotationRow, row: number): void {
  assertName(item, 'item', row);
  assertName(annotator, 'annotator', row);
  assertName(label, 'label', row);
  if (at !== undefined && !Number.isFinite(at))
    throw new DatasetInputError(`The time of row ${row} is ${String(at)}; it is ms since 1970, or left out.`);
}

const repeated = ({ item, annotator }: AnnotationRow, row: number): DatasetInputError =>
  new DatasetInputError(
    `Annotator “${annotator.slice(0, 60)}” labels item “${item.slice(0, 60)}” again in row ${row}; keep one of ` +
      "the labels, or ask for `repeats: 'last'`.",
  );

/**
 * Annotations from rows of item, annotator and label, rows counted from 0. Items and annotators are numbered in the
 * order in which they come. DatasetInputError for an empty or overlong name, a label that is not among
 * `options.classes`, a second label of the same item by the same annotator (unless `repeats` says otherwise), a time that
 * is no number, no rows at all, or fewer than two classes.
 */
export function buildAnnotations(rows: Iterable<AnnotationRow>, options: BuildOptions = {}): Annotations {
  const [items, annotators, classes] = [numbering(), numbering(), numbering()];
  for (const name of options.classes ?? []) classes.of(name);
  const triples: [number[], number[], number[]] = [[], [], []];
  const times: number[] = [];
  const seen = new Map<number, number>();
  let row = 0;
  for (const read of rows) {
    assertRow(read, row);
    const { item, annotator, label, at } = read;
    const triple = [items.of(item), annotators.of(annotator), classes.of(label)] as const;
    if (options.classes !== undefined && triple[2] >= options.classes.length)
      throw new DatasetInputError(
        `Row ${row} has label “${label.slice(0, 60)}”, which is not among the classes given.`,
      );
    if (classes.names.length > MOST_CLASSES)
      throw new DatasetInputError(
        `There are more than ${MOST_CLASSES} different labels; is the label column free text or an identifier?`,
      );
    const key = triple[0] * 2 ** 26 + triple[1];
    const before = seen.get(key);
    if (before !== undefined && (options.repeats ?? 'refuse') === 'refuse') throw repeated(read, row);
    const place = options.repeats === 'last' ? (before ?? times.length) : times.length;
    if (place >= MOST_LABELS || annotators.names.length > 2 ** 26)
      throw new DatasetInputError(
        `More than ${MOST_LABELS} labels are too many at once; split them by item.`,
      );
    seen.set(key, place);
    triple.forEach((number, column) => {
      (triples[column] as number[])[place] = number;
    });
    times[place] = at ?? Number.NaN;
    row++;
  }
  const classNames = options.classes === undefined ? sortedClasses(classes.names) : [...options.classes];
  const order = new Map(classNames.map((name, number) => [name, number]));
  const renumbered = classes.names.map((name) => order.get(name) as number);
  const annotations: Annotations = {
    items: Int32Array.from(triples[0]),
    annotators: Int32Array.from(triples[1]),
    labels: Int32Array.from(triples[2], (number) => renumbered[number] as number),
    ...(times.some((time) => !Number.isNaN(time)) ? { times: Float64Array.from(times) } : {}),
    itemNames: items.names,
    annotatorNames: annotators.names,
    classNames,
  };
  assertAnnotations(annotations);
  return annotations;
}

function assertColumn(values: Int32Array, names: readonly string[], what: string): void {
  const outside = values.findIndex((value) => value < 0 || value >= names.length);
  if (outside >= 0)
    throw new DatasetInputError(
      `Label ${outside} has ${what} ${values[outside]}; the numbers go from 0 to ${names.length - 1}.`,
    );
}

/** DatasetInputError unless the columns have one length and all numbers have a name. */
export function assertAnnotations(annotations: Annotations): void {
  const { items, annotators, labels, times, itemNames, annotatorNames, classNames } = annotations;
  const count = items.length;
  if (
    annotators.length !== count ||
    labels.length !== count ||
    (times !== undefined && times.length !== count)
  )
    throw new DatasetInputError('Items, annotators, labels and times must have one entry for each label.');
  if (count === 0)
    throw new DatasetInputError('There are no labels; give at least one row of item, annotator, label.');
  if (count > MOST_LABELS)
    throw new DatasetInputError(`More than ${MOST_LABELS} labels are too many at once; split them by item.`);
  if (classNames.length < 2 || classNames.length > MOST_CLASSES)
    throw new DatasetInputError(
      `There are ${classNames.length} classes; annotators are judged on 2 to ${MOST_CLASSES}. ` +
        'Name the classes that nobody chose with `classes`.',
    );
  assertColumn(items, itemNames, 'item');
  assertColumn(annotators, annotatorNames, 'annotator');
  assertColumn(labels, classNames, 'class');
}

/** The labels of key k are `order[start[k]]` .. `order[start[k + 1] - 1]`. */
export interface Grouping {
  readonly start: Int32Array;
  readonly order: Int32Array;
}

/** Counting sort of `places` by their key: places with one key keep their order. */
function grouped(keys: Int32Array, count: number, places: Iterable<number>): Grouping {
  const start = new Int32Array(count + 1);
  for (const key of keys) (start[key + 1] as number)++;
  for (let key = 0; key < count; key++) (start[key + 1] as number) += start[key] as number;
  const next = start.slice();
  const order = new Int32Array(keys.length);
  for (const place of places) {
    const key = keys[place] as number;
    order[next[key] as number] = place;
    (next[key] as number)++;
  }
  return { start, order };
}

/** Per annotator its labels, in the order in which they are given. */
export const byAnnotator = ({ annotators, annotatorNames }: Annotations): Grouping =>
  grouped(annotators, annotatorNames.length, annotators.keys());

/** Per item its labels, by annotator: repeated ones of an annotator stand together. */
export const byItem = (annotations: Annotations): Grouping =>
  grouped(annotations.items, annotations.itemNames.length, byAnnotator(annotations).order);

/** The labels at these places alone, all names kept; without times. */
export function subset(annotations: Annotations, places: Int32Array): Annotations {
  const { itemNames, annotatorNames, classNames } = annotations;
  const taken = (column: Int32Array): Int32Array =>
    Int32Array.from(places, (place) => column[place] as number);
  return {
    items: taken(annotations.items),
    annotators: taken(annotations.annotators),
    labels: taken(annotations.labels),
    itemNames,
    annotatorNames,
    classNames,
  };
}
