import type { OpenDataset } from '@bartizan/checks/datasets/read/index.ts';
import { type NamedRoles, rolesOf } from '@bartizan/checks/datasets/scan/roles.ts';
import { asCategory, asText } from '@bartizan/checks/datasets/scan/shape.ts';
import type { Roles } from '@bartizan/checks/datasets/scan/types.ts';
import { createColumnBuilder } from '@bartizan/checks/datasets/scan/worker/columns.ts';
import { type Column, DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import type { DataScanOptions } from '@bartizan/contracts';
import type { Tell } from '../../confined/answering.ts';

/** Most records that one scan holds. */
export const MOST_ROWS = 2_000_000;
/** Cells of numbers or categories (8 bytes each), and bytes of text, that are held at once. */
const MOST_CELLS = 150_000_000;
const MOST_TEXT_BYTES = 2 ** 30;

type Builder = NonNullable<ReturnType<typeof createColumnBuilder>>;

export interface Loaded {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Names of columns of kinds that are not scanned. */
  readonly skipped: readonly string[];
}

/** Reads records into memory; DatasetInputError or ReadError for what is too large or cannot be read. */
export async function loadColumns(data: OpenDataset, tell: Tell): Promise<Loaded> {
  const { columns } = data.schema;
  const budget = { textBytes: MOST_TEXT_BYTES };
  const builders = columns.map(({ name, type }) => createColumnBuilder(name, type, budget));
  let rows = 0;
  for await (const chunk of data.chunks()) {
    rows += chunk.rows;
    if (rows > MOST_ROWS)
      throw new DatasetInputError(
        `There are more than ${MOST_ROWS} records, the most that are scanned at once; push a part of them as a dataset of its own.`,
      );
    if (rows * columns.length > MOST_CELLS)
      throw new DatasetInputError(
        `The table has too many values to scan at once (${columns.length} columns); scan it where it is, with bartizan data scan.`,
      );
    builders.forEach((builder, at) => builder?.append(chunk.columns[at] as never, chunk.rows));
    tell(`reading, ${rows} records`, null);
  }
  if (rows === 0) throw new DatasetInputError('There are no records in this version.');
  return {
    rows,
    columns: builders.filter((builder): builder is Builder => builder !== null).map((each) => each.column()),
    skipped: columns.filter((_, at) => builders[at] === null).map(({ name }) => name),
  };
}

export interface Shaped {
  readonly columns: readonly Column[];
  readonly roles: Roles;
  readonly notes: readonly string[];
}

function namedRoles(options: DataScanOptions, label: string | null): NamedRoles {
  const { text, features, prompt, response, batch, source, access } = options;
  const named = { text, features, prompt, response, batch, source, access };
  const chosen = options.label ?? label;
  return {
    ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
    ...(chosen === null ? {} : { label: chosen }),
    knowledgeBase: options.knowledgeBase ?? false,
  };
}

/** Roles as they were named or guessed; without a label where nobody named one and none can be guessed. */
function guessed(columns: readonly Column[], named: NamedRoles): { roles: Roles; notes: string[] } {
  try {
    return { roles: rolesOf(columns, named), notes: [] };
  } catch (error) {
    if (!(error instanceof DatasetInputError) || named.label !== undefined) throw error;
    const notes = [
      'No column was named or recognised as the label, so wrong labels, slices and triggers were not looked for. Name one.',
    ];
    return { roles: rolesOf(columns, { ...named, label: null }), notes };
  }
}

/** Columns as their roles want them: labels and origins as categories, texts as texts. */
export function shapeColumns(loaded: Loaded, options: DataScanOptions, label: string | null): Shaped {
  const { roles, notes } = guessed(loaded.columns, namedRoles(options, label));
  const categories = [roles.label, roles.batch, roles.source, roles.access];
  const texts = [roles.text, roles.prompt, roles.response];
  const columns = loaded.columns.map((column) => {
    if (texts.includes(column.name)) return asText(column);
    return categories.includes(column.name) ? asCategory(column) : column;
  });
  const skipped =
    loaded.skipped.length === 0
      ? []
      : [`Lists, structures and byte strings are not scanned: ${loaded.skipped.slice(0, 20).join(', ')}.`];
  return { columns, roles, notes: [...notes, ...skipped] };
}
