import type { DataPolicy, Proposal } from '@bartizan/contracts';
import type { Actor } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Caller, ReviewKind } from '../../../reviews/index.ts';
import type { Custody } from './custody.ts';
import type { SourceDeps } from './deps.ts';
import type { Holds } from './holds.ts';
import { exceptionsOf, looseningOf } from './loosening.ts';

type Change = Extract<Proposal, { kind: 'data.policy' }>;

/** A policy that somebody wants: of a dataset, or (null) of all that have none of their own. */
interface Wanted {
  readonly datasetId: string | null;
  /** Null: the dataset gets that of all. */
  readonly policy: DataPolicy | null;
}

interface Plan {
  readonly before: DataPolicy;
  readonly after: DataPolicy;
  /** What is demanded no longer, in words; empty where nothing is. */
  readonly loosened: readonly string[];
  /** Members in which the policy asks less than holds without it. */
  readonly exceptions: readonly string[];
}

const MEMBERS = [
  'trustedSourcesOnly',
  'fourEyes',
  'newSourceReview',
  'scanBeforeUse',
  'purposes',
] as const satisfies readonly (keyof DataPolicy)[];

function changesOf({ before, after }: Plan) {
  return MEMBERS.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).map(
    (name) => ({ path: name, before: before[name], after: after[name] }),
  );
}

const subjectOf = (datasetId: string | null): string =>
  datasetId === null ? 'data-policy:all' : `dataset:${datasetId}`;

function demandAll({ teams }: Pick<Principal, 'teams'>): void {
  if (teams !== '*')
    throw new AppError('forbidden', 'what holds for all datasets is for who looks after all teams');
}

/**
 * What must hold before data is used. Demanding more takes one person; demanding less always takes a second, so that
 * nobody lets their own records in.
 */
export function createPolicies(deps: SourceDeps & { readonly holds: Holds; readonly custody: Custody }) {
  const { database, store, audit, clock, datasets, holds, custody, reviews } = deps;

  async function planOf({ datasetId, policy }: Wanted, db?: Database): Promise<Plan> {
    const { effective: before, base } = await holds.policyOf(datasetId, db);
    const after = policy ?? base;
    // Whoever asks less than holds now is a second person; so these are exceptions that somebody let be.
    const exceptions = datasetId === null ? [] : exceptionsOf(base, after);
    return { before, after, loosened: looseningOf(before, after), exceptions };
  }

  async function keep(
    { datasetId, policy }: Wanted,
    { actor, review }: { readonly actor: Actor; readonly review: object },
    tx: Database,
  ): Promise<void> {
    const { exceptions } = await planOf({ datasetId, policy }, tx);
    const kept = policy === null ? null : { policy, exceptions };
    await store.setPolicy(datasetId, kept, { name: actor.name, atMs: clock.now() }, tx);
    const detail = { policy, ...(exceptions.length === 0 ? {} : { exceptions }), ...review };
    const action = 'data.policy-changed';
    await audit.record({ actor, action, subject: subjectOf(datasetId), detail }, tx);
    if (datasetId === null) return;
    await custody.add(
      { datasetId, versionId: null, action: 'changed', actor, reason: '', audit: action, detail },
      tx,
    );
  }

  /** Throws `review_required` where the change demands less; an emergency account passes, with an alarm. */
  async function demandSecond(actor: Principal, { loosened }: Plan): Promise<void> {
    if (loosened.length === 0) return;
    try {
      await reviews.demandFree(actor, 'data.policy');
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'review_required') throw error;
      throw new AppError('review_required', `this demands less than now (${loosened.join(', ')})`, {
        hint: `It needs a second person. ${error.hint ?? ''}`.trim(),
        cause: error,
      });
    }
  }

  async function set(actor: Principal, wanted: Wanted): Promise<void> {
    const asked = await planOf(wanted);
    await demandSecond(actor, asked);
    await database.transaction().execute(async (tx) => {
      await store.lockPolicies(tx);
      const { loosened } = await planOf(wanted, tx);
      if (asked.loosened.length === 0 && loosened.length > 0)
        throw new AppError('conflict', 'the policy was changed in this moment', {
          hint: 'Look at it again.',
        });
      await keep(wanted, { actor, review: {} }, tx);
    });
  }

  async function isThereFor({ dataset }: Change, caller: Caller): Promise<boolean> {
    if (dataset === null) return caller.teams === '*';
    try {
      await datasets.find(caller, dataset);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return false;
      throw error;
    }
  }

  const everything = { teams: '*' } as const;
  const kind: ReviewKind<Change> = {
    kind: 'data.policy',
    permission: 'data.manage',
    always: true,
    isThereFor,
    async describe({ dataset, policy }, db) {
      if (db.isTransaction) await store.lockPolicies(db);
      if (dataset === null && policy === null)
        throw new AppError('invalid_input', 'what holds for all datasets cannot be left out');
      const name = dataset === null ? null : (await datasets.find(everything, dataset, db)).name;
      const plan = await planOf({ datasetId: dataset, policy }, db);
      if (plan.loosened.length === 0)
        throw new AppError('conflict', 'this demands no less than now: it needs no second person', {
          hint: 'Change the policy itself.',
        });
      const { own, base } = await holds.policyOf(dataset, db);
      const where = name === null ? 'before data is used' : `before data of "${name}" is used`;
      return {
        title: `Demand less ${where}: ${plan.loosened.join(', ')}`,
        subject: subjectOf(dataset),
        changes: changesOf(plan),
        basis: { own, base, before: plan.before, after: plan.after },
      };
    },
    async execute({ dataset, policy }, { review, proposedBy, approvedBy }, tx) {
      const by = { actor: approvedBy, review: { review, proposedBy } };
      await keep({ datasetId: dataset, policy }, by, tx);
      return () => undefined;
    },
  };
  reviews.register(kind);

  async function shown(datasetId: string) {
    const { own, effective } = await holds.policyOf(datasetId);
    return { own, effective };
  }

  return Object.freeze({
    ofAll: async (): Promise<DataPolicy> => (await holds.policyOf(null)).effective,

    async setForAll(actor: Principal, policy: DataPolicy): Promise<DataPolicy> {
      demandAll(actor);
      await set(actor, { datasetId: null, policy });
      return policy;
    },

    async of(actor: Principal, dataset: string) {
      const { id } = await datasets.find(actor, dataset);
      return await shown(id);
    },

    async setFor(actor: Principal, dataset: string, policy: DataPolicy | null) {
      const { id } = await datasets.find(actor, dataset);
      await set(actor, { datasetId: id, policy });
      return await shown(id);
    },
  });
}
export type Policies = ReturnType<typeof createPolicies>;
