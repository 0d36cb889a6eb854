import type { Chunk, ColumnChunk, ColumnType } from '@bartizan/checks/datasets/records/index.ts';
import type { DataOrigin, DataRecords } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { cellOf } from './cells.ts';
import type { Opening } from './opening.ts';
import type { Reads } from './reads.ts';
import type { VersionPlace, Versions } from './versions.ts';

export interface RecordDeps {
  readonly find: Versions['find'];
  readonly reads: Reads;
  readonly opening: Opening;
}

/** A page holds no more than about this much text, in characters. */
const PAGE_CHARS = 8 * 1024 * 1024;
const PAGE_MS = 120_000;
/** Pages that are read at once by this server. */
const AT_ONCE = 4;

type Item = DataRecords['items'][number];

export function rowsOf(
  { rows, columns }: Chunk,
  first: number,
  wanted: { readonly from: number; readonly to: number },
  types: readonly { readonly name: string; readonly type: ColumnType }[],
): Item[] {
  const items: Item[] = [];
  for (let row = Math.max(0, wanted.from - first); row < rows && first + row < wanted.to; row++) {
    const cells = columns.map((column, at) =>
      cellOf(column as ColumnChunk, row, types[at]?.type as ColumnType),
    );
    items.push({
      row: first + row,
      values: cells.map(({ value }) => value),
      cut: cells.flatMap(({ cut }, at) => (cut ? [types[at]?.name ?? ''] : [])),
      origin: null,
    });
  }
  return items;
}

/** Records of versions for people to look at. */
export function createRecords({ find, reads, opening }: RecordDeps) {
  let running = 0;

  async function collect(
    versionId: string,
    {
      offset,
      limit,
      signal,
    }: { readonly offset: number; readonly limit: number; readonly signal: AbortSignal },
  ) {
    const data = await opening.open(versionId, { signal, from: offset, timeMs: PAGE_MS });
    try {
      const items: Item[] = [];
      let chars = 0;
      for await (const { first, chunk } of data.chunks()) {
        for (const item of rowsOf(chunk, first, { from: offset, to: offset + limit }, data.schema.columns)) {
          chars += JSON.stringify(item.values).length;
          if (items.length > 0 && chars > PAGE_CHARS) return { schema: data.schema, items };
          items.push(item);
        }
        if (first + chunk.rows >= offset + limit) break;
      }
      return { schema: data.schema, items };
    } finally {
      await data.close();
    }
  }

  return Object.freeze({
    async page(
      principal: Principal,
      place: VersionPlace,
      asked: {
        readonly offset: number;
        readonly limit: number;
        readonly purpose: string;
        readonly signal: AbortSignal;
      },
    ): Promise<DataRecords> {
      const version = await find(principal, place);
      const { offset, limit, purpose, signal } = asked;
      const what = { what: 'records', offset, limit };
      await reads.demand(principal, version, { purpose, what });
      if (running >= AT_ONCE)
        throw new AppError('too_many_requests', 'too many records are being read at once', {
          hint: 'Try again in a moment.',
          retryAfterMs: 2_000,
        });
      running += 1;
      try {
        const { schema, items } = await collect(version.id, { offset, limit, signal });
        const { origins, of } = await opening.originsOf(
          version.id,
          items.map(({ row }) => row),
        );
        return {
          schema: schema as DataRecords['schema'],
          rows: version.rows ?? 0,
          items: items.map((item, at) => ({ ...item, origin: of[at] ?? null })),
          origins: [...origins] as DataOrigin[],
        };
      } finally {
        running -= 1;
      }
    },
  });
}
export type Records = ReturnType<typeof createRecords>;
