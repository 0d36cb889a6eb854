import { DataPolicy } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Admission, DataActing, KnownVersion } from '../ports.ts';
import type { SourceDeps } from './deps.ts';
import { stricterOf } from './loosening.ts';
import type { Arrival } from './store.ts';

/** What a policy asks of a version before it is used. `source`: of what brought its records in. */
export type Hold = 'four-eyes' | 'source' | 'blocked' | 'scan';

/** What holds for a dataset, or (`own`, `exceptions` empty) for all. */
export interface HeldPolicy {
  readonly own: DataPolicy | null;
  /** Members in which a second person let `own` ask less than `base`. */
  readonly exceptions: ReadonlySet<string>;
  /** What holds without `own`: the policy of all, and of datasets that had the name before. */
  readonly base: DataPolicy;
  readonly effective: DataPolicy;
}

const namesOf = (kept: unknown): ReadonlySet<string> =>
  new Set(Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : []);

/** What keeps versions from use, and what lets them go. */
export function createHolds({ store, datasets, scans }: SourceDeps) {
  /** Rows that were written by an older version lack what was added since. */
  const read = (kept: unknown): DataPolicy => DataPolicy.parse(kept ?? {});

  async function policyOf(datasetId: string | null, tx?: Database): Promise<HeldPolicy> {
    const all = read((await store.policy(null, tx))?.policy);
    const none: ReadonlySet<string> = new Set();
    if (datasetId === null) return { own: null, exceptions: none, base: all, effective: all };
    const former = await store.formerPolicies(datasetId, tx);
    const base = former.reduce<DataPolicy>((held, policy) => stricterOf(held, read(policy)), all);
    const kept = await store.policy(datasetId, tx);
    if (kept === null) return { own: null, exceptions: none, base, effective: base };
    const [own, exceptions] = [read(kept.policy), namesOf(kept.exceptions)];
    return { own, exceptions, base, effective: stricterOf(base, own, exceptions) };
  }

  /**
   * Whether what brought records in stands against a version. Records of earlier versions are settled with those: they
   * are in use, or they wait, were refused or put away. Records of its own are judged by their source.
   */
  function isOpen(policy: DataPolicy, { own, state, quarantined, trust }: Arrival): boolean {
    if (!own) return state !== 'ready' || quarantined;
    if (policy.trustedSourcesOnly && trust !== 'trusted') return true;
    return policy.newSourceReview && trust === 'unreviewed';
  }

  /** Throws where records of this source may not come in at all. */
  function demandSource(policy: DataPolicy, source: { name: string; trust: string } | null): void {
    if (source?.trust === 'blocked')
      throw new AppError('forbidden', `the source "${source.name}" is blocked: nothing of it is taken in`, {
        hint: 'Somebody with data.approve can say otherwise under Datasets, Sources.',
      });
    if (!policy.trustedSourcesOnly || source?.trust === 'trusted') return;
    throw new AppError(
      'forbidden',
      source === null
        ? 'only records of trusted sources are taken in, and no source was named'
        : `only records of trusted sources are taken in, and "${source.name}" is not trusted`,
      {
        hint:
          source === null
            ? 'Name a source that is trusted.'
            : 'Have somebody with data.approve look at the source under Datasets, Sources.',
      },
    );
  }

  async function pending(version: KnownVersion, tx: Database): Promise<readonly Hold[]> {
    const { effective } = await policyOf(version.datasetId, tx);
    const isApproved = await store.isApproved(version.id, tx);
    const arrivals = await store.arrivals(version.id, tx);
    const open: Hold[] = [];
    if (effective.fourEyes && !isApproved) open.push('four-eyes');
    const isUnsettled =
      arrivals.some((arrival) => isOpen(effective, arrival)) || (await store.bringsBack(version.id, tx));
    if (!isApproved && isUnsettled) open.push('source');
    // No approval goes past this, for it may be from before.
    if (arrivals.some(({ own, trust }) => own && trust === 'blocked')) open.push('blocked');
    if (effective.scanBeforeUse && !(await scans.passed(version.id, tx))) open.push('scan');
    return open;
  }

  return Object.freeze({
    policyOf,

    /** What still keeps a version from use. */
    pending,

    /** See `GovernancePort.admit`. */
    async admit(
      _actor: DataActing,
      admission: Admission,
      tx: Database,
    ): Promise<'ready' | 'awaiting-review'> {
      const { effective } = await policyOf(admission.dataset.id, tx);
      const source = admission.source === null ? null : ((await store.find(admission.source.id, tx)) ?? null);
      if (admission.versionId === null) {
        demandSource(effective, source);
        return 'ready';
      }
      const version = await datasets.versionById(admission.versionId, tx);
      if (version === undefined) return 'awaiting-review';
      return (await pending(version, tx)).length === 0 ? 'ready' : 'awaiting-review';
    },

    /** Lets a waiting version into use where nothing holds it any more; true where it did. */
    async release(versionId: string, tx: Database): Promise<boolean> {
      const version = await datasets.versionById(versionId, tx);
      if (version?.state !== 'awaiting-review') return false;
      if ((await pending(version, tx)).length > 0) return false;
      await datasets.settle(versionId, { state: 'ready' }, tx);
      return true;
    },
  });
}
export type Holds = ReturnType<typeof createHolds>;
