import { readFile, stat } from 'node:fs/promises';
import type { Labels } from '../../labels/index.ts';
import { type NumberArray, openDataset, readNpy } from '../../read/index.ts';
import { type Column, DatasetInputError, type Images } from '../../types.ts';
import { type Budget, type ColumnBuilder, createColumnBuilder } from './columns.ts';
import type { ScanLimits, ScanProgress, TableFile } from './job.ts';

export const MOST_ROWS = 2_000_000;
/** Cells of numbers or categories (8 bytes each), and bytes of text, that are held at once. */
const MOST_CELLS = 250_000_000;
const MOST_TEXT_BYTES = 1.5 * 2 ** 30;
const MOST_RULE_BYTES = 4 * 2 ** 20;
const MOST_CLASSES = 10_000;

export interface LoadedTable {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Names of columns of kinds that are not scanned. */
  readonly skipped: readonly string[];
}

export type Say = (progress: ScanProgress) => void;

const mostRows = (limits: ScanLimits): number => Math.min(MOST_ROWS, limits.rows ?? MOST_ROWS);

function assertRows(rows: number, limits: ScanLimits): void {
  if (rows > mostRows(limits))
    throw new DatasetInputError(
      `There are more than ${mostRows(limits)} records, the most that are scanned at once; scan a part of them.`,
    );
}

/** Reads a table into memory. DatasetInputError or ReadError for what is too large or cannot be read. */
export async function loadTable(file: TableFile, limits: ScanLimits, say: Say): Promise<LoadedTable> {
  const dataset = await openDataset(file.path, file.format === undefined ? {} : { format: file.format });
  try {
    if (dataset.format === 'npy')
      throw new DatasetInputError(
        'An npy file is an array, not a table: name it with --images or --features.',
      );
    const budget: Budget = { textBytes: MOST_TEXT_BYTES };
    const { columns } = dataset.schema;
    const builders = columns.map(({ name, type }) => createColumnBuilder(name, type, budget));
    let rows = 0;
    for await (const chunk of dataset.chunks()) {
      rows += chunk.rows;
      assertRows(rows, limits);
      if (rows * columns.length > MOST_CELLS)
        throw new DatasetInputError(
          `The table has too many values to scan at once (${columns.length} columns); scan fewer columns or records.`,
        );
      builders.forEach((builder, at) => builder?.append(chunk.columns[at] as never, chunk.rows));
      say({ stage: `reading, ${rows} records`, part: null });
    }
    if (rows === 0) throw new DatasetInputError('There are no records in the file.');
    return {
      rows,
      columns: builders
        .filter((builder): builder is ColumnBuilder => builder !== null)
        .map((b) => b.column()),
      skipped: columns.filter((_, at) => builders[at] === null).map(({ name }) => name),
    };
  } finally {
    await dataset.close();
  }
}

/** A JSON document of at most 4 MiB. */
export async function loadJson(path: string): Promise<unknown> {
  if ((await stat(path)).size > MOST_RULE_BYTES)
    throw new DatasetInputError(`The rules are larger than ${MOST_RULE_BYTES} bytes.`);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    throw new DatasetInputError(`The rules are no JSON: ${(error as Error).message}`, { cause: error });
  }
}

export async function loadMatrix(path: string, what: string, limits: ScanLimits): Promise<NumberArray> {
  const array = await readNpy(path);
  if (array.shape.length !== 2)
    throw new DatasetInputError(
      `${what} have the shape (${array.shape.join(', ')}); give one row of numbers for each record.`,
    );
  assertRows(array.rows, limits);
  return array;
}

/**
 * Labels as whole numbers: classes 0 to `classes` − 1 where that is given, else those that occur, by size.
 * DatasetInputError for other numbers, and for another count than `rows`.
 */
export async function loadLabels(path: string, rows: number, classes?: number): Promise<Labels> {
  const array = await readNpy(path);
  if (array.columns !== 1)
    throw new DatasetInputError(
      `The labels have the shape (${array.shape.join(', ')}); give one number each.`,
    );
  if (array.rows !== rows)
    throw new DatasetInputError(`There are ${array.rows} labels for ${rows} records; give one for each.`);
  const given = array.values;
  const wrong = given.findIndex((value) => !Number.isInteger(value));
  if (wrong >= 0) throw new DatasetInputError(`Label ${wrong} is ${given[wrong]}; labels are whole numbers.`);
  if (classes !== undefined) {
    const outside = given.findIndex((value) => value < 0 || value >= classes);
    if (outside >= 0)
      throw new DatasetInputError(
        `Label ${outside} is ${given[outside]}; with ${classes} columns of probabilities labels go from 0 to ${classes - 1}.`,
      );
    return {
      values: Int32Array.from(given),
      names: Array.from({ length: classes }, (_, each) => String(each)),
    };
  }
  const known = [...new Set(given)].sort((a, b) => a - b);
  if (known.length > MOST_CLASSES)
    throw new DatasetInputError(`There are ${known.length} different labels, more than ${MOST_CLASSES}.`);
  const place = new Map(known.map((value, at) => [value, at]));
  return { values: Int32Array.from(given, (value) => place.get(value) ?? 0), names: known.map(String) };
}

/**
 * Pictures from an array of records × height × width, with the channels last (1, 3 or 4) or in front of the sides, or
 * of records × pixels where those make a square.
 */
export async function loadImages(path: string, limits: ScanLimits): Promise<Images> {
  const array = await readNpy(path);
  assertRows(array.rows, limits);
  const [rows = 0, ...sides] = array.shape;
  const { height, width, channels, first } = sidesOf(sides);
  const bytes = array.values.every((value) => value >= 0 && value <= 255 && Number.isInteger(value));
  const values = bytes ? Uint8Array.from(array.values) : Float32Array.from(array.values);
  if (first) return { rows, height, width, channels, values: channelsLast(values, height * width, channels) };
  return { rows, height, width, channels, values };
}

function sidesOf(sides: readonly number[]) {
  const [a = 0, b = 0, c = 0] = sides;
  const isChannels = (count: number): boolean => count === 1 || count === 3 || count === 4;
  if (sides.length === 3 && isChannels(c)) return { height: a, width: b, channels: c, first: false };
  if (sides.length === 3 && isChannels(a)) return { height: b, width: c, channels: a, first: true };
  if (sides.length === 2) return { height: a, width: b, channels: 1, first: false };
  const side = Math.sqrt(a);
  if (sides.length === 1 && Number.isInteger(side) && side > 1)
    return { height: side, width: side, channels: 1, first: false };
  throw new DatasetInputError(
    `Pictures have the shape (records, ${sides.join(', ')}); give records × height × width, with 1, 3 or 4 channels last.`,
  );
}

function channelsLast<Values extends Uint8Array | Float32Array>(
  values: Values,
  pixels: number,
  channels: number,
): Values {
  const out = values.slice() as Values;
  for (let start = 0; start < values.length; start += pixels * channels)
    for (let channel = 0; channel < channels; channel++)
      for (let pixel = 0; pixel < pixels; pixel++)
        out[start + pixel * channels + channel] = values[start + channel * pixels + pixel] as number;
  return out;
}
