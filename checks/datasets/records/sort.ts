import type { Spill, SpillFile } from './types.ts';

/** Rows that are sorted: each `width` bytes long, by their bytes from the first on. */
export interface SorterOptions {
  /** Bytes of a row, 5 or more. */
  readonly width: number;
  readonly spill: Spill;
  /** Bytes of rows held in memory before they are spilled; about 1.3 times as much is used. Default 64 MiB. */
  readonly memoryBytes?: number;
}

export interface Sorter {
  readonly add: (row: Uint8Array) => Promise<void> | void;
  readonly count: () => number;
  /** All rows in their order; each is good until the next. Can be asked for once; scratch files are removed at its end. */
  readonly sorted: () => AsyncGenerator<Uint8Array>;
  /** Removes the scratch files; for when sorting is given up. */
  readonly close: () => Promise<void>;
}

/** Rows of a run are told apart by the low 24 bits of their sorting key. */
const MAX_RUN_ROWS = 2 ** 24;
const DEFAULT_MEMORY = 64 * 1_048_576;
const MERGE_BYTES = 1 << 18;

/**
 * External merge sort (Knuth, TAOCP 3, §5.4) over rows of one width: O(n log n) time, memory as given, scratch space
 * of about the size of the rows.
 */
export function createSorter({ width, spill, memoryBytes = DEFAULT_MEMORY }: SorterOptions): Sorter {
  if (!Number.isInteger(width) || width < 5) throw new RangeError('rows have 5 bytes or more');
  const capacity = Math.max(256, Math.min(MAX_RUN_ROWS, Math.floor(memoryBytes / width)));
  let rows = Buffer.allocUnsafeSlow(Math.min(capacity, 1024) * width);
  let filled = 0;
  let total = 0;
  const runs: { readonly file: SpillFile; readonly rows: number }[] = [];

  async function spillRun(): Promise<void> {
    const file = await spill.create();
    runs.push({ file, rows: filled });
    const order = orderOf(rows, filled, width);
    const out = Buffer.allocUnsafeSlow(Math.max(1, Math.floor(MERGE_BYTES / width)) * width);
    let at = 0;
    for (let i = 0; i < filled; i++) {
      const from = (order[i] as number) * width;
      rows.copy(out, at, from, from + width);
      at += width;
      if (at === out.length || i === filled - 1) {
        await file.append(out.subarray(0, at));
        at = 0;
      }
    }
    filled = 0;
  }

  function add(row: Uint8Array): Promise<void> | void {
    if (row.length !== width) throw new RangeError(`a row has ${width} bytes`);
    if ((filled + 1) * width > rows.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(capacity, 2 * (rows.length / width)) * width);
      rows.copy(grown);
      rows = grown;
    }
    rows.set(row, filled * width);
    filled += 1;
    total += 1;
    return filled === capacity ? spillRun() : undefined;
  }

  async function* sorted(): AsyncGenerator<Uint8Array> {
    if (runs.length === 0) {
      const order = orderOf(rows, filled, width);
      for (let i = 0; i < filled; i++) {
        const from = (order[i] as number) * width;
        yield rows.subarray(from, from + width);
      }
      return;
    }
    if (filled > 0) await spillRun();
    rows = Buffer.alloc(0);
    try {
      yield* merge(runs, width);
    } finally {
      await close();
    }
  }

  async function close(): Promise<void> {
    for (const { file } of runs.splice(0)) await file.remove();
  }

  return Object.freeze({ add, count: () => total, sorted, close });
}

/**
 * The order of rows: the first 5 bytes with the row's number below them are sorted as one number of 64 bits, natively;
 * only rows that agree on those 5 are compared in full. Equal rows stay in their order.
 */
function orderOf(rows: Buffer, count: number, width: number): Uint32Array {
  const keys = new BigUint64Array(count);
  const halves = new Uint32Array(keys.buffer);
  for (let i = 0; i < count; i++) {
    const at = i * width;
    halves[i * 2 + 1] = rows.readUInt32BE(at);
    halves[i * 2] = (((rows[at + 4] as number) << 24) | i) >>> 0;
  }
  keys.sort();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = (halves[i * 2] as number) & 0xffffff;
  const sameHead = (a: number, b: number): boolean =>
    halves[a * 2 + 1] === halves[b * 2 + 1] &&
    (halves[a * 2] as number) >>> 24 === (halves[b * 2] as number) >>> 24;
  const compare = (a: number, b: number): number =>
    rows.compare(rows, b * width + 5, (b + 1) * width, a * width + 5, (a + 1) * width);
  for (let from = 0; from < count; ) {
    let to = from + 1;
    let ordered = true;
    for (; to < count && sameHead(from, to); to++)
      ordered &&= compare(order[to - 1] as number, order[to] as number) <= 0;
    if (!ordered) order.subarray(from, to).sort((a, b) => compare(a, b) || a - b);
    from = to;
  }
  return order;
}

/** A run that is read from its start to its end. */
interface Cursor {
  row: Uint8Array;
  readonly next: () => boolean | Promise<boolean>;
}

function cursorOf(
  { file, rows }: { readonly file: SpillFile; readonly rows: number },
  width: number,
): Cursor {
  const perRead = Math.max(1, Math.floor(MERGE_BYTES / width));
  let buffer = Buffer.alloc(0);
  let inBuffer = 0;
  let read = 0;
  let at = 0;
  const fill = async (): Promise<boolean> => {
    if (read === rows) return false;
    inBuffer = Math.min(perRead, rows - read);
    if (buffer.length === 0) buffer = Buffer.allocUnsafeSlow(perRead * width);
    await file.read(read * width, buffer.subarray(0, inBuffer * width));
    read += inBuffer;
    at = 0;
    return step();
  };
  const step = (): boolean => {
    cursor.row = buffer.subarray(at * width, (at + 1) * width);
    at += 1;
    return true;
  };
  const cursor: Cursor = { row: buffer, next: () => (at < inBuffer ? step() : fill()) };
  return cursor;
}

/** Merges sorted runs; equal rows come in the order of the runs. */
async function* merge(
  runs: readonly { readonly file: SpillFile; readonly rows: number }[],
  width: number,
): AsyncGenerator<Uint8Array> {
  const heap: { readonly cursor: Cursor; readonly run: number }[] = [];
  const before = (a: number, b: number): boolean => {
    const [left, right] = [heap[a], heap[b]];
    if (!left || !right) return false;
    const order = Buffer.compare(left.cursor.row, right.cursor.row);
    return order < 0 || (order === 0 && left.run < right.run);
  };
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b] as (typeof heap)[0], heap[a] as (typeof heap)[0]];
  };
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (before(left, least)) least = left;
      if (before(right, least)) least = right;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  for (const [run, source] of runs.entries()) {
    const cursor = cursorOf(source, width);
    if (await cursor.next()) heap.push({ cursor, run });
  }
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(at);
  while (heap[0] !== undefined) {
    const { cursor } = heap[0];
    yield cursor.row;
    const more = cursor.next();
    if (!(typeof more === 'boolean' ? more : await more)) {
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return;
      heap[0] = last;
    }
    sink(0);
  }
}

/** Scratch space in memory, for small work and for tests. */
export function memorySpill(): Spill {
  return Object.freeze({
    create: async () => {
      let parts: Buffer[] = [];
      const all = (): Buffer => {
        if (parts.length > 1) parts = [Buffer.concat(parts)];
        return parts[0] ?? Buffer.alloc(0);
      };
      return Object.freeze({
        append: async (bytes: Uint8Array) => void parts.push(Buffer.from(bytes)),
        read: async (offset: number, into: Uint8Array) =>
          void into.set(all().subarray(offset, offset + into.length)),
        remove: async () => void (parts = []),
      });
    },
  });
}
