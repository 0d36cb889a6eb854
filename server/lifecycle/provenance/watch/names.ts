import type { DataProfile, DataWatchSettings } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { type Known, plainLine } from '../scans/masking.ts';
import type { StoredDay } from './store.ts';
import { FEW_GROUPS, LEAST_OF_GROUP, MOST_GROUPS, NO_GROUPS } from './worker/groups.ts';
import { NOT_NAMED, OTHERS } from './worker/watching.ts';

const LONGEST = 200;
/** Names that are Bartizan's own. */
const OWN: ReadonlySet<string> = new Set([NOT_NAMED, OTHERS]);

type Columns = Pick<DataWatchSettings, 'batch' | 'source'>;

/**
 * Which names of a version's days and sources may be told: names of batches and of registered sources are no values of
 * records; those that came of columns are, and are told where its profile shows them.
 */
export function shownNames({ batch, source }: Columns, { values }: Pick<Known, 'values'>) {
  return {
    name: (name: string): boolean => batch === null || OWN.has(name) || values.has(name),
    source: (name: string): boolean => source === null || OWN.has(name) || values.has(name),
  };
}

const hidden = (number: number): string => (number < 0 ? '“…”' : `“…” (${number + 1})`);

/** Name of a source as it may be told; its place in `sources` tells those apart that may not. */
export function sourceTold(name: string, isShown: boolean, sources: readonly string[]): string {
  return isShown || OWN.has(name) ? plainLine(name, LONGEST) : hidden(sources.indexOf(name));
}

/** Name of a day as it may be told, else its number. */
export function dayTold({ name, day, nameShown }: Pick<StoredDay, 'name' | 'day' | 'nameShown'>): string {
  return nameShown ? plainLine(name, LONGEST) : hidden(day - 1);
}

/**
 * Throws `invalid_input` where the newest version shows that a column names records, not batches or sources. What no
 * profile shows is found when the column is counted.
 */
export function demandGroups(columns: Columns, before: Columns, profile: DataProfile | null): void {
  for (const is of ['batch', 'source'] as const) {
    const name = columns[is];
    const column = profile?.columns.find((each) => each.name === name);
    if (name === null || name === before[is] || !profile || !column) continue;
    const few = profile.rows - column.missing < LEAST_OF_GROUP * column.distinct;
    if (column.distinct <= MOST_GROUPS[is] && !(few && column.distinct > FEW_GROUPS)) continue;
    throw new AppError('invalid_input', NO_GROUPS(plainLine(name, LONGEST), is), {
      issues: [{ path: is, message: 'nearly every record has another value' }],
    });
  }
}
