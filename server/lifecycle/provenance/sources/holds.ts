import { DataPolicy } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Admission, DataActing, KnownVersion } from '../ports.ts';
import type { SourceDeps } from './deps.ts';

const DEFAULT: DataPolicy = DataPolicy.parse({});

/** What a policy asks of a version before it is used. */
export type Hold = 'four-eyes' | 'new-source' | 'scan';

/** What keeps versions from use, and what lets them go. */
export function createHolds({ store, datasets, scans }: SourceDeps) {
  /** Rows that were written by an older version lack what was added since. */
  const read = (kept: unknown): DataPolicy | null => (kept === null ? null : DataPolicy.parse(kept));

  async function policyOf(
    datasetId: string | null,
    tx?: Database,
  ): Promise<{ own: DataPolicy | null; effective: DataPolicy }> {
    const own = datasetId === null ? null : read(await store.policy(datasetId, tx));
    return { own, effective: own ?? read(await store.policy(null, tx)) ?? DEFAULT };
  }

  function holdsOf(
    policy: DataPolicy,
    { sourceId, trust }: { readonly sourceId: string | null; readonly trust: string | null },
  ): readonly Hold[] {
    const holds: Hold[] = [];
    if (policy.fourEyes) holds.push('four-eyes');
    if (policy.newSourceReview && sourceId !== null && trust === 'unreviewed') holds.push('new-source');
    if (policy.scanBeforeUse) holds.push('scan');
    return holds;
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
    const source = version.sourceId === null ? null : ((await store.find(version.sourceId, tx)) ?? null);
    const holds = holdsOf(effective, {
      sourceId: version.parentId === null ? version.sourceId : null,
      trust: source?.trust ?? null,
    });
    const isApproved = await store.isApproved(version.id, tx);
    const open: Hold[] = [];
    for (const hold of holds)
      if (hold === 'scan' ? !(await scans.passed(version.id, tx)) : !isApproved) open.push(hold);
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
      // What is made from a version that was let in has no records of its own.
      if (admission.parentId === null) demandSource(effective, source);
      const holds = holdsOf(effective, {
        sourceId: admission.parentId === null ? (source?.id ?? null) : null,
        trust: source?.trust ?? null,
      });
      return holds.length === 0 ? 'ready' : 'awaiting-review';
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
