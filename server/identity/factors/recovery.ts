import { createHmac, randomBytes } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { deriveKey } from '../auth.ts';
import type { IdentityDatabase } from '../tables.ts';

const CODES = 10;
/** 60 bits a code. */
const CHARACTERS = 12;
/** Crockford's Base32: 32 characters of which none looks like another. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** What people may write for a character that the alphabet leaves out. */
const read = (code: string): string => code.replaceAll('o', '0').replace(/[il]/g, '1');

function newCode(): string {
  const text = Array.from(randomBytes(CHARACTERS), (byte) => ALPHABET[byte % 32]).join('');
  return text.replace(/(.{4})(?=.)/g, '$1-');
}

/**
 * Recovery codes stand in for a factor that was lost. They are kept as HMACs under a key from the master key:
 * whoever reads the database cannot try codes out.
 */
export function createRecoveryCodes(masterKey: MasterKey) {
  const key = deriveKey(masterKey, 'recovery-codes');
  const hashOf = (personId: string, code: string) =>
    createHmac('sha256', key)
      .update(`${personId}\n${read(code)}`)
      .digest('hex');

  return Object.freeze({
    /** Ten fresh codes; earlier ones are worth nothing from now on. */
    async renew(db: IdentityDatabase, personId: string): Promise<string[]> {
      await db.deleteFrom('person_recovery_codes').where('person_id', '=', personId).execute();
      const codes = Array.from({ length: CODES }, newCode);
      await db
        .insertInto('person_recovery_codes')
        .values(
          codes.map((code) => ({ person_id: personId, hash: hashOf(personId, code.replaceAll('-', '')) })),
        )
        .execute();
      return codes;
    },

    /** Takes a code (12 characters, no hyphens), once: of many at the same moment one succeeds. */
    async use(db: IdentityDatabase, personId: string, code: string, nowMs: number): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('person_recovery_codes')
        .set({ used_at: new Date(nowMs) })
        .where('person_id', '=', personId)
        .where('hash', '=', hashOf(personId, code))
        .where('used_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async left(db: IdentityDatabase, personId: string): Promise<number> {
      const { count } = await db
        .selectFrom('person_recovery_codes')
        .where('person_id', '=', personId)
        .where('used_at', 'is', null)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    },

    async remove(db: IdentityDatabase, personId: string): Promise<void> {
      await db.deleteFrom('person_recovery_codes').where('person_id', '=', personId).execute();
    },
  });
}
export type RecoveryCodes = ReturnType<typeof createRecoveryCodes>;
