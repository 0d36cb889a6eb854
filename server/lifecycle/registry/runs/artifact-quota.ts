import { sql } from 'kysely';
import type { Clock } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { OPEN_BYTES_FACTOR, ownerOf } from '../uploads/model.ts';

const HOUR_MS = 3_600_000;
const WINDOW_HOURS = 24;
/** Bytes that one request takes in between two looks at what its owner has sent. */
const COUNT_EVERY_BYTES = 64 * 1024 * 1024;

/** Who sends a file. */
export type Sender = Pick<Principal, 'id' | 'ownerId' | 'serviceAccountId'>;

export interface QuotaDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly config: { readonly maxUploadBytes: number };
}

/**
 * Bounds what one owner sends as files of runs and models in a day, kept or not, over all servers: as much as uploads
 * of one owner may announce together. Throws `too_many_requests` beyond it.
 */
export function createArtifactQuota({ database, clock, config }: QuotaDeps) {
  const limit = OPEN_BYTES_FACTOR * config.maxUploadBytes;

  /** Adds what arrived; throws where the day's bytes are used up. */
  async function count(owner: string, bytes: number): Promise<void> {
    const hour = Math.floor(clock.now() / HOUR_MS);
    if (bytes > 0) {
      await sql`insert into artifact_bytes (owner_id, hour, bytes) values (${owner}, ${hour}, ${bytes})
        on conflict (owner_id, hour) do update set bytes = artifact_bytes.bytes + excluded.bytes`.execute(
        database,
      );
    }
    const { rows } = await sql<{ sent: number }>`select coalesce(sum(bytes), 0)::float8 as sent
      from artifact_bytes where owner_id = ${owner} and hour > ${hour - WINDOW_HOURS}`.execute(database);
    if ((rows[0]?.sent ?? 0) <= limit) return;
    throw new AppError(
      'too_many_requests',
      'more files were sent today than one owner may send in 24 hours',
      {
        hint: 'Go on later. The limit is twice the setting BARTIZAN_MAX_UPLOAD_GIB.',
        retryAfterMs: HOUR_MS,
      },
    );
  }

  return Object.freeze({
    /** Passes the chunks on, as long as the sender may send. */
    async *metered(sender: Sender, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      const owner = ownerOf(sender);
      let uncounted = 0;
      await count(owner, 0);
      try {
        for await (const chunk of chunks) {
          uncounted += chunk.byteLength;
          if (uncounted >= COUNT_EVERY_BYTES) {
            const bytes = uncounted;
            uncounted = 0;
            await count(owner, bytes);
          }
          yield chunk;
        }
        const bytes = uncounted;
        uncounted = 0;
        await count(owner, bytes);
      } finally {
        // What broke off was sent all the same; whether that was too much, the next one is told.
        if (uncounted > 0) await count(owner, uncounted).catch(() => undefined);
      }
    },

    /** Forgets what counts no more. */
    async upkeep(): Promise<void> {
      const hour = Math.floor(clock.now() / HOUR_MS);
      await sql`delete from artifact_bytes where hour <= ${hour - WINDOW_HOURS}`.execute(database);
    },
  });
}
