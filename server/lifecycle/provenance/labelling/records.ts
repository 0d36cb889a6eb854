import type { ColumnChunk } from '@bartizan/checks/datasets/records/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { cellOf } from '../datasets/cells.ts';
import type { LabellingDeps } from './deps.ts';
import { noSuchItem, type StoredQueue } from './model.ts';

export interface ShownRecord {
  readonly columns: { name: string; value: string | null }[];
  /** Columns that are not shown. */
  readonly withheld: number;
}

/** Items that are read at once, from the one that is asked for on: reading passes over all records before. */
const AHEAD = 200;
const MOST_COLUMNS = 100;
const MOST_CELL_CHARS = 5_000;
/** Text of the records that are read at once, and of those that are kept for those who decide, in characters. */
const MOST_PAGE_CHARS = 4_000_000;
const MOST_KEPT_CHARS = 32_000_000;
const KEPT_MS = 10 * 60_000;
/** Columns that are shown; null: all. */
type Shown = ReadonlySet<string> | null;
const READ_MS = 120_000;
const AT_ONCE = 2;

interface Page {
  readonly records: ReadonlyMap<number, ShownRecord>;
  readonly chars: number;
  readonly untilMs: number;
}

function shown(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MOST_CELL_CHARS ? `${text.slice(0, MOST_CELL_CHARS - 1).toWellFormed()}…` : text;
}

/** What the records of items say; the next ones are read together with the one that is asked for. */
export function createShownRecords({
  store,
  datasets,
  clock,
}: Pick<LabellingDeps, 'store' | 'datasets' | 'clock'>) {
  const kept = new Map<string, Page>();
  const reading = new Map<string, Promise<Page>>();

  async function read(queue: StoredQueue, from: number, show: Shown): Promise<Page> {
    const signal = AbortSignal.timeout(READ_MS);
    try {
      return await pageFrom(queue, { from, show }, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new AppError('unavailable', `the record was not read within ${READ_MS / 1_000} s`, {
        hint: 'The version is large, or the server is busy: try again later.',
      });
    }
  }

  async function pageFrom(
    queue: StoredQueue,
    { from, show }: { readonly from: number; readonly show: Shown },
    signal: AbortSignal,
  ): Promise<Page> {
    const items = await store.items(queue.id, { after: from - 1, limit: AHEAD, state: 'all' });
    const wanted = new Map<number, number[]>();
    for (const { place, rows } of items)
      if (rows[0] !== undefined) wanted.set(rows[0], [...(wanted.get(rows[0]) ?? []), place]);
    // The record that is asked for comes in whatever the others hold.
    const first = items[0]?.rows[0];
    const records = new Map<number, ShownRecord>();
    let chars = 0;
    const data = await datasets.records(queue.versionId, signal);
    try {
      const columns = data.schema.columns
        .map(({ name, type }, at) => ({ name, type, at }))
        .filter(({ name }) => show === null || show.has(name))
        .slice(0, MOST_COLUMNS);
      const withheld = data.schema.columns.length - columns.length;
      const rows = [...wanted.keys()].sort((a, b) => a - b);
      let [next, before] = [0, 0];
      for await (const chunk of data.chunks()) {
        for (; next < rows.length && (rows[next] as number) < before + chunk.rows; next += 1) {
          const row = rows[next] as number;
          if (chars > MOST_PAGE_CHARS && row !== first) continue;
          const values = columns.map(({ name, type, at }) => {
            const { value } = cellOf(chunk.columns[at] as ColumnChunk, row - before, type);
            return { name, value: shown(value) };
          });
          chars += values.reduce((sum, { value }) => sum + (value?.length ?? 4), 0);
          for (const place of wanted.get(row) ?? []) records.set(place, { columns: values, withheld });
        }
        before += chunk.rows;
        if (next >= rows.length) break;
      }
    } finally {
      await data.close();
    }
    return { records, chars, untilMs: clock.now() + KEPT_MS };
  }

  function keep(key: string, page: Page): void {
    kept.set(key, page);
    let chars = 0;
    for (const one of kept.values()) chars += one.chars;
    for (const [old, { chars: own, untilMs }] of kept) {
      if (old === key || (chars <= MOST_KEPT_CHARS && untilMs > clock.now())) continue;
      kept.delete(old);
      chars -= own;
    }
  }

  function known(view: string, place: number): ShownRecord | undefined {
    for (const [key, { records, untilMs }] of kept)
      if (key.startsWith(view) && untilMs > clock.now() && records.has(place)) return records.get(place);
    return undefined;
  }

  return async (queue: StoredQueue, place: number, show: Shown): Promise<ShownRecord> => {
    // Who sees less is not given what was read for who sees more.
    const view = `${queue.id}/${show === null ? 'whole' : 'named'}/`;
    const same = known(view, place);
    if (same !== undefined) return same;
    const key = `${view}${place}`;
    if (!reading.has(key) && reading.size >= AT_ONCE)
      throw new AppError('too_many_requests', 'other records are being read', {
        hint: 'Try again in a moment.',
        retryAfterMs: 2_000,
      });
    const page = reading.get(key) ?? read(queue, place, show).finally(() => reading.delete(key));
    reading.set(key, page);
    const { records } = await page;
    keep(key, await page);
    const record = records.get(place);
    if (record === undefined) throw noSuchItem();
    return record;
  };
}
