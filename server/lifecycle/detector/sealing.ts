import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { decryptBytes, encryptBytes, type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';

/** The key of texts from when some did not expire. */
export const NO_DAY = -1;
const DAY_MS = 86_400_000;
const MAX_KEPT = 500;

const rowContextOf = (correctionId: string): string => `detector-row-key:${correctionId}`;
const contextOf = (day: number): string => `detector-content-key:${day}`;

/** The end of the day (UTC) on which a text expires: its key is destroyed then. */
export const keyDayOf = (expiresAt: number): number => Math.ceil(expiresAt / DAY_MS) * DAY_MS;

/**
 * Corrected texts are sealed with a data key of the day on which they expire, rows of datasets with one of their
 * correction. When a key is destroyed, the texts are gone wherever they lie, in datasets too, which themselves never
 * change: when they expire, and when a correction is withdrawn.
 */
export function createSealing(database: Database, master: MasterKey) {
  const kept = new Map<number, KeyObject>();
  const tagKey = Buffer.from(hkdfSync('sha256', master.bytes, '', 'bartizan corrected texts v1', 32));

  async function read(day: number): Promise<KeyObject | null> {
    const { rows } = await sql<{ sealed: string }>`
      select sealed_key as sealed from detector_content_keys where day = ${day}`.execute(database);
    const sealed = rows[0]?.sealed;
    if (sealed === undefined) return null;
    let key: KeyObject;
    try {
      key = createSecretKey(unseal(master, sealed, contextOf(day)), 'base64url');
    } catch {
      // Of another master key: as good as gone.
      return null;
    }
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(day, key);
    return key;
  }

  async function forSealing(day: number): Promise<KeyObject> {
    const known = kept.get(day) ?? (await read(day));
    if (known) return known;
    const sealed = seal(master, randomBytes(32).toString('base64url'), contextOf(day));
    await sql`insert into detector_content_keys (day, sealed_key) values (${day}, ${sealed})
      on conflict do nothing`.execute(database);
    const made = await read(day);
    if (made) return made;
    throw new Error('the key of corrected texts was sealed with another master key');
  }

  async function rowKey(correctionId: string): Promise<KeyObject | null> {
    const { rows } = await sql<{ sealed: string }>`select sealed_key as sealed from detector_row_keys
      where correction_id = ${correctionId}`.execute(database);
    const sealed = rows[0]?.sealed;
    if (sealed === undefined) return null;
    try {
      return createSecretKey(unseal(master, sealed, rowContextOf(correctionId)), 'base64url');
    } catch {
      return null;
    }
  }

  return Object.freeze({
    /** Seals a row of a dataset with the key of its correction, which goes with it; null where it is gone already. */
    async sealRow(correctionId: string, line: string, context: string): Promise<Buffer | null> {
      const sealed = seal(master, randomBytes(32).toString('base64url'), rowContextOf(correctionId));
      await sql`insert into detector_row_keys (correction_id, sealed_key)
        select id, ${sealed} from detector_corrections where id = ${correctionId}
        on conflict do nothing`.execute(database);
      const key = await rowKey(correctionId);
      return key === null ? null : encryptBytes(key, Buffer.from(line), context);
    },

    /** Null where the key is gone: the correction expired or was withdrawn. */
    async openRow(correctionId: string, sealed: Buffer, context: string): Promise<string | null> {
      const key = await rowKey(correctionId);
      return key === null ? null : decryptBytes(key, sealed, context).toString();
    },

    /** The same for the same text by the same kind of author; says nothing of it without the master key. */
    tagOf: (origin: string, text: string): string =>
      createHmac('sha256', tagKey).update(`${origin}\0`).update(Buffer.from(text, 'utf16le')).digest('hex'),

    /** `context` binds the sealed text to its place: elsewhere it does not open. */
    seal: async (day: number, text: string, context: string): Promise<Buffer> =>
      encryptBytes(await forSealing(day), Buffer.from(text), context),

    /** Null where the key is gone. Throws where the bytes are not those that were sealed. */
    async open(day: number, sealed: Buffer, context: string): Promise<string | null> {
      const key = kept.get(day) ?? (await read(day));
      return key === null ? null : decryptBytes(key, sealed, context).toString();
    },

    /** Destroys the keys of days that are over. */
    async destroy(nowMs: number): Promise<void> {
      // The key of texts that did not expire lives as long as one of them: all do now.
      await sql`delete from detector_content_keys where case when day = ${NO_DAY} then not exists (
          select from detector_corrections where key_day = ${NO_DAY}) else day <= ${nowMs} end`.execute(
        database,
      );
      for (const day of kept.keys()) if (day <= nowMs) kept.delete(day);
    },
  });
}
export type Sealing = ReturnType<typeof createSealing>;
