import type { Dataset, DatasetChange, DatasetInput } from '@bartizan/contracts';
import type { z } from 'zod';
import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import { constraintOf, isForeignKeyViolation, isUniqueViolation } from '../../sql-state.ts';
import { within } from '../../within.ts';
import type { DataActing, GovernancePort } from '../ports.ts';
import type { DatasetStore } from './datasets-store.ts';
import { heldFacts } from './held.ts';
import type { StoredDataset } from './model.ts';
import { afterOf, positionOf } from './paging.ts';
import { demandMove, inReach, noSuchDataset, teamOfNew, unknownTeam } from './reach.ts';
import { createSummaries } from './summaries.ts';
import type { VersionStore } from './versions-store.ts';

export interface DatasetDeps {
  readonly database: Database;
  readonly store: DatasetStore;
  readonly versions: VersionStore;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly governance: Pick<GovernancePort, 'custody'>;
}

type NewDataset = Partial<z.output<typeof DatasetInput>> & { readonly name: string };

const nameTaken = (name: string, cause?: unknown): AppError =>
  new AppError('conflict', `the name "${name}" is already taken by another dataset`, {
    hint: 'Choose another name; case does not count. It may be of a team that you are not in.',
    issues: [{ path: 'name', message: 'already taken' }],
    cause,
  });

function explain(cause: unknown, name: string): unknown {
  if (isUniqueViolation(cause) && constraintOf(cause) === 'data_datasets_name') return nameTaken(name, cause);
  if (isForeignKeyViolation(cause) && constraintOf(cause) === 'data_datasets_team') return unknownTeam(cause);
  return cause;
}

/** Registering, describing and removing datasets. What is out of reach is answered as if it were not there. */
export function createDatasets(deps: DatasetDeps) {
  const { database, store, versions, audit, clock, governance } = deps;
  const summaries = createSummaries(database);

  async function witness(
    actor: DataActing,
    dataset: StoredDataset,
    what: {
      readonly action: string;
      readonly custody: 'registered' | 'changed' | 'removed';
      readonly detail: Readonly<Record<string, unknown>>;
    },
    tx: Database,
  ): Promise<void> {
    const { action, detail } = what;
    const { name, teamId, description, license, consent, homepage, label, retentionDays } = dataset;
    const facts = heldFacts({
      name,
      teamId,
      description,
      license,
      consent,
      homepage,
      label,
      retentionDays,
    });
    await audit.record({ actor, action, subject: `dataset:${dataset.id}`, detail: { ...detail, facts } }, tx);
    await governance.custody(
      {
        datasetId: dataset.id,
        versionId: null,
        action: what.custody,
        actor,
        reason: '',
        audit: action,
        detail,
      },
      tx,
    );
  }

  async function find(viewer: Viewer, ref: string, tx?: Database): Promise<StoredDataset> {
    const dataset = await store.find(ref, tx);
    if (!dataset || !inReach(viewer, dataset.teamId)) throw noSuchDataset();
    return dataset;
  }

  async function viewsOf(datasets: readonly StoredDataset[]): Promise<Dataset[]> {
    const ids = datasets.map(({ id }) => id);
    const [figures, latest] = await Promise.all([store.figures(ids), versions.latestOf(ids)]);
    const newest = new Map((await summaries.of(latest)).map((version) => [version.datasetId, version]));
    return datasets.map(({ createdById, createdBy, ...dataset }) => {
      const version = newest.get(dataset.id);
      return {
        ...dataset,
        createdBy: { id: createdById, name: createdBy },
        versions: figures.get(dataset.id)?.versions ?? 0,
        storedBytes: figures.get(dataset.id)?.storedBytes ?? 0,
        latest: version ?? null,
      };
    });
  }

  const viewOf = async (dataset: StoredDataset): Promise<Dataset> => (await viewsOf([dataset]))[0] as Dataset;

  /** A name that a dataset of others had goes to nobody who could not see that one. */
  async function demandFree(actor: DataActing, name: string, tx: Database): Promise<void> {
    const before = await store.formerly(name, tx);
    if (before && !inReach(actor, before.teamId)) throw nameTaken(name);
  }

  /** What came in under another name does not take one under which more is demanded, or records were refused. */
  async function demandUnbound(id: string, name: string, tx: Database): Promise<void> {
    if (!(await store.bindsName(name, id, tx))) return;
    throw new AppError(
      'conflict',
      `another dataset had the name "${name}", and what was decided of it stays with it`,
      {
        hint: 'Choose another name, or push the records under this one.',
        issues: [{ path: 'name', message: 'bound by another dataset’s policy, or by refused versions' }],
      },
    );
  }

  async function register(actor: DataActing, input: NewDataset, tx: Database): Promise<StoredDataset> {
    const now = clock.now();
    const dataset: StoredDataset = {
      id: uuidv7(now),
      name: input.name,
      teamId: teamOfNew(actor, input.teamId),
      description: input.description ?? '',
      license: input.license ?? '',
      consent: input.consent ?? '',
      homepage: input.homepage ?? '',
      label: input.label ?? null,
      retentionDays: null,
      createdById: actor.id,
      createdBy: actor.name,
      createdAt: now,
      updatedAt: now,
      removedAt: null,
    };
    await demandFree(actor, input.name, tx);
    const inserted = await store.insert(dataset, tx).catch((cause: unknown) => {
      throw explain(cause, input.name);
    });
    if (!inserted) throw nameTaken(input.name);
    const detail = { name: dataset.name, teamId: dataset.teamId };
    await witness(actor, dataset, { action: 'data.dataset-registered', custody: 'registered', detail }, tx);
    return dataset;
  }

  return Object.freeze({
    find,
    viewOf,

    /** The dataset of this name, registered if there is none; `conflict` where the name is out of reach or too alike. */
    async ensure(actor: DataActing, input: NewDataset, tx: Database): Promise<StoredDataset> {
      const before = await store.alike(input.name, tx);
      if (!before) {
        try {
          return await register(actor, input, tx);
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
          // Somebody registered it meanwhile.
        }
      }
      const known = before ?? (await store.alike(input.name, tx));
      if (!known) throw nameTaken(input.name);
      if (!inReach(actor, known.teamId) || known.name !== input.name) throw nameTaken(input.name);
      if (input.teamId !== undefined && input.teamId !== known.teamId)
        throw new AppError('conflict', 'this dataset is of another team', {
          hint: 'Leave the team out, or choose another name.',
          issues: [{ path: 'teamId', message: 'another than the dataset’s' }],
        });
      return known;
    },

    async list(
      viewer: Viewer,
      { cursor, limit, search }: { cursor?: string | undefined; limit: number; search?: string | undefined },
    ) {
      const found = await store.page(viewer, { search, after: afterOf(cursor), limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: await viewsOf(items),
        next: found.length > limit && last ? positionOf({ at: last.updatedAt, id: last.id }) : null,
      };
    },

    async create(actor: DataActing, input: z.output<typeof DatasetInput>): Promise<Dataset> {
      return await viewOf(await database.transaction().execute((tx) => register(actor, input, tx)));
    },

    async update(
      principal: Principal,
      ref: string,
      change: z.output<typeof DatasetChange>,
    ): Promise<Dataset> {
      const { id } = await find(principal, ref);
      const changed = await within(database, async (tx) => {
        const before = await store.lock(id, tx);
        if (!before || !inReach(principal, before.teamId)) throw noSuchDataset();
        if (change.retentionDays !== undefined && !principal.permissions.has('data.manage'))
          throw new AppError('forbidden', 'how long content is kept is for who manages data', {
            hint: 'This needs the permission data.manage.',
          });
        if (change.teamId !== undefined) demandMove(principal, before.teamId, change.teamId);
        if (change.name !== undefined && change.name !== before.name) {
          await demandFree(principal, change.name, tx);
          await demandUnbound(id, change.name, tx);
        }
        const given = Object.entries(change).filter(([, value]) => value !== undefined);
        const after: StoredDataset = { ...before, ...Object.fromEntries(given), updatedAt: clock.now() };
        await store.update(after, tx).catch((cause: unknown) => {
          throw explain(cause, after.name);
        });
        const detail = {
          changed: given.map(([key]) => key),
          ...(after.name === before.name ? {} : { name: after.name, formerly: before.name }),
          ...(after.teamId === before.teamId ? {} : { teamId: after.teamId, formerTeamId: before.teamId }),
          ...(after.retentionDays === before.retentionDays ? {} : { retentionDays: after.retentionDays }),
        };
        await witness(principal, after, { action: 'data.dataset-changed', custody: 'changed', detail }, tx);
        return after;
      });
      return await viewOf(changed);
    },

    /** Gives the id, of which versions may still be read. */
    async remove(principal: Principal, ref: string): Promise<string> {
      const { id } = await find(principal, ref);
      await within(database, async (tx) => {
        const dataset = await store.lock(id, tx);
        if (!dataset || !inReach(principal, dataset.teamId)) throw noSuchDataset();
        await store.remove(id, clock.now(), tx);
        const detail = { name: dataset.name };
        await witness(principal, dataset, { action: 'data.dataset-removed', custody: 'removed', detail }, tx);
      });
      return id;
    },
  });
}
export type Datasets = ReturnType<typeof createDatasets>;
