import type { FactorProof } from '@bartizan/contracts';
import type { Clock } from '../../kernel/clock.ts';
import type { PersonRow } from '../model.ts';
import type { IdentityDatabase } from '../tables.ts';
import type { AlarmDraft } from './alarms.ts';
import type { ChallengeFor } from './challenges.ts';
import type { Passkeys } from './passkeys.ts';
import type { RecoveryCodes } from './recovery.ts';
import type { Totp } from './totp.ts';

/** Whether a factor was given, and what somebody must hear of. */
export interface Judgement {
  readonly good: boolean;
  readonly alarm?: AlarmDraft;
}

export interface ProofsDeps {
  readonly totp: Totp;
  readonly recovery: RecoveryCodes;
  readonly passkeys: Passkeys;
  readonly clock: Clock;
}

export const clonedAlarm = (person: Pick<PersonRow, 'id' | 'name'>): AlarmDraft => ({
  kind: 'passkey-cloned',
  severity: 'critical',
  summary: `A passkey of ${person.name} was used whose counter went back: there may be a copy of it. It was refused.`,
  subject: `person:${person.id}`,
});

/** Judges second factors. Each can be used once; what is judged is used up within the given transaction. */
export function createProofs({ totp, recovery, passkeys, clock }: ProofsDeps) {
  return Object.freeze({
    async judge(
      within: IdentityDatabase,
      person: PersonRow,
      proof: FactorProof,
      wanted: ChallengeFor,
    ): Promise<Judgement> {
      const nowMs = clock.now();
      switch (proof.kind) {
        case 'totp':
          return { good: await totp.use(within, person.id, proof.code, nowMs) };
        case 'recovery':
          return { good: await recovery.use(within, person.id, proof.code, nowMs) };
        case 'passkey': {
          const { result } = await passkeys.use(within, person.id, proof.assertion, wanted);
          return result === 'cloned'
            ? { good: false, alarm: clonedAlarm(person) }
            : { good: result === 'good' };
        }
      }
    },
  });
}
export type Proofs = ReturnType<typeof createProofs>;
