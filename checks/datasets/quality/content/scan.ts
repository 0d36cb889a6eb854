import type { Steps } from '../../neighbours/index.ts';
import type { Column } from '../../types.ts';
import type { ContentOptions } from '../types.ts';
import { leftOut, type Selection, select } from './select.ts';
import { createTally, type Hit, type Tallied } from './tally.ts';
import { type Unit, unitsOf } from './units.ts';

/** Characters that are read between two looks at the clock of whoever waits. */
const SLICE = 100_000;

export interface Scanned extends Tallied {
  readonly selection: Selection;
  readonly blindSpots: readonly string[];
}

/** Looks into every selected text. Time is that of `inspect` on at most `maxCharacters` characters. */
export function* scanContent(
  check: string,
  columns: readonly Column[],
  options: ContentOptions,
  inspect: (unit: Unit, column: string) => readonly Hit[],
): Steps<Scanned> {
  const selection = select(columns, options);
  const tally = createTally(check, selection);
  const total = selection.columns.length * selection.rows.length;
  let [read, done] = [0, 0];
  for (const unit of unitsOf(selection)) {
    done += 1;
    read += unit.text.length + 50;
    tally.add(unit, inspect(unit, selection.columns[unit.column]?.name ?? ''));
    if (read < SLICE) continue;
    read = 0;
    yield { stage: check, done: Math.min(done, total), total };
  }
  return { ...tally.close(), selection, blindSpots: leftOut(selection) };
}

export interface Waiting {
  readonly pause?: (() => Promise<unknown>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Texts that are judged at the same time. */
const AT_ONCE = 16;

/** `scanContent` for what may answer late. Rejects with the signal's reason once it is aborted. */
export async function scanContentLater(
  check: string,
  columns: readonly Column[],
  options: ContentOptions & Waiting,
  inspect: (unit: Unit, column: string) => Promise<readonly Hit[]>,
): Promise<Scanned> {
  const selection = select(columns, options);
  const tally = createTally(check, selection);
  const flush = async (units: readonly Unit[]): Promise<void> => {
    options.signal?.throwIfAborted();
    const found = await Promise.all(
      units.map((unit) => inspect(unit, selection.columns[unit.column]?.name ?? '')),
    );
    for (const [at, unit] of units.entries()) tally.add(unit, found[at] ?? []);
    await options.pause?.();
  };
  let units: Unit[] = [];
  for (const unit of unitsOf(selection)) {
    units.push(unit);
    if (units.length < AT_ONCE) continue;
    await flush(units);
    units = [];
  }
  await flush(units);
  return { ...tally.close(), selection, blindSpots: leftOut(selection) };
}
