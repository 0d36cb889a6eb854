import type { Proposal, ReviewChange } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../kernel/error.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Caller, Origin, ReviewGate, ReviewKind } from '../../reviews/index.ts';
import type { PolicyService } from '../policies/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import { reaches } from '../sight.ts';
import { noSuchEndpoint } from './model.ts';
import { describeConflict, unknownPolicy } from './rules.ts';
import { createEndpointStore, type StoredEndpoint } from './store.ts';

type Guard = Extract<Proposal, { kind: 'endpoints.guard' }>;
type Removal = Extract<Proposal, { kind: 'endpoints.remove' }>;

export interface EndpointProposalDeps extends Pick<LifecycleDeps, 'database' | 'audit' | 'events' | 'clock'> {
  readonly policies: Pick<PolicyService, 'list'>;
  readonly reviews: Pick<ReviewGate, 'register'>;
}

/** The endpoint, which within a transaction nobody else changes until its end. */
async function locked(db: Database, id: string): Promise<StoredEndpoint> {
  await sql`select from endpoints where id = ${id} for update`.execute(db);
  const stored = await createEndpointStore(db).find(id);
  if (!stored) throw noSuchEndpoint();
  return stored;
}

type Guards = Pick<StoredEndpoint['fields'], 'policyId' | 'onGuardError' | 'slug'>;

function guardsAfter({ fields }: StoredEndpoint, proposal: Guard): Guards {
  return {
    policyId: proposal.policyId === undefined ? fields.policyId : proposal.policyId,
    onGuardError: proposal.onGuardError ?? fields.onGuardError,
    slug: proposal.slug ?? fields.slug,
  };
}

/** Tells reviews what changes to endpoints may be proposed, and how they are made once approved. */
export function registerEndpointProposals(deps: EndpointProposalDeps): void {
  const { audit, clock, events, policies } = deps;

  const isThereFor = async ({ endpointId }: Guard | Removal, caller: Caller): Promise<boolean> => {
    const owners = await createEndpointStore(deps.database).owners();
    return owners.some((owner) => owner.id === endpointId && reaches(caller, owner));
  };
  const witness =
    (id: string, { review, proposedBy, approvedBy }: Origin, action: string) =>
    (tx: Database, detail: object) =>
      audit.record(
        {
          actor: approvedBy,
          action,
          subject: `endpoint:${id}`,
          detail: { ...detail, review, proposedBy },
        },
        tx,
      );
  const changed = (reason: string) => () => void events.emit('configuration.changed', { reason });

  const guard: ReviewKind<Guard> = {
    kind: 'endpoints.guard',
    permission: 'endpoints.manage',
    isThereFor,
    async describe(proposal, db) {
      const stored = await locked(db, proposal.endpointId);
      const after = guardsAfter(stored, proposal);
      const known = await policies.list();
      const policy = known.find(({ id }) => id === after.policyId);
      if (after.policyId !== null && !policy) throw unknownPolicy();
      const nameOf = (id: string | null) => known.find((one) => one.id === id)?.name ?? null;
      const { fields } = stored;
      const changes: ReviewChange[] = [
        { path: 'policy', before: nameOf(fields.policyId), after: nameOf(after.policyId) },
        { path: 'onGuardError', before: fields.onGuardError, after: after.onGuardError },
        { path: 'slug', before: fields.slug, after: after.slug },
      ].filter((change) => change.before !== change.after);
      if (changes.length === 0) throw new AppError('conflict', 'the endpoint is like that already');
      const title =
        after.policyId === null && fields.policyId !== null
          ? `Take the policy from endpoint "${fields.name}"`
          : `Change how endpoint "${fields.name}" is guarded (${changes.map(({ path }) => path).join(', ')})`;
      const { policyId, onGuardError, slug } = fields;
      const basis = { policyId, onGuardError, slug, version: policy?.activeVersion ?? null };
      return { title, subject: `endpoint:${stored.id}`, changes, basis };
    },
    async execute(proposal, origin, tx) {
      const { endpointId: id } = proposal;
      const change = (stored: StoredEndpoint): StoredEndpoint => ({
        ...stored,
        updatedAt: Math.max(clock.now(), stored.updatedAt + 1),
        fields: { ...stored.fields, ...guardsAfter(stored, proposal) },
      });
      try {
        await createEndpointStore(tx).update(id, change, (_, before, after) => {
          const { policyId, onGuardError, slug } = after.fields;
          return witness(
            id,
            origin,
            'endpoints.updated',
          )(tx, {
            policyId,
            onGuardError,
            slug,
            before: { policyId: before.fields.policyId, slug: before.fields.slug },
          });
        });
      } catch (cause) {
        throw describeConflict(cause, { slug: proposal.slug ?? '' });
      }
      return changed('endpoints.updated');
    },
  };

  const removal: ReviewKind<Removal> = {
    kind: 'endpoints.remove',
    permission: 'endpoints.manage',
    isThereFor,
    async describe({ endpointId }, db) {
      const { id, fields } = await locked(db, endpointId);
      return {
        title: `Remove endpoint "${fields.name}"`,
        subject: `endpoint:${id}`,
        changes: [{ path: 'endpoint', before: fields.name, after: null }],
        basis: { slug: fields.slug, policyId: fields.policyId },
      };
    },
    async execute({ endpointId: id }, origin, tx) {
      await createEndpointStore(tx).remove(id, {
        at: clock.now(),
        demand: () => undefined,
        witness: (_, slug) => witness(id, origin, 'endpoints.removed')(tx, { slug }),
      });
      return changed('endpoints.removed');
    },
  };

  deps.reviews.register(guard);
  deps.reviews.register(removal);
}
