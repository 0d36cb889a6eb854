import { AppError } from '../../../kernel/error.ts';

const refuse = (): AppError =>
  new AppError('invalid_input', 'the cursor is not one of ours; start again without it', {
    issues: [{ path: 'cursor', message: 'not a cursor of this list' }],
  });

/** Where a page that is ordered by instant and id ended. */
export const positionOf = ({ at, id }: { readonly at: number; readonly id: string }): string => `${at}.${id}`;

/** Inverse of {@link positionOf}; throws `invalid_input` for anything else. */
export function afterOf(cursor: string | undefined): { readonly at: number; readonly id: string } | null {
  if (cursor === undefined) return null;
  const match = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor);
  if (match?.[1] && match[2]) return { at: Number(match[1]), id: match[2] };
  throw refuse();
}

/** The number after which the next page begins, of a list that is ordered by a number. */
export function numberOf(cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw refuse();
}
