import { type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { Secret, TOTP } from 'otpauth';
import type { IdentityDatabase } from '../tables.ts';

const PERIOD_SECONDS = 30;
/** Steps before and after now that are taken, for clocks that differ (RFC 6238 §5.2). */
const WINDOW = 1;
/** 160 bits, as RFC 4226 §4 recommends. */
const SECRET_BYTES = 20;
/** A set-up that is not confirmed within this time is forgotten. */
export const ENROL_MS = 15 * 60_000;

/**
 * The time step whose code `code` is, or null. `secret` is Base32, `code` six digits. What RFC 6238 leaves
 * open is what every authenticator app takes: SHA-1, six digits, 30 seconds.
 */
export function stepOf(secret: string, code: string, nowMs: number): number | null {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: PERIOD_SECONDS });
  const delta = totp.validate({ token: code, timestamp: nowMs, window: WINDOW });
  return delta === null ? null : Math.floor(nowMs / 1000 / PERIOD_SECONDS) + delta;
}

const contextOf = (personId: string): string => `totp:${personId}`;

export interface TotpDraft {
  readonly secret: string;
  readonly uri: string;
  readonly expiresAt: number;
}

/** Authenticator apps. Secrets are sealed with the master key and bound to their person. */
export function createTotp(masterKey: MasterKey) {
  return Object.freeze({
    /** Makes a secret that counts only once {@link confirm} has seen a code of it; an earlier app stays. */
    async begin(
      db: IdentityDatabase,
      person: { id: string; email: string },
      nowMs: number,
    ): Promise<TotpDraft> {
      const secret = new Secret({ size: SECRET_BYTES });
      const totp = new TOTP({
        issuer: 'Bartizan',
        label: person.email,
        secret,
        digits: 6,
        period: PERIOD_SECONDS,
      });
      const pending = {
        pending_secret: seal(masterKey, secret.base32, contextOf(person.id)),
        pending_until: new Date(nowMs + ENROL_MS),
      };
      await db
        .insertInto('person_totp')
        .values({ person_id: person.id, ...pending })
        .onConflict((conflict) => conflict.column('person_id').doUpdateSet(pending))
        .execute();
      return { secret: secret.base32, uri: totp.toString(), expiresAt: nowMs + ENROL_MS };
    },

    /** False when the code is not of the secret that was begun. Its step is used up. */
    async confirm(db: IdentityDatabase, personId: string, code: string, nowMs: number): Promise<boolean> {
      const row = await db
        .selectFrom('person_totp')
        .select(['pending_secret', 'pending_until'])
        .where('person_id', '=', personId)
        .forUpdate()
        .executeTakeFirst();
      if (!row?.pending_secret || !row.pending_until || row.pending_until.getTime() <= nowMs) return false;
      const step = stepOf(unseal(masterKey, row.pending_secret, contextOf(personId)), code, nowMs);
      if (step === null) return false;
      await db
        .updateTable('person_totp')
        .set({
          secret: row.pending_secret,
          since: new Date(nowMs),
          last_step: step,
          pending_secret: null,
          pending_until: null,
        })
        .where('person_id', '=', personId)
        .execute();
      return true;
    },

    /** Takes a code, once: neither it nor one of an earlier step is taken again (RFC 6238 §5.2). */
    async use(db: IdentityDatabase, personId: string, code: string, nowMs: number): Promise<boolean> {
      const row = await db
        .selectFrom('person_totp')
        .select('secret')
        .where('person_id', '=', personId)
        .executeTakeFirst();
      if (!row?.secret) return false;
      const step = stepOf(unseal(masterKey, row.secret, contextOf(personId)), code, nowMs);
      if (step === null) return false;
      const { numUpdatedRows } = await db
        .updateTable('person_totp')
        .set({ last_step: step })
        .where('person_id', '=', personId)
        .where('secret', '=', row.secret)
        .where('last_step', '<', step)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async remove(db: IdentityDatabase, personId: string): Promise<boolean> {
      const gone = await db
        .deleteFrom('person_totp')
        .where('person_id', '=', personId)
        .returning('since')
        .executeTakeFirst();
      return gone?.since != null;
    },

    async since(db: IdentityDatabase, personId: string): Promise<number | null> {
      const row = await db
        .selectFrom('person_totp')
        .select('since')
        .where('person_id', '=', personId)
        .executeTakeFirst();
      return row?.since?.getTime() ?? null;
    },
  });
}
export type Totp = ReturnType<typeof createTotp>;
