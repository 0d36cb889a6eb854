import { AppError } from '../../../kernel/error.ts';

/** Where a page ended: the value that the list is ordered by, and the id that decides among equals. */
export interface Position {
  readonly key: string | number;
  readonly id: string;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const encodeCursor = ({ key, id }: Position): string =>
  Buffer.from(JSON.stringify([key, id])).toString('base64url');

const refuse = (): AppError =>
  new AppError('invalid_input', 'the cursor is not one of ours; start again without it', {
    issues: [{ path: 'cursor', message: 'not a cursor of this list' }],
  });

/** Throws `invalid_input` for anything that {@link encodeCursor} did not make for a list with keys of this type. */
export function decodeCursor(cursor: string | undefined, type: 'string' | 'number'): Position | null {
  if (cursor === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw refuse();
  }
  if (!Array.isArray(value) || value.length !== 2) throw refuse();
  const [key, id] = value as readonly unknown[];
  if (typeof id !== 'string' || !UUID.test(id)) throw refuse();
  if (type === 'number' && typeof key === 'number' && Number.isSafeInteger(key)) return { key, id };
  if (type === 'string' && typeof key === 'string' && !key.includes('\0') && key.isWellFormed()) {
    return { key, id };
  }
  throw refuse();
}
