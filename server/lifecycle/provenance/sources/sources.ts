import type { Source, SourceInput, SourceTrust } from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import { constraintOf, isForeignKeyViolation, isUniqueViolation } from '../../sql-state.ts';
import { afterOf, positionOf } from '../datasets/paging.ts';
import { inReach, teamOfNew, unknownTeam } from '../datasets/reach.ts';
import type { SourceDeps } from './deps.ts';
import { sourceFacts } from './facts.ts';
import type { Holds } from './holds.ts';
import { isSamePerson } from './people.ts';
import type { StoredSource } from './store.ts';

export const noSuchSource = (): AppError =>
  new AppError('not_found', 'there is no such source', {
    hint: 'Register it first: in the console under Datasets, Sources, or with POST /api/v1/data/sources.',
  });

const explained = (cause: unknown, name: string): unknown => {
  if (isUniqueViolation(cause) && constraintOf(cause) === 'data_sources_name')
    return new AppError('conflict', `there is a source "${name}" already`, {
      hint: 'Choose another name; case does not count. It may be of a team that you are not in.',
      issues: [{ path: 'name', message: 'already taken' }],
      cause,
    });
  if (isForeignKeyViolation(cause) && constraintOf(cause) === 'data_sources_team') return unknownTeam(cause);
  return cause;
};

export function viewOfSource(stored: StoredSource): Source {
  const { createdById: _, ...source } = stored;
  return source;
}

/** Where data comes from. What is out of reach is answered as if it were not there. */
export function createSources({
  database,
  store,
  audit,
  clock,
  standBehind,
  datasets,
  holds,
}: SourceDeps & { readonly holds: Holds }) {
  async function find(viewer: Viewer, ref: string, tx?: Database, lock = false): Promise<StoredSource> {
    const source = await store.find(ref, tx, lock);
    if (!source || !inReach(viewer, source.teamId)) throw noSuchSource();
    return source;
  }

  return Object.freeze({
    find,

    async list(
      viewer: Viewer,
      query: {
        cursor?: string | undefined;
        limit: number;
        q?: string | undefined;
        trust?: SourceTrust | undefined;
      },
    ) {
      const { cursor, limit, q, trust } = query;
      const found = await store.page(viewer, { q, trust, after: afterOf(cursor), limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map(viewOfSource),
        next: found.length > limit && last ? positionOf({ at: last.createdAt, id: last.id }) : null,
      };
    },

    async create(actor: Principal, input: z.output<typeof SourceInput>): Promise<Source> {
      const now = clock.now();
      const { teamId, ...described } = input;
      const source: StoredSource = {
        ...described,
        id: uuidv7(now),
        teamId: teamOfNew(actor, teamId),
        trust: 'unreviewed',
        reviewedBy: null,
        reviewedAt: null,
        datasets: 0,
        versions: 0,
        delivered: 0,
        records: 0,
        createdById: actor.id,
        createdBy: actor.name,
        createdAt: now,
      };
      try {
        await database.transaction().execute(async (tx) => {
          await store.insert(source, tx);
          await audit.record(
            {
              actor,
              action: 'data.source-registered',
              subject: `data-source:${source.id}`,
              detail: {
                name: source.name,
                owner: source.owner,
                method: source.method,
                teamId: source.teamId,
                facts: sourceFacts(source),
              },
            },
            tx,
          );
        });
      } catch (cause) {
        throw explained(cause, input.name);
      }
      return viewOfSource(source);
    },

    async update(
      actor: Principal,
      id: string,
      change: Partial<z.output<typeof SourceInput>>,
    ): Promise<Source> {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      try {
        return await database.transaction().execute(async (tx) => {
          const before = await find(actor, id, tx, true);
          const after: StoredSource = { ...before, ...given };
          await store.update(after, tx);
          const facts = sourceFacts(after);
          const detail = { changed: Object.keys(given), name: after.name, formerly: before.name, facts };
          await audit.record(
            { actor, action: 'data.source-changed', subject: `data-source:${before.id}`, detail },
            tx,
          );
          return viewOfSource(after);
        });
      } catch (cause) {
        throw explained(cause, change.name ?? '');
      }
    },

    /** Not by who registered it, for trust is somebody else's word. Versions that waited for it become ready. */
    async trust(
      actor: Principal,
      id: string,
      { trust, reason }: { readonly trust: SourceTrust; readonly reason: string },
    ): Promise<Source> {
      const released: string[] = [];
      const source = await database.transaction().execute(async (tx) => {
        const before = await find(actor, id, tx, true);
        const raises = trust === 'trusted' || trust === 'known';
        if (raises && (await isSamePerson(actor, before.createdById, standBehind, tx)))
          throw new AppError(
            'forbidden',
            'somebody other than who registered a source says how far it is trusted',
            {
              hint: 'Ask another person with the permission data.approve.',
            },
          );
        const after: StoredSource = { ...before, trust, reviewedBy: actor.name, reviewedAt: clock.now() };
        await store.update(after, tx);
        const facts = sourceFacts(after);
        const detail = { name: before.name, before: before.trust, after: trust, reason, facts };
        await audit.record(
          { actor, action: 'data.source-trusted', subject: `data-source:${before.id}`, detail },
          tx,
        );
        for (const versionId of await store.waiting(before.id, tx))
          if (await holds.release(versionId, tx)) released.push(versionId);
        return viewOfSource(after);
      });
      for (const versionId of released) await datasets.announce(versionId);
      return source;
    },
  });
}
export type Sources = ReturnType<typeof createSources>;
