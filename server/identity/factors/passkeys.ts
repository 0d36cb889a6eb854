import type {
  Passkey,
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyRegistration,
  PasskeyRequestOptions,
} from '@bartizan/contracts';
import type { z } from 'zod';
import type { Clock } from '../../kernel/clock.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { IdentityDatabase } from '../tables.ts';
import { CHALLENGE_MS, type ChallengeFor, challengeIn, challenges } from './challenges.ts';
import { relyingPartyOf } from './relying-party.ts';
import { ALGORITHMS, verifyAssertion, verifyRegistration } from './webauthn.ts';

/** Per person; more are a mistake or mischief. */
export const MAX_PASSKEYS = 20;

const COLUMNS = ['id', 'name', 'created_at', 'last_used_at', 'synced'] as const;
interface PasskeyRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly last_used_at: Date | null;
  readonly synced: boolean;
}

const toPasskey = (row: PasskeyRow): Passkey => ({
  id: row.id,
  name: row.name,
  createdAt: row.created_at.getTime(),
  lastUsedAt: row.last_used_at?.getTime() ?? null,
  synced: row.synced,
});

/** Names the person to authenticators: their id, which tells nothing. */
const handleOf = (personId: string): string => Buffer.from(personId).toString('base64url');

const descriptorsOf = async (db: IdentityDatabase, personId: string) => {
  const rows = await db
    .selectFrom('person_passkeys')
    .select(['credential_id', 'transports'])
    .where('person_id', '=', personId)
    .orderBy('created_at')
    .execute();
  return rows.map((row) => ({
    id: row.credential_id,
    type: 'public-key' as const,
    transports: row.transports,
  }));
};

/**
 * What an assertion came to. `cloned`: right in everything, but its counter went back, so that there are two
 * authenticators with one key (WebAuthn Level 3 §6.1.1).
 */
export type AssertionResult =
  | { readonly result: 'good'; readonly personId: string }
  | { readonly result: 'cloned'; readonly personId: string }
  | { readonly result: 'bad' };

const BAD: AssertionResult = Object.freeze({ result: 'bad' });

export interface PasskeysDeps {
  /** Address that people open. */
  readonly publicUrl: () => string;
  readonly clock: Clock;
}

export function createPasskeys({ publicUrl, clock }: PasskeysDeps) {
  return Object.freeze({
    /** What a browser needs to make a passkey for `person`. */
    async creationOptions(
      db: IdentityDatabase,
      person: { id: string; name: string; email: string },
      binding: ChallengeFor['binding'],
    ): Promise<z.infer<typeof PasskeyCreationOptions>> {
      const { id } = relyingPartyOf(publicUrl());
      return {
        challenge: await challenges.give(db, { purpose: 'register', binding }, clock.now()),
        rp: { id, name: 'Bartizan' },
        user: { id: handleOf(person.id), name: person.email, displayName: person.name },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ alg, type: 'public-key' as const })),
        timeout: CHALLENGE_MS,
        attestation: 'none',
        excludeCredentials: await descriptorsOf(db, person.id),
        authenticatorSelection: {
          residentKey: 'required',
          requireResidentKey: true,
          userVerification: 'required',
        },
      };
    },

    /** What a browser needs to use a passkey: of `personId`, or with null any that it has. */
    async requestOptions(
      db: IdentityDatabase,
      personId: string | null,
      wanted: ChallengeFor,
    ): Promise<z.infer<typeof PasskeyRequestOptions>> {
      return {
        rpId: relyingPartyOf(publicUrl()).id,
        challenge: await challenges.give(db, wanted, clock.now()),
        timeout: CHALLENGE_MS,
        userVerification: 'required',
        allowCredentials: personId === null ? [] : await descriptorsOf(db, personId),
      };
    },

    /** The new credential, or null. Its challenge is used up either way. */
    async verifyNew(
      db: IdentityDatabase,
      registration: PasskeyRegistration,
      binding: ChallengeFor['binding'],
    ) {
      const challenge = challengeIn(registration.response.clientDataJSON);
      if (challenge === null) return null;
      if (!(await challenges.take(db, challenge, { purpose: 'register', binding }, clock.now()))) return null;
      return verifyRegistration(registration, challenge, relyingPartyOf(publicUrl()));
    },

    /** Null when this credential is known already, to whomever, or the person has too many. */
    async add(
      db: IdentityDatabase,
      personId: string,
      credential: NonNullable<Awaited<ReturnType<typeof verifyRegistration>>>,
      given: { name: string; transports: readonly string[] },
    ): Promise<Passkey | null> {
      if ((await descriptorsOf(db, personId)).length >= MAX_PASSKEYS) return null;
      const row = await db
        .insertInto('person_passkeys')
        .values({
          id: uuidv7(clock.now()),
          person_id: personId,
          credential_id: credential.credentialId,
          public_key: credential.publicKey,
          counter: credential.counter,
          transports: [...given.transports],
          synced: credential.synced,
          name: given.name,
          created_at: new Date(clock.now()),
        })
        .onConflict((conflict) => conflict.column('credential_id').doNothing())
        .returning(COLUMNS)
        .executeTakeFirst();
      return row ? toPasskey(row) : null;
    },

    /**
     * Judges an assertion; its challenge is used up either way. With `personId` null it must name its person
     * itself, as one for signing in alone does.
     */
    async use(
      db: IdentityDatabase,
      personId: string | null,
      assertion: PasskeyAssertion,
      wanted: ChallengeFor,
    ): Promise<AssertionResult> {
      const challenge = challengeIn(assertion.response.clientDataJSON);
      if (challenge === null || !(await challenges.take(db, challenge, wanted, clock.now()))) return BAD;
      const row = await db
        .selectFrom('person_passkeys')
        .select(['id', 'person_id', 'credential_id', 'public_key', 'counter'])
        .where('credential_id', '=', assertion.id)
        .forUpdate()
        .executeTakeFirst();
      if (!row || (personId !== null && row.person_id !== personId)) return BAD;
      const handle = assertion.response.userHandle;
      if (handle ? handle !== handleOf(row.person_id) : personId === null) return BAD;
      const credential = { id: row.credential_id, publicKey: row.public_key };
      const used = await verifyAssertion(assertion, challenge, relyingPartyOf(publicUrl()), credential);
      if (!used) return BAD;
      if ((used.counter > 0 || row.counter > 0) && used.counter <= row.counter) {
        return { result: 'cloned', personId: row.person_id };
      }
      await db
        .updateTable('person_passkeys')
        .set({ counter: used.counter, last_used_at: new Date(clock.now()) })
        .where('id', '=', row.id)
        .execute();
      return { result: 'good', personId: row.person_id };
    },

    async list(db: IdentityDatabase, personId: string): Promise<Passkey[]> {
      const rows = await db
        .selectFrom('person_passkeys')
        .select(COLUMNS)
        .where('person_id', '=', personId)
        .orderBy('created_at')
        .execute();
      return rows.map(toPasskey);
    },

    async rename(
      db: IdentityDatabase,
      personId: string,
      id: string,
      name: string,
    ): Promise<Passkey | undefined> {
      const row = await db
        .updateTable('person_passkeys')
        .set({ name })
        .where('id', '=', id)
        .where('person_id', '=', personId)
        .returning(COLUMNS)
        .executeTakeFirst();
      return row && toPasskey(row);
    },

    /** One, or with null all of them. Returns how many went. */
    async remove(db: IdentityDatabase, personId: string, id: string | null): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('person_passkeys')
        .where('person_id', '=', personId)
        .$if(id !== null, (query) => query.where('id', '=', id ?? ''))
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },
  });
}
export type Passkeys = ReturnType<typeof createPasskeys>;
