import { sql } from 'kysely';
import { AppError } from '../../kernel/error.ts';
import { demandDigest, isDamage } from './digest.ts';
import { type Collected, collectGarbage, type GarbageOptions, removeUnreferred } from './garbage.ts';
import type { ByteRange, Objects, Staging, StoredObject } from './types.ts';

/** An object store whose content is known to the database, so that tables can refer to it by foreign key. */
export interface RecordedObjects extends Objects {
  /**
   * Whether this content is here (and was not found damaged since it was stored), and a promise that upkeep leaves it alone for the grace time, so that the caller
   * can refer to it.
   */
  keep(sha256: string): Promise<boolean>;
  /**
   * Removes content that no row refers to and that was not touched for `graceMs` (a day where absent), and what
   * writers that died left behind. Tells how much of each.
   */
  collect(graceMs?: number): Promise<Collected>;
}

/** Damaged content that is remembered; more of it at once is no slip of a disk. */
const MOST_DAMAGED = 10_000;

/** Writes down what is stored. A row that a removal holds is waited for, and the bytes are looked for after that. */
export function recordObjects({ objects, database, now }: GarbageOptions): RecordedObjects {
  /** Found by reading it: must be sent again. */
  const damaged = new Set<string>();

  async function* open(sha256: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    try {
      yield* objects.open(sha256, range);
    } catch (error) {
      if (isDamage(error) && damaged.size < MOST_DAMAGED) damaged.add(sha256);
      throw error;
    }
  }

  async function recorded(stored: StoredObject): Promise<StoredObject> {
    damaged.delete(stored.sha256);
    await sql`insert into objects (sha256, size, created_at, touched_at)
      values (${stored.sha256}, ${stored.size}, ${now()}, ${now()})
      on conflict (sha256) do update set touched_at = greatest(objects.touched_at, excluded.touched_at)`.execute(
      database,
    );
    if (await objects.has(stored.sha256)) return stored;
    throw new AppError('unavailable', 'the content was removed as it was stored again', {
      hint: 'Send it once more.',
      retryAfterMs: 1_000,
    });
  }

  return Object.freeze({
    ...objects,
    open,
    collect: (graceMs) => collectGarbage({ objects, database, now }, graceMs),
    put: async (chunks, options) => recorded(await objects.put(chunks, options)),
    async keep(sha256) {
      const known = await sql`update objects set touched_at = greatest(touched_at, ${now()})
        where sha256 = ${demandDigest(sha256)}`.execute(database);
      return Number(known.numAffectedRows ?? 0) > 0 && !damaged.has(sha256) && (await objects.has(sha256));
    },
    async remove(sha256) {
      demandDigest(sha256);
      const known = await sql`select from objects where sha256 = ${sha256}`.execute(database);
      if (known.rows.length === 0) return;
      if (await removeUnreferred({ objects, database }, sha256, Number.MAX_SAFE_INTEGER)) return;
      throw new AppError('conflict', 'this content is still referred to');
    },
    staging: Object.freeze({
      ...objects.staging,
      finish: async (...piece: Parameters<Staging['finish']>) =>
        recorded(await objects.staging.finish(...piece)),
    }),
  } satisfies RecordedObjects);
}
