import type { Factors, Passkey, PasskeyRegistration } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import type { Attempts } from '../attempts.ts';
import type { Caller } from '../auth.ts';
import type { IdentityDeps } from '../deps.ts';
import type { PersonRow } from '../model.ts';
import { createPeopleStore } from '../people-store.ts';
import type { IdentityDatabase } from '../tables.ts';
import { MAX_PASSKEYS, type Passkeys } from './passkeys.ts';
import type { RecoveryCodes } from './recovery.ts';
import { demandsFactor, hasFactor, readSettings } from './settings.ts';
import type { InSession } from './step-up.ts';
import type { Totp } from './totp.ts';

export interface OwnFactorsDeps extends IdentityDeps {
  readonly attempts: Attempts;
  readonly totp: Totp;
  readonly recovery: RecoveryCodes;
  readonly passkeys: Passkeys;
}

const notDone = (message: string, hint: string) =>
  new AppError('invalid_input', message, { hint, issues: [{ path: 'code', message }] });

/** A person's own second factors. Whatever changes them ends the person's other sessions. */
export function createOwnFactors(deps: OwnFactorsDeps) {
  const { db, audit, events, clock, attempts, totp, recovery, passkeys } = deps;

  /** The person, whose factors nobody else changes until the transaction ends. */
  async function hold(within: IdentityDatabase, personId: string): Promise<PersonRow> {
    await within.selectFrom('people').select('id').where('id', '=', personId).forNoKeyUpdate().execute();
    const person = await createPeopleStore(within).byId(personId);
    if (!person || person.disabled) throw new AppError('unauthenticated', 'this account is gone');
    if (person.break_glass) {
      throw new AppError('conflict', 'an emergency account has no second factor', {
        hint: 'It is for the case that second factors do not work.',
      });
    }
    return person;
  }

  async function note(within: IdentityDatabase, by: InSession, what: string, detail: object = {}) {
    const actor = { kind: 'person', id: by.id, name: by.name } as const;
    const entry = { actor, action: `factors.${what}`, subject: `person:${by.id}` };
    await audit.record({ ...entry, detail: { ...detail } }, within);
  }

  /** Runs `work` on the held person, writes it down as `what`, and signs them out everywhere else. */
  async function changing<T>(
    by: InSession,
    what: string,
    work: (within: IdentityDatabase, person: PersonRow) => Promise<T>,
  ): Promise<T> {
    const result = await db.transaction().execute(async (transaction) => {
      const person = await hold(transaction, by.id);
      const done = await work(transaction, person);
      await createPeopleStore(transaction).endSessions(by.id, null, by.sessionId);
      await note(transaction, by, what);
      return done;
    });
    events.emit('people.changed', { personId: by.id });
    return result;
  }

  /** A factor was just proved in this session. Codes come with the first one. */
  async function gained(within: IdentityDatabase, before: PersonRow, by: InSession): Promise<string[]> {
    await within
      .updateTable('sessions')
      .set({ second_factor: true, confirmed_at: new Date(clock.now()) })
      .where('id', '=', by.sessionId)
      .execute();
    return hasFactor(before) ? [] : recovery.renew(within, by.id);
  }

  /** After one went: the last cannot go while one is demanded, and codes go with the last. */
  async function lost(within: IdentityDatabase, by: InSession): Promise<void> {
    const after = await createPeopleStore(within).byId(by.id);
    if (!after || hasFactor(after)) return;
    if (demandsFactor(await readSettings(within), after.roles)) {
      throw new AppError('conflict', 'a second factor is demanded of you: this is your last', {
        hint: 'Set up another one first.',
      });
    }
    await recovery.remove(within, by.id);
  }

  return Object.freeze({
    async list(personId: string): Promise<Factors> {
      const person = await createPeopleStore(db).byId(personId);
      if (!person) throw new AppError('unauthenticated', 'this account is gone');
      return {
        totpSince: await totp.since(db, personId),
        passkeys: await passkeys.list(db, personId),
        recoveryCodesLeft: await recovery.left(db, personId),
        demanded: !person.break_glass && demandsFactor(await readSettings(db), person.roles),
      };
    },

    /** Begins to set up an authenticator app; one that is there stays until the new one is confirmed. */
    totpBegin: (by: InSession) =>
      db.transaction().execute(async (transaction) => {
        const person = await hold(transaction, by.id);
        await note(transaction, by, 'totp-begun');
        return totp.begin(transaction, person, clock.now());
      }),

    async totpConfirm(by: InSession, code: string, caller: Caller): Promise<{ recoveryCodes: string[] }> {
      const attempt = await attempts.take({
        kind: 'code',
        address: caller.address,
        account: `set-up ${by.id}`,
      });
      const result = await changing(by, 'totp-added', async (transaction, person) => {
        if (!(await totp.confirm(transaction, by.id, code, clock.now()))) {
          throw notDone('this code is not right', 'Check the clock of your phone, or begin again.');
        }
        return { recoveryCodes: await gained(transaction, person, by) };
      });
      await attempt.forgive();
      return result;
    },

    totpRemove: (by: InSession): Promise<void> =>
      changing(by, 'totp-removed', async (transaction) => {
        if (!(await totp.remove(transaction, by.id))) {
          throw new AppError('not_found', 'there is no authenticator app');
        }
        await lost(transaction, by);
      }),

    /** Ten fresh codes for somebody who has a factor that they stand in for. */
    recoveryCodes: (by: InSession): Promise<{ recoveryCodes: string[] }> =>
      changing(by, 'recovery-codes-renewed', async (transaction, person) => {
        if (!hasFactor(person)) {
          throw new AppError(
            'conflict',
            'recovery codes stand in for a second factor, and there is none yet',
            {
              hint: 'Set up an authenticator app or a passkey; codes come with it.',
            },
          );
        }
        return { recoveryCodes: await recovery.renew(transaction, by.id) };
      }),

    passkeyBegin: (by: InSession) =>
      db.transaction().execute(async (transaction) => {
        const person = await hold(transaction, by.id);
        return passkeys.creationOptions(transaction, person, `session:${by.sessionId}`);
      }),

    async passkeyAdd(
      by: InSession,
      { name, registration }: { name: string; registration: PasskeyRegistration },
    ): Promise<{ passkey: Passkey; recoveryCodes: string[] }> {
      const made = await passkeys.verifyNew(db, registration, `session:${by.sessionId}`);
      if (!made) throw notDone('this passkey could not be checked', 'Begin again.');
      const { transports = [] } = registration.response;
      return changing(by, 'passkey-added', async (transaction, person) => {
        const passkey = await passkeys.add(transaction, by.id, made, { name, transports });
        if (!passkey) {
          throw new AppError(
            'conflict',
            `this passkey is known already, or there are ${MAX_PASSKEYS} of them`,
          );
        }
        return { passkey, recoveryCodes: await gained(transaction, person, by) };
      });
    },

    async passkeyRename(by: InSession, id: string, name: string): Promise<Passkey> {
      const passkey = await db.transaction().execute(async (transaction) => {
        const renamed = await passkeys.rename(transaction, by.id, id, name);
        if (renamed) await note(transaction, by, 'passkey-renamed', { passkey: id });
        return renamed;
      });
      if (!passkey) throw new AppError('not_found', 'there is no such passkey');
      return passkey;
    },

    passkeyRemove: (by: InSession, id: string): Promise<void> =>
      changing(by, 'passkey-removed', async (transaction) => {
        if ((await passkeys.remove(transaction, by.id, id)) === 0) {
          throw new AppError('not_found', 'there is no such passkey');
        }
        await lost(transaction, by);
      }),
  });
}
export type OwnFactors = ReturnType<typeof createOwnFactors>;
