import { DatasetInputError } from '../types.ts';
import { createRecordEncoder, type RecordEncoder } from './encode.ts';
import { HASH_BYTES, hashRecords, sha256Into } from './hash.ts';
import { schemaBytes } from './schema.ts';
import { createSorter, type Sorter } from './sort.ts';
import type { Chunk, Field, RecordStream, Schema, Spill } from './types.ts';

/** What became of the record with a key. Order plays no part. */
export type KeyedChange =
  | {
      readonly kind: 'changed';
      readonly was: number;
      readonly now: number;
      readonly columns: readonly string[];
    }
  | { readonly kind: 'added'; readonly now: number }
  | { readonly kind: 'removed'; readonly was: number };

export interface SchemaDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** In both, of another type; records are not compared in them. */
  readonly retyped: readonly string[];
}

export interface KeyedVersions {
  /** Opens a version; is asked for twice. */
  readonly was: () => Promise<RecordStream> | RecordStream;
  readonly now: () => Promise<RecordStream> | RecordStream;
  /** Columns that tell records apart. */
  readonly keys: readonly string[];
  readonly spill: Spill;
  /** Bytes that sorting may hold at a time. Default 64 MiB. */
  readonly memoryBytes?: number;
}

export interface KeyedDiff {
  readonly schema: SchemaDifference;
  /** Added and removed records by key, then the changed ones by `now`. Ask once. */
  readonly changes: () => AsyncGenerator<KeyedChange>;
}

const POSITION_BYTES = 5;
const COLUMN_DIGEST = 16;
const ENTRY_BYTES = 2 * HASH_BYTES + 1 + POSITION_BYTES;
/** Records of one key that are looked at together. */
export const MAX_SAME_KEY = 100_000;

const sameType = (a: Field, b: Field): boolean =>
  schemaBytes({ columns: [a] }).equals(schemaBytes({ columns: [b] }));

/** The columns of a schema with these names, and how to take them out of a chunk. */
function project(schema: Schema, names: readonly string[]) {
  const places = names.map((name) => schema.columns.findIndex((column) => column.name === name));
  return Object.freeze({
    schema: { columns: places.map((place) => schema.columns[place] as Field) },
    take: ({ rows, columns }: Chunk): Chunk => ({
      rows,
      columns: places.map((place) => columns[place] as Chunk['columns'][0]),
    }),
  });
}

function compareSchemas(was: Schema, now: Schema): SchemaDifference & { readonly common: readonly string[] } {
  const before = new Map(was.columns.map((column) => [column.name, column]));
  const after = new Set(now.columns.map(({ name }) => name));
  const shared = now.columns.filter(({ name }) => before.has(name));
  const retyped = shared.filter((column) => !sameType(column, before.get(column.name) as Field));
  return {
    added: now.columns.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    removed: was.columns.filter(({ name }) => !after.has(name)).map(({ name }) => name),
    retyped: retyped.map(({ name }) => name),
    common: shared.filter((column) => !retyped.includes(column)).map(({ name }) => name),
  };
}

/**
 * Differences of two versions by key, in the columns that both have with one type. Reads each version twice where
 * anything changed; external sorting in between: O(n log n) time, memory as given plus one key's records.
 * DatasetInputError where a key column is missing on a side, or tells more than {@link MAX_SAME_KEY} records not apart.
 */
export async function diffByKey(versions: KeyedVersions): Promise<KeyedDiff> {
  const [was, now] = [await versions.was(), await versions.now()];
  const { common, ...schema } = compareSchemas(was.schema, now.schema);
  const unusable = versions.keys.filter((key) => !common.includes(key));
  if (versions.keys.length === 0) throw new DatasetInputError('Name at least one key column.');
  if (unusable.length > 0)
    throw new DatasetInputError(
      `Not in both versions with one type: ${unusable.map((key) => JSON.stringify(key)).join(', ')}.`,
    );
  return Object.freeze({ schema, changes: () => changes({ ...versions, streams: { was, now }, common }) });
}

interface Work extends KeyedVersions {
  readonly streams: { readonly was: RecordStream; readonly now: RecordStream };
  readonly common: readonly string[];
}

const put = (row: Buffer, position: number, at: number): number =>
  row.writeUIntBE(position, at, POSITION_BYTES);
const get = (row: Uint8Array, at: number): number =>
  Buffer.from(row.buffer, row.byteOffset, row.byteLength).readUIntBE(at, POSITION_BYTES);

async function* changes(work: Work): AsyncGenerator<KeyedChange> {
  const memoryBytes = (work.memoryBytes ?? 2 ** 26) / 2;
  const entries = createSorter({ width: ENTRY_BYTES, spill: work.spill, memoryBytes });
  const pairs = createSorter({ width: 2 * POSITION_BYTES, spill: work.spill, memoryBytes });
  const told = createSorter({
    width: 2 * POSITION_BYTES + work.common.length * COLUMN_DIGEST,
    spill: work.spill,
    memoryBytes,
  });
  try {
    await enter(work, 'was', entries);
    await enter(work, 'now', entries);
    yield* joinByKey(entries.sorted(), pairs);
    if (pairs.count() === 0) return;
    await tellOld(work, pairs, told);
    yield* tellNew(work, told);
  } finally {
    for (const sorter of [entries, pairs, told]) await sorter.close();
  }
}

async function enter({ streams, common, keys }: Work, side: 'was' | 'now', entries: Sorter): Promise<void> {
  const { schema, chunks } = streams[side];
  const whole = project(schema, common);
  const key = project(schema, keys);
  const encoders = { whole: createRecordEncoder(whole.schema), key: createRecordEncoder(key.schema) };
  const row = Buffer.alloc(ENTRY_BYTES);
  row[HASH_BYTES] = side === 'was' ? 0 : 1;
  let position = 0;
  for await (const chunk of chunks()) {
    const records = hashRecords(encoders.whole.encode(whole.take(chunk)));
    const keyed = hashRecords(encoders.key.encode(key.take(chunk)));
    for (let at = 0; at < chunk.rows; at++) {
      row.set(keyed.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
      row.set(records.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES), HASH_BYTES + 1);
      put(row, position++, 2 * HASH_BYTES + 1);
      const done = entries.add(row);
      if (done) await done;
    }
  }
}

interface Entry {
  readonly record: string;
  readonly position: number;
}

/** Equal records of a key cancel out; what is left is changed one by one, in order, and the rest added or removed. */
async function* joinByKey(rows: AsyncIterable<Uint8Array>, pairs: Sorter): AsyncGenerator<KeyedChange> {
  let key = Buffer.alloc(0);
  let group: [Entry[], Entry[]] = [[], []];
  const close = async function* (): AsyncGenerator<KeyedChange> {
    const [olds, news] = withoutEqual(group);
    const both = Math.min(olds.length, news.length);
    for (let i = 0; i < both; i++) {
      const pair = Buffer.alloc(2 * POSITION_BYTES);
      put(pair, (olds[i] as Entry).position, 0);
      put(pair, (news[i] as Entry).position, POSITION_BYTES);
      await pairs.add(pair);
    }
    for (const { position } of olds.slice(both)) yield { kind: 'removed', was: position };
    for (const { position } of news.slice(both)) yield { kind: 'added', now: position };
  };
  for await (const row of rows) {
    if (Buffer.compare(key, row.subarray(0, HASH_BYTES)) !== 0) {
      yield* close();
      key = Buffer.from(row.subarray(0, HASH_BYTES));
      group = [[], []];
    }
    const side = group[row[HASH_BYTES] === 0 ? 0 : 1];
    if (side.length === MAX_SAME_KEY)
      throw new DatasetInputError(
        `The key columns do not tell more than ${MAX_SAME_KEY} records apart; name more of them.`,
      );
    const record = Buffer.from(row.subarray(HASH_BYTES + 1, 2 * HASH_BYTES + 1)).toString('latin1');
    side.push({ record, position: get(row, 2 * HASH_BYTES + 1) });
  }
  yield* close();
}

function withoutEqual([olds, news]: readonly [readonly Entry[], readonly Entry[]]): [Entry[], Entry[]] {
  const byPlace = (a: Entry, b: Entry): number => a.position - b.position;
  const waiting = new Map<string, Entry[]>();
  for (const entry of olds.toSorted(byPlace).toReversed()) {
    const same = waiting.get(entry.record);
    if (same) same.push(entry);
    else waiting.set(entry.record, [entry]);
  }
  const left = news.toSorted(byPlace).filter(({ record }) => waiting.get(record)?.pop() === undefined);
  return [[...waiting.values()].flat().sort(byPlace), left];
}

/** A digest of each common column of a row, 16 bytes each, by an encoder for each column. */
function columnDigests(schema: Schema, common: readonly string[]) {
  const columns = common.map((name) => {
    const one = project(schema, [name]);
    return { ...one, encoder: createRecordEncoder(one.schema) satisfies RecordEncoder };
  });
  const hash = Buffer.alloc(HASH_BYTES);
  return (chunk: Chunk, rows: readonly number[], out: readonly Buffer[], from: number): void => {
    columns.forEach(({ take, encoder }, column) => {
      const { bytes, offsets } = encoder.encode(take(chunk));
      rows.forEach((row, at) => {
        sha256Into(bytes.subarray(offsets[row], offsets[row + 1]), hash, 0);
        out[at]?.set(hash.subarray(0, COLUMN_DIGEST), from + column * COLUMN_DIGEST);
      });
    });
  };
}

/** Goes through a version and the rows that name places in it, which rise, side by side. */
async function* visited(stream: RecordStream, named: AsyncGenerator<Uint8Array>) {
  let next = await named.next();
  let start = 0;
  for await (const chunk of stream.chunks()) {
    const rows: Buffer[] = [];
    while (!next.done && get(next.value, 0) < start + chunk.rows) {
      rows.push(Buffer.from(next.value));
      next = await named.next();
    }
    const base = start;
    if (rows.length > 0) yield { chunk, rows, places: rows.map((row) => get(row, 0) - base) };
    start += chunk.rows;
    if (next.done) return;
  }
  throw new DatasetInputError('A version changed while it was read.');
}

async function tellOld({ was, common }: Work, pairs: Sorter, told: Sorter): Promise<void> {
  const stream = await was();
  const digest = columnDigests(stream.schema, common);
  for await (const { chunk, rows, places } of visited(stream, pairs.sorted())) {
    const out = rows.map((row) => {
      const entry = Buffer.alloc(2 * POSITION_BYTES + common.length * COLUMN_DIGEST);
      row.copy(entry, 0, POSITION_BYTES, 2 * POSITION_BYTES);
      row.copy(entry, POSITION_BYTES, 0, POSITION_BYTES);
      return entry;
    });
    digest(chunk, places, out, 2 * POSITION_BYTES);
    for (const entry of out) await told.add(entry);
  }
}

async function* tellNew({ now, common }: Work, told: Sorter): AsyncGenerator<KeyedChange> {
  const stream = await now();
  const digest = columnDigests(stream.schema, common);
  for await (const { chunk, rows, places } of visited(stream, told.sorted())) {
    const fresh = rows.map(({ length }) => Buffer.alloc(length));
    digest(chunk, places, fresh, 2 * POSITION_BYTES);
    for (const [at, row] of rows.entries()) {
      const differs = (_: string, column: number): boolean => {
        const from = 2 * POSITION_BYTES + column * COLUMN_DIGEST;
        return row.compare(fresh[at] as Buffer, from, from + COLUMN_DIGEST, from, from + COLUMN_DIGEST) !== 0;
      };
      yield {
        kind: 'changed',
        was: get(row, POSITION_BYTES),
        now: get(row, 0),
        columns: common.filter(differs),
      };
    }
  }
}
