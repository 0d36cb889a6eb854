import type { SigningPolicy, SigningPolicyInput } from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Viewer } from '../../sight.ts';
import { constraintOf, isForeignKeyViolation, isUniqueViolation } from '../../sql-state.ts';
import type { RegistryActor } from '../models/types.ts';
import type { SigningDeps } from './ports.ts';
import { managesTeam, seesTeam } from './reach.ts';
import type { SigningStore } from './store.ts';

const MOST_POLICIES = 200;
export type NewPolicy = z.output<typeof SigningPolicyInput>;
type Deps = Pick<SigningDeps, 'audit' | 'clock'> & { readonly store: SigningStore };

const detailOf = ({ name, teamId, models, requires, mode, downloads }: NewPolicy) => ({
  name,
  teamId,
  models: models.join(' '),
  signedBy: requires.signedBy === null ? 'nobody' : requires.signedBy.join(' ') || 'anybody trusted',
  builtBy: requires.builtBy?.join(' ') ?? '',
  mode,
  downloads,
});

/** What is asked of versions before they are used. */
export function createSigningPolicies({ audit, clock, store }: Deps) {
  async function found(viewer: Viewer, id: string): Promise<SigningPolicy> {
    const policy = (await store.policies()).find((one) => one.id === id);
    if (policy && seesTeam(viewer, policy.teamId ?? null)) return policy;
    throw new AppError('not_found', 'there is no such policy of signatures');
  }

  async function requireSigners({ requires }: NewPolicy): Promise<void> {
    const known = new Set((await store.signers()).map(({ id }) => id));
    if ((requires.signedBy ?? []).every((id) => known.has(id))) return;
    throw new AppError('invalid_input', 'a signer that is named is not there', {
      issues: [{ path: 'requires.signedBy', message: 'names a signer that is not there' }],
    });
  }

  const explained = (name: string) => (error: unknown) => {
    if (isUniqueViolation(error))
      throw new AppError('conflict', `there is a policy "${name}" already`, { hint: 'Choose another name.' });
    if (isForeignKeyViolation(error) && constraintOf(error) === 'signing_policies_team')
      throw new AppError('invalid_input', 'there is no such team');
    throw error;
  };

  return Object.freeze({
    list: async (viewer: Viewer): Promise<SigningPolicy[]> =>
      (await store.policies()).filter(({ teamId = null }) => seesTeam(viewer, teamId)),

    async add(actor: RegistryActor, input: NewPolicy): Promise<SigningPolicy> {
      managesTeam(actor, input.teamId);
      await requireSigners(input);
      if ((await store.policies()).length >= MOST_POLICIES)
        throw new AppError('conflict', `there are ${MOST_POLICIES} policies already`);
      const now = clock.now();
      const policy: SigningPolicy = { ...input, id: uuidv7(now), createdAt: now, updatedAt: now };
      await store
        .transaction(async (tx) => {
          await store.addPolicy(policy, tx);
          const subject = `signing-policy:${policy.id}`;
          await audit.record(
            { actor, action: 'signing-policies.created', subject, detail: detailOf(input) },
            tx,
          );
        })
        .catch(explained(input.name));
      return policy;
    },

    async update(actor: RegistryActor, id: string, input: NewPolicy): Promise<SigningPolicy> {
      const before = await found(actor, id);
      managesTeam(actor, before.teamId ?? null);
      managesTeam(actor, input.teamId);
      await requireSigners(input);
      const policy: SigningPolicy = { ...input, id, createdAt: before.createdAt, updatedAt: clock.now() };
      await store
        .transaction(async (tx) => {
          await store.updatePolicy(policy, tx);
          const subject = `signing-policy:${id}`;
          const detail = { ...detailOf(input), modeBefore: before.mode };
          await audit.record({ actor, action: 'signing-policies.changed', subject, detail }, tx);
        })
        .catch(explained(input.name));
      return policy;
    },

    async remove(actor: RegistryActor, id: string): Promise<void> {
      const before = await found(actor, id);
      managesTeam(actor, before.teamId ?? null);
      await store.transaction(async (tx) => {
        await store.removePolicy(id, tx);
        const detail = { name: before.name, mode: before.mode };
        await audit.record(
          { actor, action: 'signing-policies.removed', subject: `signing-policy:${id}`, detail },
          tx,
        );
      });
    },
  });
}
