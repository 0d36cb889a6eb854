import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import { openPart } from './content.ts';
import { ContentKeyMissing, type ContentKeys } from './content-keys.ts';
import type { Position } from './filter.ts';
import type { Excerpt, RawContent, RecordBody } from './model.ts';

interface SealedRow {
  readonly id: string;
  readonly keyDay: number;
  readonly sealed: Buffer | null;
  readonly hasRaw?: boolean;
  readonly bytes?: number;
}

/** A body with whether a raw request or response is kept; `body` is null where its key is gone. */
export interface OpenedBody {
  readonly id: string;
  readonly body: RecordBody | null;
  readonly hasRaw: boolean;
}

/** Where an interaction is kept, and on which endpoint it was. */
export interface Place extends Position {
  readonly endpointId: string | null;
}
type Found = Pick<Place, 'at' | 'endpointId'>;

const DAY_MS = 86_400_000;
const GROUP_BYTES = 8 * 1024 * 1024;

/** Reads and opens what `interaction_contents` keeps sealed. */
export function createContents(database: Database, keys: Pick<ContentKeys, 'forOpening'>) {
  async function read(
    places: readonly Position[],
    columns: RawBuilder<unknown>,
  ): Promise<readonly SealedRow[]> {
    if (places.length === 0) return [];
    const ats = places.map(({ at }) => at);
    // The plain bounds let PostgreSQL leave out partitions when it plans.
    const { rows } = await sql<SealedRow>`
      select c.id, c.key_day as "keyDay", ${columns}
      from unnest(${ats}::bigint[], ${places.map(({ id }) => id)}::uuid[]) as p(at, id)
      join interaction_contents c on c.at = p.at and c.id = p.id
      where c.at between ${Math.min(...ats)}::bigint and ${Math.max(...ats)}::bigint`.execute(database);
    return rows;
  }

  /** Null when the key is gone or is another instance's; bytes that were altered throw. */
  async function open<T>(row: SealedRow, part: 'excerpt' | 'body' | 'raw'): Promise<T | null> {
    if (row.sealed === null) return null;
    try {
      return openPart(await keys.forOpening(row.keyDay), row.id, part, row.sealed) as T;
    } catch (error) {
      if (error instanceof ContentKeyMissing) return null;
      throw error;
    }
  }

  /** Places such that the sealed bodies of each group fit into 8 MiB; a larger one stands alone. */
  async function groupsOf(places: readonly Position[]): Promise<Position[][]> {
    if (places.length <= 1) return [[...places]];
    const sizes = new Map(
      (await read(places, sql`octet_length(c.body) as bytes`)).map((row) => [row.id, row.bytes ?? 0]),
    );
    const groups: Position[][] = [];
    let bytes = Infinity;
    for (const place of places) {
      const size = sizes.get(place.id) ?? 0;
      if (bytes + size > GROUP_BYTES) {
        groups.push([]);
        bytes = 0;
      }
      groups.at(-1)?.push(place);
      bytes += size;
    }
    return groups;
  }

  return Object.freeze({
    async excerpts(places: readonly Position[]): Promise<Map<string, Excerpt>> {
      const found = new Map<string, Excerpt>();
      for (const row of await read(places, sql`c.excerpt as sealed`)) {
        const excerpt = await open<Excerpt>(row, 'excerpt');
        if (excerpt) found.set(row.id, excerpt);
      }
      return found;
    },

    /**
     * Opens bodies one after the other, in the order asked for, and holds at most 8 MiB sealed ones and one open
     * one at a time, however large they are. Rows without content are left out. Bytes that were altered throw,
     * or with `tolerant` give a body that is null, so that one of them does not hide the others.
     */
    async *bodies(places: readonly Position[], tolerant = false): AsyncGenerator<OpenedBody, void> {
      for (const group of await groupsOf(places)) {
        const rows = new Map(
          (await read(group, sql`c.body as sealed, c.raw is not null as "hasRaw"`)).map((row) => [
            row.id,
            row,
          ]),
        );
        for (const { id } of group) {
          const row = rows.get(id);
          rows.delete(id);
          if (!row) continue;
          const body = open<RecordBody>(row, 'body');
          yield { id, body: await (tolerant ? body.catch(() => null) : body), hasRaw: row.hasRaw ?? false };
        }
      }
    },

    /** Null where none is kept or its key is gone. */
    async raw(place: Position): Promise<RawContent | null> {
      const [row] = await read([place], sql`c.raw as sealed`);
      return row ? await open<RawContent>(row, 'raw') : null;
    },

    /** When the interaction with this id was and on which endpoint, or null. `hintMs`: about when, from the id itself. */
    async place(id: string, hintMs: number | null): Promise<Place | null> {
      const near =
        hintMs === null
          ? null
          : await sql<Found>`select at, endpoint_id as "endpointId" from interactions where id = ${id}
              and at between ${hintMs - DAY_MS}::bigint and ${hintMs + DAY_MS}::bigint limit 1`.execute(
              database,
            );
      const found =
        near?.rows[0] ??
        (
          await sql<Found>`select at, endpoint_id as "endpointId" from interactions
            where id = ${id} limit 1`.execute(database)
        ).rows[0];
      return found ? { ...found, id } : null;
    },
  });
}
export type Contents = ReturnType<typeof createContents>;
