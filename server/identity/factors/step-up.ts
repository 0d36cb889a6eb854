import type { StepUpProof } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { CONFIRMED_FOR_MS } from '../../platform/http/access.ts';
import type { Attempts } from '../attempts.ts';
import type { Caller } from '../auth.ts';
import type { IdentityDeps } from '../deps.ts';
import { createPeopleStore } from '../people-store.ts';
import type { SignInService } from '../sign-in.ts';
import type { IdentityDatabase } from '../tables.ts';
import type { Alarms } from './alarms.ts';
import type { Devices } from './devices.ts';
import type { Passkeys } from './passkeys.ts';
import type { Proofs } from './proofs.ts';
import { hasFactor } from './settings.ts';

export interface StepUpDeps extends IdentityDeps {
  readonly signIn: Pick<SignInService, 'checkPassword'>;
  readonly attempts: Attempts;
  readonly devices: Devices;
  readonly proofs: Proofs;
  readonly passkeys: Passkeys;
  readonly alarms: Alarms;
}

/** A person in a session of theirs. */
export interface InSession {
  readonly id: string;
  readonly name: string;
  readonly sessionId: string;
}

const wrong = () =>
  new AppError('invalid_input', 'this is not right', {
    hint: 'A code works once: wait for the next one, or use another way.',
    issues: [{ path: 'proof', message: 'this did not confirm that it is you' }],
  });

/** Confirming, within a session, that it is still the same person. */
export function createStepUp(deps: StepUpDeps) {
  const { db, audit, clock, signIn, attempts, devices, proofs, passkeys, alarms } = deps;

  async function confirmed(within: IdentityDatabase, person: InSession, proof: StepUpProof) {
    const nowMs = clock.now();
    const { numUpdatedRows } = await within
      .updateTable('sessions')
      .set({ confirmed_at: new Date(nowMs) })
      .where('id', '=', person.sessionId)
      .where('person_id', '=', person.id)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw new AppError('unauthenticated', 'this session is over');
    const actor = { kind: 'person', id: person.id, name: person.name } as const;
    const entry = { actor, action: 'people.confirmed', subject: `session:${person.sessionId}` };
    await audit.record({ ...entry, detail: { with: proof.kind } }, within);
    return { confirmedUntil: nowMs + CONFIRMED_FOR_MS };
  }

  async function byPassword(person: InSession, proof: StepUpProof & { kind: 'password' }, caller: Caller) {
    if (!(await signIn.checkPassword(person.id, proof.password, caller))) throw wrong();
    return confirmed(db, person, proof);
  }

  return Object.freeze({
    /**
     * Opens dangerous acts to this session for ten minutes. Somebody who has a second factor must give one:
     * the password alone is what a thief has. Throws `invalid_input` when the proof is wrong.
     */
    async confirm(
      person: InSession,
      proof: StepUpProof,
      caller: Caller,
    ): Promise<{ confirmedUntil: number }> {
      const row = await createPeopleStore(db).byId(person.id);
      if (!row) throw new AppError('unauthenticated', 'this account is gone');
      if (proof.kind === 'password') {
        if (!hasFactor(row)) return byPassword(person, proof, caller);
        throw new AppError('invalid_input', 'confirm with your second factor, not with the password', {
          issues: [{ path: 'kind', message: `use one of: ${row.factors.join(', ')}` }],
        });
      }
      const kind = proof.kind === 'passkey' ? 'token' : 'code';
      const device = devices.known(row.email, caller);
      const attempt = await attempts.take({ kind, address: caller.address, account: row.email, device });
      const { until, alarm } = await db.transaction().execute(async (transaction) => {
        const binding = `session:${person.sessionId}` as const;
        const judged = await proofs.judge(transaction, row, proof, { purpose: 'step-up', binding });
        return {
          until: judged.good ? await confirmed(transaction, person, proof) : null,
          alarm: judged.alarm ? await alarms.raise(transaction, judged.alarm) : null,
        };
      });
      alarms.announce(alarm);
      if (!until) throw wrong();
      await attempt.forgive();
      return until;
    },

    /** What the browser needs to confirm with a passkey. */
    passkeyOptions: (person: InSession) =>
      passkeys.requestOptions(db, person.id, { purpose: 'step-up', binding: `session:${person.sessionId}` }),
  });
}
export type StepUpService = ReturnType<typeof createStepUp>;
