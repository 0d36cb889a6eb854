import { type InteractionFilter, Outcome, Verdict } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import { AppError } from '../../kernel/error.ts';
import type { Sight } from '../sight.ts';
import { type BlindIndex, queryWords } from './words.ts';

/** A place between two interactions: what comes after it is older. */
export interface Position {
  readonly at: number;
  readonly id: string;
}

const MAX_VALUES = 50;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Sorts before every id: stands for "just before this instant". */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';

const refuse = (path: string, message: string): AppError =>
  new AppError('invalid_input', `the filter cannot be used: ${message}`, { issues: [{ path, message }] });

export function encodeCursor({ at, id }: Position): string {
  return Buffer.from(`${at}.${id}`).toString('base64url');
}

/** Throws `invalid_input` for anything that {@link encodeCursor} did not make. */
export function decodeCursor(cursor: string): Position {
  const match = /^(-?\d{1,16})\.(.{36})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  const [, at = '', id = ''] = match ?? [];
  if (!match || !UUID.test(id) || !Number.isSafeInteger(Number(at))) {
    throw refuse('cursor', 'the cursor is not one of ours; start again without it');
  }
  return { at: Number(at), id };
}

function values(given: readonly string[] | undefined, path: string): string[] {
  const all = [...new Set((given ?? []).map((value) => value.trim()).filter((value) => value !== ''))];
  if (all.length > MAX_VALUES) throw refuse(path, `give at most ${MAX_VALUES} values`);
  if (all.some((value) => value.length > 512 || value.includes('\0'))) {
    throw refuse(path, 'a value is too long or not text');
  }
  return all;
}

function oneOf(given: readonly string[] | undefined, allowed: readonly string[], path: string): string[] {
  const all = values(given, path);
  const unknown = all.find((value) => !allowed.includes(value));
  if (unknown !== undefined) throw refuse(path, `use ${allowed.join(', ')}`);
  return all;
}

type Condition = RawBuilder<unknown>;

/** `column = value`, so that an index orders by time within it; `= any` where there are several. */
function equals(column: string, all: readonly string[], type: 'text' | 'uuid'): Condition {
  const name = sql.ref(column);
  return all.length === 1 ? sql`${name} = ${all[0]}` : sql`${name} = any(${all}::${sql.raw(`${type}[]`)})`;
}

/** By id, or by the name for those who type it. */
function named(all: readonly string[], idColumn: string, nameColumn: string): Condition {
  const ids = all.filter((value) => UUID.test(value));
  const names = all.filter((value) => !UUID.test(value));
  const parts = [
    ...(ids.length > 0 ? [equals(idColumn, ids, 'uuid')] : []),
    ...(names.length > 0 ? [equals(nameColumn, names, 'text')] : []),
  ];
  return parts.length === 1 && parts[0] ? parts[0] : sql`(${sql.join(parts, sql` or `)})`;
}

/** A filter made ready: conditions on `i` (interactions), and the words that `c` (contents) must have. */
export interface Prepared {
  readonly from: number | null;
  /** Exclusive. */
  readonly to: number | null;
  readonly conditions: readonly Condition[];
  /** Empty without text search. */
  readonly words: readonly string[];
  readonly hashes: readonly string[];
}

/** What is there for the reader; none where everything is. */
function inSight(sight: Sight): Condition[] {
  if (sight === '*') return [];
  const known = sql`i.endpoint_id = any(${[...sight.endpoints]}::uuid[])`;
  return [sight.strays ? sql`(${known} or i.endpoint_id is null)` : known];
}

/** Throws `invalid_input` for values that cannot be. */
export function prepareFilter(filter: InteractionFilter, index: BlindIndex, sight: Sight): Prepared {
  const conditions: Condition[] = inSight(sight);
  const endpoints = values(filter.endpoint, 'endpoint');
  if (endpoints.length > 0) conditions.push(named(endpoints, 'i.endpoint_id', 'i.endpoint_slug'));
  const keys = values(filter.key, 'key');
  if (keys.length > 0) conditions.push(named(keys, 'i.key_id', 'i.key_name'));
  const [user] = values(filter.user === undefined ? [] : [filter.user], 'user');
  if (user !== undefined) conditions.push(sql`i.user_name = ${user}`);
  const verdicts = oneOf(filter.verdict, Verdict.options, 'verdict');
  if (verdicts.length > 0) conditions.push(equals('i.verdict', verdicts, 'text'));
  // Said apart, for PostgreSQL does not see by itself that the partial index applies.
  if (verdicts.length > 0 && !verdicts.includes('allow')) conditions.push(sql`i.verdict <> 'allow'`);
  const outcomes = oneOf(filter.outcome, Outcome.options, 'outcome');
  if (outcomes.length > 0) conditions.push(equals('i.outcome', outcomes, 'text'));
  if (outcomes.length > 0 && !outcomes.includes('answered')) conditions.push(sql`i.outcome <> 'answered'`);
  const checks = values(filter.check, 'check');
  if (checks.length > 0) conditions.push(sql`i.checks && ${checks}::text[] and i.checks <> '{}'`);
  const text = filter.text?.trim() ?? '';
  const words = queryWords(text);
  if (text !== '' && words.length === 0) throw refuse('text', 'there is no word or number in it');
  return {
    from: filter.from ?? null,
    to: filter.to ?? null,
    conditions,
    words,
    hashes: index.hashes(words),
  };
}
