import { AppError } from '../../../kernel/error.ts';

const badCursor = (): AppError =>
  new AppError('invalid_input', 'this is no place in the list', {
    hint: 'Begin with the first page.',
    issues: [{ path: 'cursor', message: 'not a cursor of this list' }],
  });

/** Where a page of a list begins that is counted from its start. */
export function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (!/^\d{1,9}$/.test(cursor)) throw badCursor();
  return Number(cursor);
}

/** A page out of one row more than fits on it. */
export function offsetPage<T>(rows: readonly T[], offset: number, limit: number) {
  return { items: rows.slice(0, limit), next: rows.length > limit ? String(offset + limit) : null };
}

/** The last row of the page before, by instant and id. */
export function afterOf(cursor: string | undefined): { at: number; id: string } | null {
  if (cursor === undefined) return null;
  const match = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(cursor);
  if (!match?.[1] || !match[2]) throw badCursor();
  return { at: Number(match[1]), id: match[2] };
}
