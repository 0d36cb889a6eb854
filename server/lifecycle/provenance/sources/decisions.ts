import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { KnownVersion } from '../ports.ts';
import type { Custody } from './custody.ts';
import type { SourceDeps } from './deps.ts';
import type { Hold, Holds } from './holds.ts';
import { isSamePerson } from './people.ts';

interface VersionParams {
  readonly dataset: string;
  readonly version: string;
}

const HOLD_WORDS: Readonly<Record<Hold, string>> = {
  'four-eyes': 'somebody other than who pushed it must approve it',
  source: 'what brought its records in must be reviewed, or the version approved',
  blocked: 'its source is blocked, and nothing of it is taken in',
  scan: 'a scan must find nothing high or critical in it that is still open',
};

/** What people decide on versions that policies hold. */
export function createDecisions(deps: SourceDeps & { readonly holds: Holds; readonly custody: Custody }) {
  const { database, store, audit, clock, datasets, holds, custody, standBehind } = deps;

  function demandWaiting(version: KnownVersion): void {
    if (version.state === 'awaiting-review') return;
    throw new AppError('conflict', `version ${version.number} does not await review: it is ${version.state}`);
  }

  /** Holds the version until the transaction ends, so that it is either approved or rejected. */
  async function lockWaiting({ id }: KnownVersion, tx: Database): Promise<void> {
    await store.lockVersion(id, tx);
    const now = await datasets.versionById(id, tx);
    if (now !== undefined) demandWaiting(now);
  }

  async function demandNotBlocked(version: KnownVersion, tx: Database): Promise<void> {
    if (!(await holds.pending(version, tx)).includes('blocked')) return;
    throw new AppError('conflict', `the source "${version.sourceName ?? ''}" is blocked`, {
      hint: 'Reject the version, or first say under Datasets, Sources that the source may be used.',
    });
  }

  /** Four eyes: not the person who pushed it, nor with a key of theirs. */
  async function demandOther(actor: Principal, version: KnownVersion): Promise<void> {
    if (!(await isSamePerson(actor, version.createdById, standBehind, database))) return;
    throw new AppError('forbidden', 'somebody other than who pushed a version approves it', {
      hint: 'Ask another person with the permission data.approve.',
    });
  }

  return Object.freeze({
    /** Answers the state that the version is in then: a scan may still be awaited. */
    async approve(actor: Principal, { dataset, version: ref }: VersionParams, reason: string) {
      const version = await datasets.version(actor, dataset, ref);
      demandWaiting(version);
      await demandOther(actor, version);
      const done = await database.transaction().execute(async (tx) => {
        await lockWaiting(version, tx);
        await demandNotBlocked(version, tx);
        await store.approve(
          version.id,
          { byId: actor.id, byName: actor.name, reason, atMs: clock.now() },
          tx,
        );
        const detail = { number: version.number, reason };
        const subject = `dataset-version:${version.id}`;
        await audit.record({ actor, action: 'data.version-approved', subject, detail }, tx);
        await custody.add(
          {
            datasetId: version.datasetId,
            versionId: version.id,
            action: 'approved',
            actor,
            reason,
            audit: 'data.version-approved',
            detail: { records: version.rows },
          },
          tx,
        );
        const released = await holds.release(version.id, tx);
        return { released, left: released ? [] : await holds.pending(version, tx) };
      });
      if (done.released) await datasets.announce(version.id);
      return {
        state: done.released
          ? 'ready'
          : `awaiting-review: ${done.left.map((hold) => HOLD_WORDS[hold]).join('; ')}`,
      };
    },

    async reject(actor: Principal, { dataset, version: ref }: VersionParams, reason: string) {
      const version = await datasets.version(actor, dataset, ref);
      demandWaiting(version);
      await database.transaction().execute(async (tx) => {
        await lockWaiting(version, tx);
        const detail = { number: version.number, reason };
        const subject = `dataset-version:${version.id}`;
        await datasets.settle(version.id, { state: 'rejected', why: `${actor.name}: ${reason}` }, tx);
        await audit.record({ actor, action: 'data.version-rejected', subject, detail }, tx);
        await custody.add(
          {
            datasetId: version.datasetId,
            versionId: version.id,
            action: 'rejected',
            actor,
            reason,
            audit: 'data.version-rejected',
            detail: { records: version.rows },
          },
          tx,
        );
      });
      return { state: 'rejected' };
    },
  });
}
export type Decisions = ReturnType<typeof createDecisions>;
