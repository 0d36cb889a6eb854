import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { IdentityDatabase } from '../tables.ts';
import type { ChallengePurpose } from './tables.ts';

/** Long enough to look for a security key. */
export const CHALLENGE_MS = 5 * 60_000;

const hashOf = (challenge: string): string => createHash('sha256').update(challenge).digest('hex');

/** Whom a challenge was given to; an answer to it from anybody else is worth nothing. */
export type Binding = `session:${string}` | `pending:${string}` | `browser:${string}`;
export interface ChallengeFor {
  readonly purpose: ChallengePurpose;
  readonly binding: Binding;
}

const ClientData = z.object({ challenge: z.string().min(20).max(200), crossOrigin: z.boolean().optional() });

/** The challenge that a credential claims to answer; null when it says none, or was made in a foreign frame. */
export function challengeIn(clientDataJson: string): string | null {
  try {
    const read = ClientData.safeParse(JSON.parse(Buffer.from(clientDataJson, 'base64url').toString()));
    return read.success && read.data.crossOrigin !== true ? read.data.challenge : null;
  } catch {
    return null;
  }
}

/** Random challenges of passkey ceremonies: each for one purpose and one recipient, good once, for 5 minutes. */
export const challenges = Object.freeze({
  async give(db: IdentityDatabase, { purpose, binding }: ChallengeFor, nowMs: number): Promise<string> {
    const challenge = randomBytes(32).toString('base64url');
    // One at a time for each recipient and purpose: asking again is no way to fill the table.
    await db
      .deleteFrom('passkey_challenges')
      .where('binding', '=', binding)
      .where('purpose', '=', purpose)
      .execute();
    await db
      .insertInto('passkey_challenges')
      .values({ hash: hashOf(challenge), purpose, binding, expires_at: new Date(nowMs + CHALLENGE_MS) })
      .execute();
    return challenge;
  },

  /** Takes a challenge away; false when it was not given for this, or not any more. */
  async take(
    db: IdentityDatabase,
    challenge: string,
    { purpose, binding }: ChallengeFor,
    nowMs: number,
  ): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom('passkey_challenges')
      .where('hash', '=', hashOf(challenge))
      .where('purpose', '=', purpose)
      .where('binding', '=', binding)
      .where('expires_at', '>', new Date(nowMs))
      .executeTakeFirstOrThrow();
    return numDeletedRows === 1n;
  },

  async dropExpired(db: IdentityDatabase, nowMs: number): Promise<void> {
    await db.deleteFrom('passkey_challenges').where('expires_at', '<', new Date(nowMs)).execute();
  },
});
