import type { FactorProof, PasskeyAssertion } from '@bartizan/contracts';
import { sql } from 'kysely';
import { SYSTEM } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import type { Attempts } from '../attempts.ts';
import type { Auth, Caller } from '../auth.ts';
import type { IdentityDeps } from '../deps.ts';
import type { PersonRow } from '../model.ts';
import { createPeopleStore } from '../people-store.ts';
import type { IdentityDatabase } from '../tables.ts';
import { hashToken, newToken } from '../tokens.ts';
import type { Alarms, RaisedAlarm } from './alarms.ts';
import type { Devices } from './devices.ts';
import type { Passkeys } from './passkeys.ts';
import { clonedAlarm, type Proofs } from './proofs.ts';
import { hasFactor } from './settings.ts';
import { createStart, type Entry, refused, type SignedIn, type SignedInBy } from './start.ts';

/** The second step must follow the first within this time. */
const PENDING_MS = 10 * 60_000;
/** Second factors that may be tried before the first step must be repeated. */
const TRIES = 5;
/** Half-finished sign-ins of one person at a time; the oldest go first. */
const MAX_PENDING = 50;

export interface EntryDeps extends IdentityDeps {
  readonly auth: Auth;
  readonly attempts: Attempts;
  readonly devices: Devices;
  readonly proofs: Proofs;
  readonly passkeys: Passkeys;
  readonly alarms: Alarms;
  /** Whether passwords and passkeys are off: only single sign-on and emergency accounts are left. */
  readonly singleSignOnOnly: () => Promise<boolean>;
}

const noPending = () =>
  new AppError('gone', 'this sign-in took too long or was tried too often', { hint: 'Sign in again.' });

/** Starts sessions: the one way in for passwords, passkeys, links and single sign-on. */
export function createEntry(deps: EntryDeps) {
  const { db, audit, clock, auth, attempts, devices, proofs, passkeys, alarms } = deps;
  const { hold, breakGlass, start } = createStart(deps);

  async function ask(within: IdentityDatabase, person: PersonRow, how: SignedInBy): Promise<Entry> {
    const token = newToken();
    const expiresAt = clock.now() + PENDING_MS;
    await within
      .insertInto('pending_sign_ins')
      .values({
        hash: hashToken(token),
        person_id: person.id,
        method: how.method,
        expires_at: new Date(expiresAt),
      })
      .execute();
    await sql`
      delete from pending_sign_ins where hash in (
        select hash from pending_sign_ins where person_id = ${person.id}
        order by expires_at desc offset ${MAX_PENDING})`.execute(within);
    const cookies = [auth.sideCookie('pending', token, PENDING_MS / 1000)];
    return { status: 'second-factor', methods: person.factors, expiresAt, cookies };
  }

  interface Pending {
    readonly token: string;
    readonly person: PersonRow;
  }

  /** The half-finished sign-in that the caller's cookie stands for. */
  async function pendingOf(caller: Caller): Promise<Pending | null> {
    const token = auth.readSide('pending', caller);
    if (token === undefined) return null;
    const row = await db
      .selectFrom('pending_sign_ins')
      .select('person_id')
      .where('hash', '=', hashToken(token))
      .where('expires_at', '>', new Date(clock.now()))
      .executeTakeFirst();
    const person = row && (await createPeopleStore(db).byId(row.person_id));
    return person && !person.disabled ? { token, person } : null;
  }

  type Second = { entry: SignedIn | null; over: boolean; alarm: RaisedAlarm | null };

  async function judgeSecond(
    within: IdentityDatabase,
    { token, person: { id } }: Pending,
    proof: FactorProof,
    caller: Caller,
  ): Promise<Second> {
    const hash = hashToken(token);
    // First the person, then what hangs on them: as everything does that changes people.
    const person = await hold(within, id);
    const row = await within
      .selectFrom('pending_sign_ins')
      .select(['method', 'attempts'])
      .where('hash', '=', hash)
      .where('expires_at', '>', new Date(clock.now()))
      .forUpdate()
      .executeTakeFirst();
    if (!row || row.attempts >= TRIES) return { entry: null, over: true, alarm: null };
    const wanted = { purpose: 'second-factor', binding: `pending:${hash}` } as const;
    const judged = await proofs.judge(within, person, proof, wanted);
    if (judged.good) {
      await within.deleteFrom('pending_sign_ins').where('hash', '=', hash).execute();
      const how = { method: row.method, secondFactor: true, detail: { with: proof.kind } };
      return { entry: await start(within, person, how, caller), over: false, alarm: null };
    }
    const alarm = judged.alarm ? await alarms.raise(within, judged.alarm) : null;
    await audit.record(
      {
        actor: SYSTEM,
        action: 'people.second-factor-refused',
        subject: `person:${person.id}`,
        detail: { with: proof.kind, address: caller.address },
      },
      within,
    );
    if (row.attempts + 1 < TRIES) {
      await within
        .updateTable('pending_sign_ins')
        .set(({ eb }) => ({ attempts: eb('attempts', '+', 1) }))
        .where('hash', '=', hash)
        .execute();
      return { entry: null, over: false, alarm };
    }
    await within.deleteFrom('pending_sign_ins').where('hash', '=', hash).execute();
    const guessed = await alarms.raise(within, {
      kind: 'second-factor-guessing',
      severity: 'high',
      summary: `Somebody who knows the password of ${person.name} gave ${TRIES} wrong second factors.`,
      subject: `person:${person.id}`,
    });
    return { entry: null, over: true, alarm: alarm ?? guessed };
  }

  /**
   * Lets a person in who showed in the way `how` who they are: starts a session, or, where they have a
   * second factor and gave none yet, asks for it; then there is no session. Throws `unauthenticated` for
   * somebody who is unknown, disabled, or may not come in that way, or whose password was changed since.
   */
  async function begin(personId: string, how: SignedInBy, caller: Caller): Promise<Entry> {
    const closed = how.method !== 'sso' && how.method !== 'setup' && (await deps.singleSignOnOnly());
    const { entry, alarm } = await db.transaction().execute(async (transaction) => {
      const person = await hold(transaction, personId);
      const { passwordHash: hash } = how;
      if (hash !== undefined && (await createPeopleStore(transaction).passwordHash(personId)) !== hash)
        throw refused();
      if (person.break_glass) {
        if (how.method !== 'password') throw refused();
        const raised = await breakGlass(transaction, person, caller);
        const by = { ...how, method: 'break-glass' } as const;
        return { entry: await start(transaction, person, by, caller), alarm: raised };
      }
      if (closed) throw refused();
      const needs = !how.secondFactor && hasFactor(person);
      const entered = needs
        ? await ask(transaction, person, how)
        : await start(transaction, person, how, caller);
      return { entry: entered, alarm: null };
    });
    alarms.announce(alarm);
    return entry;
  }

  return Object.freeze({
    begin,

    /**
     * Makes `change` to a person and ends all of their sessions; one begins anew in place of `sessionId`, with
     * what was proved in it. Set-Cookie headers. Throws `unauthenticated` when that session is gone.
     */
    renew: (
      personId: string,
      sessionId: string,
      caller: Caller,
      change: (within: IdentityDatabase) => Promise<void>,
    ): Promise<string[]> =>
      db.transaction().execute(async (transaction) => {
        const person = await hold(transaction, personId);
        const old = await transaction
          .deleteFrom('sessions')
          .where('id', '=', sessionId)
          .where('person_id', '=', personId)
          .returning(['method', 'second_factor'])
          .executeTakeFirst();
        if (!old) throw new AppError('unauthenticated', 'this session is over');
        await createPeopleStore(transaction).endSessions(personId, null);
        await change(transaction);
        const how = { method: old.method, secondFactor: old.second_factor };
        return (await start(transaction, person, how, caller)).cookies;
      }),

    /** The second step. A wrong factor counts; after five the first step must be repeated. */
    async second(proof: FactorProof, caller: Caller): Promise<SignedIn> {
      const pending = await pendingOf(caller);
      if (!pending) {
        await attempts.take({ kind: 'token', address: caller.address });
        throw noPending();
      }
      const { email } = pending.person;
      const device = devices.known(email, caller);
      const kind = proof.kind === 'passkey' ? 'token' : 'code';
      const attempt = await attempts.take({ kind, address: caller.address, account: email, device });
      const { entry, over, alarm } = await db
        .transaction()
        .execute((transaction) => judgeSecond(transaction, pending, proof, caller));
      alarms.announce(alarm);
      if (over) throw noPending();
      if (!entry) {
        throw new AppError('unauthenticated', 'this is not right', {
          hint: 'A code works once: wait for the next one, or use another of your factors.',
        });
      }
      await attempt.forgive();
      return entry;
    },

    /** What the browser needs to give a passkey as the second factor. */
    async secondOptions(caller: Caller) {
      await attempts.take({ kind: 'challenge', address: caller.address });
      const pending = await pendingOf(caller);
      if (!pending) throw noPending();
      const binding = `pending:${hashToken(pending.token)}` as const;
      return passkeys.requestOptions(db, pending.person.id, { purpose: 'second-factor', binding });
    },

    /** What a browser needs to sign in with a passkey alone, and the cookie that ties the answer to it. */
    async passkeyOptions(caller: Caller) {
      await attempts.take({ kind: 'challenge', address: caller.address });
      const token = newToken();
      const binding = `browser:${hashToken(token)}` as const;
      return {
        options: await passkeys.requestOptions(db, null, { purpose: 'sign-in', binding }),
        cookies: [auth.sideCookie('browser', token, PENDING_MS / 1000)],
      };
    },

    /** Signs in with a passkey alone: it is two factors in one, something one has and a PIN or a finger. */
    async withPasskey(assertion: PasskeyAssertion, caller: Caller): Promise<SignedIn> {
      const attempt = await attempts.take({ kind: 'token', address: caller.address });
      const token = auth.readSide('browser', caller);
      const binding = `browser:${hashToken(token ?? '')}` as const;
      const wanted = { purpose: 'sign-in', binding } as const;
      const { result, alarm } = await db.transaction().execute(async (transaction) => {
        const judged = await passkeys.use(transaction, null, assertion, wanted);
        if (judged.result !== 'cloned') return { result: judged, alarm: null };
        const person = await createPeopleStore(transaction).byId(judged.personId);
        return {
          result: judged,
          alarm: person ? await alarms.raise(transaction, clonedAlarm(person)) : null,
        };
      });
      alarms.announce(alarm);
      if (result.result !== 'good') {
        throw new AppError('unauthenticated', 'this passkey does not sign in here', {
          hint: 'Try again, or sign in with your e-mail address and password.',
        });
      }
      const entry = await begin(result.personId, { method: 'passkey', secondFactor: true }, caller);
      if (entry.status !== 'signed-in') throw refused();
      await attempt.forgive();
      return entry;
    },
  });
}
export type EntryService = ReturnType<typeof createEntry>;
