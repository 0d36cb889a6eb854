import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';

/** The key for rows of the default partition, which has no day of its own. */
export const NO_DAY = -1;
const MAX_KEPT = 500;

const contextOf = (day: number): string => `interaction-content-key:${day}`;

/** The content of a day cannot be opened: sealed with another master key, or its key was destroyed. */
export class ContentKeyMissing extends Error {
  constructor(options?: ErrorOptions) {
    super('the content was sealed with a key that is not here', options);
    this.name = 'ContentKeyMissing';
  }
}

/**
 * One data key a day (AES-256), made when first needed and sealed under the master key: expiry destroys it with
 * the day, and a new master key means to seal again some hundred keys instead of all content.
 */
export function createContentKeys(database: Database, master: MasterKey) {
  const kept = new Map<number, KeyObject>();

  async function read(day: number): Promise<KeyObject | null> {
    const { rows } = await sql<{ sealed: string }>`
      select sealed_key as sealed from interaction_content_keys where day = ${day}`.execute(database);
    const sealed = rows[0]?.sealed;
    if (sealed === undefined) return null;
    let key: KeyObject;
    try {
      key = createSecretKey(unseal(master, sealed, contextOf(day)), 'base64url');
    } catch (cause) {
      throw new ContentKeyMissing({ cause });
    }
    if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value ?? day);
    kept.set(day, key);
    return key;
  }

  return Object.freeze({
    /** For sealing: the day's key, made if there is none; two servers at once agree on one. */
    async forSealing(day: number): Promise<KeyObject> {
      const known = kept.get(day) ?? (await read(day));
      if (known) return known;
      const sealed = seal(master, randomBytes(32).toString('base64url'), contextOf(day));
      await sql`insert into interaction_content_keys (day, sealed_key) values (${day}, ${sealed})
        on conflict do nothing`.execute(database);
      const made = await read(day);
      if (!made) throw new ContentKeyMissing();
      return made;
    },

    /** For opening. Throws {@link ContentKeyMissing}. */
    async forOpening(day: number): Promise<KeyObject> {
      const key = kept.get(day) ?? (await read(day));
      if (!key) throw new ContentKeyMissing();
      return key;
    },

    forget(day: number): void {
      kept.delete(day);
    },
  });
}
export type ContentKeys = ReturnType<typeof createContentKeys>;
