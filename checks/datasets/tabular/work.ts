import type { Steps } from '../neighbours/index.ts';
import { type Screen, screen } from './association/index.ts';
import { type Prepared, prepareTable } from './prepare.ts';
import type { TableInput } from './types.ts';

/** What checks of one table have in common: made by the first, kept for the others as long as the input is. */
export interface TableWork {
  readonly prepared: Prepared;
  /** The screen of a class, by the rows that a model learns from and the seed. */
  readonly screenOf: (label: number, marks: Uint8Array, how: { rows: number; seed: number }) => Steps<Screen>;
}

/** Bytes of screens that are kept for the next check of the same input. */
const MOST_KEPT_BYTES = 256 * 2 ** 20;

const KEPT = new WeakMap<TableInput, TableWork>();

/**
 * The work of this very input object, whose columns and labels must not change: once it is done, nothing is worked out
 * twice. DatasetInputError as `prepareTable`.
 */
export function workOf(input: TableInput): TableWork {
  const kept = KEPT.get(input);
  if (kept !== undefined) return kept;
  const prepared = prepareTable(input);
  const screens = new Map<string, Screen>();
  let bytes = 0;
  const made: TableWork = {
    prepared,
    *screenOf(label, marks, { rows, seed }) {
      const key = `${label} ${rows} ${seed}`;
      const known = screens.get(key);
      if (known !== undefined) return known;
      const told = yield* screen(prepared.levels, marks, { rows, seed });
      const size = told.probabilities.reduce((sum, each) => sum + each.byteLength, 0);
      if (bytes + size <= MOST_KEPT_BYTES) {
        screens.set(key, told);
        bytes += size;
      }
      return told;
    },
  };
  KEPT.set(input, made);
  return made;
}
