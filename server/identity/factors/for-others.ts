import { AppError } from '../../kernel/error.ts';
import type { IdentityDeps } from '../deps.ts';
import type { PersonRow } from '../model.ts';
import { demandMayGrant, type Granter } from '../people.ts';
import { createPeopleStore, type PeopleStore } from '../people-store.ts';
import type { IdentityDatabase } from '../tables.ts';
import { hashToken, newToken } from '../tokens.ts';
import type { Passkeys } from './passkeys.ts';
import type { RecoveryCodes } from './recovery.ts';
import { addressForPeople } from './relying-party.ts';
import type { Totp } from './totp.ts';

const RESET_MS = 24 * 60 * 60_000;

export interface ForOthersDeps extends IdentityDeps {
  readonly totp: Totp;
  readonly recovery: RecoveryCodes;
  readonly passkeys: Passkeys;
}

interface Held {
  readonly within: IdentityDatabase;
  readonly store: PeopleStore;
  readonly person: PersonRow;
}

/** What administrators do for people who lost a factor, forgot a password, or left a session open. */
export function createForOthers(deps: ForOthersDeps) {
  const { db, audit, events, clock, totp, recovery, passkeys } = deps;

  /** Changes somebody else who may do no more than `by`; writes it down as `action`. */
  async function change<T>(
    personId: string,
    action: string,
    by: Granter,
    work: (held: Held) => Promise<{ result: T; detail: Record<string, unknown> }>,
  ): Promise<T> {
    const result = await db.transaction().execute(async (within) => {
      const store = createPeopleStore(within);
      await within.selectFrom('people').select('id').where('id', '=', personId).forNoKeyUpdate().execute();
      const person = await store.byId(personId);
      if (!person) throw new AppError('not_found', 'there is no such person');
      demandMayGrant(by, person.roles);
      const done = await work({ within, store, person });
      const actor = { kind: by.kind, id: by.id, name: by.name };
      await audit.record({ actor, action, subject: `person:${personId}`, detail: done.detail }, within);
      return done.result;
    });
    events.emit('people.changed', { personId });
    return result;
  }

  function demandOther(personId: string, by: Granter, ownerId: string | null, hint: string): void {
    if (personId !== by.id && personId !== ownerId) return;
    throw new AppError('conflict', 'somebody else must do this for you', { hint });
  }

  return Object.freeze({
    /** Removes all second factors of somebody else and ends their sessions. */
    resetFactors(personId: string, by: Granter, ownerId: string | null): Promise<void> {
      demandOther(personId, by, ownerId, 'Your own factors are under Account.');
      return change(personId, 'factors.reset', by, async ({ within, store, person }) => {
        await totp.remove(within, personId);
        await recovery.remove(within, personId);
        const removed = await passkeys.remove(within, personId, null);
        const ended = await store.endSessions(personId, null);
        return { result: undefined, detail: { had: person.factors, passkeys: removed, sessions: ended } };
      });
    },

    /** A link, good for a day and one use, on which somebody else chooses a new password, or a first one. */
    resetLink(
      personId: string,
      by: Granter,
      ownerId: string | null,
    ): Promise<{ url: string; expiresAt: number }> {
      demandOther(personId, by, ownerId, 'Change your own password under Account.');
      return change(personId, 'people.reset-link-made', by, async ({ store, person }) => {
        if (person.disabled) throw new AppError('conflict', 'this account is disabled');
        if (person.break_glass) {
          throw new AppError('conflict', 'the password of an emergency account is replaced, not chosen');
        }
        const token = newToken();
        const expiresAt = clock.now() + RESET_MS;
        await store.dropTokens(personId);
        await store.addToken(hashToken(token), 'reset', personId, new Date(expiresAt));
        const ended = await store.endSessions(personId, null);
        const url = `${addressForPeople(deps.publicUrl())}/reset?token=${token}`;
        return { result: { url, expiresAt }, detail: { expiresAt, sessions: ended } };
      });
    },

    /** Ends one session of a person. */
    endSession: (personId: string, sessionId: string, by: Granter): Promise<void> =>
      change(personId, 'people.session-ended', by, async ({ store }) => {
        if ((await store.endSessions(personId, sessionId)) === 0) {
          throw new AppError('not_found', 'there is no such session');
        }
        return { result: undefined, detail: { session: sessionId } };
      }),

    /** Ends every session of a person; returns how many. */
    endSessions: (personId: string, by: Granter): Promise<{ ended: number }> =>
      change(personId, 'people.sessions-ended', by, async ({ store }) => {
        const ended = await store.endSessions(personId, null);
        return { result: { ended }, detail: { ended } };
      }),
  });
}
export type ForOthers = ReturnType<typeof createForOthers>;
