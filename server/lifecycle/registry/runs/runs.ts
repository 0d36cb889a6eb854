import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { LifecycleDeps } from '../../ports.ts';
import type { Viewer } from '../../sight.ts';
import { type Experiments, keptIs } from './experiments.ts';
import { type DatasetDescription, datasetsOf, useDatasets } from './inputs.ts';
import { type Batch, demandBatch, demandTag, demandTitle, LIMITS } from './limits.ts';
import { historyOf, logModelMetrics, logRunMetrics, sampledHistory } from './metrics.ts';
import {
  invalid,
  type KeptFilter,
  type LoggedMetric,
  type ModelUse,
  noSuchLoggedModel,
  type Page,
  type Pair,
  type Point,
  type RegistryCaller,
  type RunStatus,
  type StoredRun,
} from './model.ts';
import { teamInReach } from './reach.ts';
import { dataOf, getActiveRun, getRun, linksOf, RUN } from './run-store.ts';
import { allOf, orderTerms } from './search/compile.ts';
import { parseFilter, parseOrder } from './search/grammar.ts';
import type { PageTokens } from './search/page.ts';
import { RUNS } from './search/targets.ts';

export interface NewRun {
  readonly experimentId: string;
  readonly name: string | undefined;
  readonly userName: string;
  readonly startedAt: number | undefined;
  readonly tags: readonly Pair[];
}

export interface RunChange {
  readonly status?: RunStatus | undefined;
  readonly endedAt?: number | undefined;
  readonly name?: string | undefined;
}

export interface RunSearch {
  /** None: of all experiments in reach. */
  readonly experimentIds: readonly string[] | null;
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[];
  readonly kept: KeptFilter;
  readonly limit: number;
  readonly token?: string | undefined;
}

export interface RunsDeps extends Pick<LifecycleDeps, 'database' | 'audit' | 'clock' | 'events'> {
  readonly tokens: PageTokens;
  readonly experiments: Experiments;
}

const NAME_TAG = 'mlflow.runName';

export async function putRunTags(tx: Database, runId: string, tags: readonly Pair[]): Promise<void> {
  const unique = new Map(tags.map(({ key, value }) => [key, value]));
  const keys = [...unique.keys()].toSorted();
  if (keys.length === 0) return;
  await sql`insert into run_tags (run_id, key, value)
    select ${runId}::uuid, key, value from unnest(${keys}::text[], ${keys.map((key) => unique.get(key) ?? '')}::text[])
      as fresh (key, value) order by key
    on conflict (run_id, key) do update set value = excluded.value`.execute(tx);
  const name = unique.get(NAME_TAG);
  if (name !== undefined) await sql`update runs set name = ${name} where id = ${runId}`.execute(tx);
}

/** A param is logged once; the same value again is no change. */
async function putParams(tx: Database, runId: string, params: readonly Pair[]): Promise<void> {
  const unique = new Map<string, string>();
  const changed = (key: string): AppError =>
    invalid(
      `Changing param values is not allowed. Param with key='${key}' was already logged with another value for this run`,
      'Log it under another name, or in a nested run.',
    );
  for (const { key, value } of params) {
    if (unique.has(key) && unique.get(key) !== value) throw changed(key);
    unique.set(key, value);
  }
  const keys = [...unique.keys()].toSorted();
  if (keys.length === 0) return;
  await sql`insert into run_params (run_id, key, value)
    select ${runId}::uuid, key, value from unnest(${keys}::text[], ${keys.map((key) => unique.get(key) ?? '')}::text[])
      as fresh (key, value) order by key
    on conflict (run_id, key) do nothing`.execute(tx);
  const { rows } = await sql<Pair>`select key, value from run_params
    where run_id = ${runId} and key = any(${keys}::text[])`.execute(tx);
  const other = rows.find(({ key, value }) => unique.get(key) !== value);
  if (other) throw changed(other.key);
}

/** Runs: what was tried, with which parameters and data, and what came of it. */
export function createRuns({ database, audit, clock, events, tokens, experiments }: RunsDeps) {
  const subject = (id: string) => `run:${id}`;

  /** Changes a run that takes changes, in one transaction. */
  async function change<T>(
    caller: RegistryCaller,
    id: string,
    run: (tx: Database, before: StoredRun) => Promise<T>,
  ): Promise<T> {
    return await database
      .transaction()
      .execute(async (tx) => await run(tx, await getActiveRun(tx, caller, id)));
  }

  /** Models of the same reach; throws `not_found` when one of them is not there for the caller. */
  async function demandModels(tx: Database, caller: RegistryCaller, ids: readonly string[]): Promise<void> {
    const unique = [...new Set(ids)];
    if (unique.length === 0) return;
    const { rows } = await sql<{ n: number }>`select count(*) as n from logged_models m
      join experiments e on e.id = m.experiment_id
      where m.id = any(${unique}::uuid[]) and m.deleted_at is null and ${teamInReach(caller, sql`e.team_id`)}`.execute(
      tx,
    );
    if (rows[0]?.n !== unique.length) throw noSuchLoggedModel();
  }

  async function logMetrics(
    tx: Database,
    caller: RegistryCaller,
    runId: string,
    metrics: readonly LoggedMetric[],
  ): Promise<void> {
    await logRunMetrics(tx, runId, metrics);
    const ofModels = metrics.flatMap((metric) =>
      metric.modelId === undefined ? [] : [{ ...metric, modelId: metric.modelId }],
    );
    await demandModels(
      tx,
      caller,
      ofModels.map(({ modelId }) => modelId),
    );
    await logModelMetrics(tx, runId, ofModels);
  }

  async function setDeleted(caller: RegistryCaller, id: string, deleted: boolean): Promise<void> {
    await database.transaction().execute(async (tx) => {
      const before = await getRun(tx, caller, id);
      if ((before.deletedAt !== null) === deleted) return;
      if (!deleted && before.experimentDeleted) {
        throw invalid('the experiment of this run was deleted', 'Restore the experiment first.');
      }
      await sql`update runs set deleted_at = ${deleted ? clock.now() : null} where id = ${id}`.execute(tx);
      const action = deleted ? 'runs.deleted' : 'runs.restored';
      const detail = { name: before.name, experiment: before.experimentId };
      await audit.record({ actor: caller, action, subject: subject(id), detail }, tx);
    });
  }

  return Object.freeze({
    get: (viewer: Viewer, id: string) => getRun(database, viewer, id),
    getActive: (viewer: Viewer, id: string) => getActiveRun(database, viewer, id),
    dataOf: (ids: readonly string[]) => dataOf(database, ids),
    linksOf: (ids: readonly string[]) => linksOf(database, ids),

    async create(caller: RegistryCaller, input: NewRun): Promise<string> {
      const experiment = await experiments.getActive(caller, input.experimentId);
      const now = clock.now();
      const id = uuidv7(now);
      const given = input.name ?? input.tags.find(({ key }) => key === NAME_TAG)?.value;
      const name = demandTitle('Run', given || `run-${id.slice(-8)}`, LIMITS.runName);
      const tags = [...input.tags.filter(({ key }) => key !== NAME_TAG), { key: NAME_TAG, value: name }];
      for (const tag of tags) demandTag(tag);
      await database.transaction().execute(async (tx) => {
        await sql`insert into runs (id, experiment_id, name, user_name, status, started_at, created_by,
            created_by_id)
          values (${id}, ${experiment.id}, ${name}, ${input.userName.slice(0, 250)}, 'running',
            ${input.startedAt ?? now}, ${caller.name}, ${caller.id})`.execute(tx);
        await putRunTags(tx, id, tags);
        const entry = { actor: caller, action: 'runs.created', subject: subject(id) };
        await audit.record({ ...entry, detail: { name, experiment: experiment.id } }, tx);
      });
      return id;
    },

    async update(caller: RegistryCaller, id: string, wanted: RunChange): Promise<StoredRun> {
      const name =
        wanted.name === undefined || wanted.name === ''
          ? undefined
          : demandTitle('Run', wanted.name, LIMITS.runName);
      return await change(caller, id, async (tx) => {
        await sql`update runs set status = coalesce(${wanted.status ?? null}, status),
          ended_at = coalesce(${wanted.endedAt ?? null}::bigint, ended_at) where id = ${id}`.execute(tx);
        if (name !== undefined) await putRunTags(tx, id, [{ key: NAME_TAG, value: name }]);
        return await getRun(tx, caller, id);
      });
    },

    remove: (caller: RegistryCaller, id: string) => setDeleted(caller, id, true),
    restore: (caller: RegistryCaller, id: string) => setDeleted(caller, id, false),

    /** All of it or nothing. */
    async logBatch(caller: RegistryCaller, id: string, batch: Batch): Promise<void> {
      demandBatch(batch);
      await change(caller, id, async (tx) => {
        await putParams(tx, id, batch.params);
        await logMetrics(tx, caller, id, batch.metrics);
        await putRunTags(tx, id, batch.tags);
      });
    },

    async deleteTag(caller: RegistryCaller, id: string, key: string): Promise<void> {
      await change(caller, id, async (tx) => {
        const gone = await sql`delete from run_tags where run_id = ${id} and key = ${key}`.execute(tx);
        if (Number(gone.numAffectedRows ?? 0) === 0)
          throw new AppError('not_found', 'the run has no such tag');
      });
    },

    /** Adds to a tag that holds a JSON list, the newest `max` entries of it. */
    async appendToTag(
      caller: RegistryCaller,
      id: string,
      { key, entry, max }: { readonly key: string; readonly entry: unknown; readonly max: number },
    ) {
      await change(caller, id, async (tx) => {
        await sql`select from runs where id = ${id} for update`.execute(tx);
        await sql`insert into run_tags (run_id, key, value) values (${id}, ${key}, ${JSON.stringify([entry])})
          on conflict (run_id, key) do update set value = (
            select jsonb_agg(one order by nth) from (
              select one, nth from jsonb_array_elements(run_tags.value::jsonb || excluded.value::jsonb)
                with ordinality as list (one, nth) order by nth desc limit ${max}) as newest)::text`.execute(
          tx,
        );
      });
    },

    async logInputs(
      caller: RegistryCaller,
      id: string,
      datasets: readonly DatasetDescription[],
      models: readonly ModelUse[],
    ): Promise<void> {
      const fresh = await change(caller, id, async (tx, run) => {
        await linkModels(tx, caller, id, { direction: 'input', models });
        return await useDatasets(tx, run, datasets, clock.now());
      });
      for (const dataset of fresh) events.emit('dataset.logged', { runId: id, ...dataset });
    },

    async logOutputs(caller: RegistryCaller, id: string, models: readonly ModelUse[]): Promise<void> {
      await change(caller, id, (tx) => linkModels(tx, caller, id, { direction: 'output', models }));
    },

    async history(
      viewer: Viewer,
      id: string,
      asked: { key: string; limit: number; token?: string | undefined },
    ) {
      await getRun(database, viewer, id);
      const question = ['history', id, asked.key];
      const offset = tokens.offset(asked.token, question);
      const rows = await historyOf(database, id, asked.key, { limit: asked.limit, offset });
      const more = rows.length > asked.limit;
      const page: Page<Point> = {
        items: rows.slice(0, asked.limit),
        next: more ? tokens.token(offset + asked.limit, question) : null,
      };
      return page;
    },

    /** Of those of the runs that are in reach. */
    async sampled(viewer: Viewer, ids: readonly string[], asked: Parameters<typeof sampledHistory>[2]) {
      const there = await sql<{ id: string }>`select r.id from runs r
        join experiments e on e.id = r.experiment_id
        where r.id = any(${[...ids]}::uuid[]) and ${teamInReach(viewer, sql`e.team_id`)}`.execute(database);
      return await sampledHistory(
        database,
        there.rows.map((row) => row.id),
        asked,
      );
    },

    /** Of those of the experiments that are in reach. */
    async datasets(viewer: Viewer, experimentIds: readonly string[]) {
      const there = await sql<{ id: string }>`select e.id from experiments e
        where e.id = any(${[...experimentIds]}::uuid[]) and ${teamInReach(viewer, sql`e.team_id`)}`.execute(
        database,
      );
      return await datasetsOf(
        database,
        there.rows.map((row) => row.id),
      );
    },

    async search(viewer: Viewer, asked: RunSearch): Promise<Page<StoredRun>> {
      const clauses = parseFilter(asked.filter, RUNS.dialect);
      const orders = (asked.orderBy ?? []).map((text) => parseOrder(text, RUNS.dialect));
      const question = ['runs', asked.experimentIds, asked.filter ?? '', asked.orderBy ?? [], asked.kept];
      const offset = tokens.offset(asked.token, question);
      const terms = [...orderTerms(orders, RUNS), sql`r.started_at desc`, sql`r.id desc`];
      const of =
        asked.experimentIds === null
          ? sql`true`
          : sql`r.experiment_id = any(${[...asked.experimentIds]}::uuid[])`;
      const { rows } = await sql<StoredRun>`select ${RUN} from runs r
        join experiments e on e.id = r.experiment_id
        where ${of} and ${teamInReach(viewer, sql`e.team_id`)} and ${keptIs(asked.kept, sql`r.deleted_at`)}
          and ${allOf(clauses, RUNS)}
        order by ${sql.join(terms)} limit ${asked.limit + 1} offset ${offset}`.execute(database);
      const more = rows.length > asked.limit;
      return {
        items: rows.slice(0, asked.limit),
        next: more ? tokens.token(offset + asked.limit, question) : null,
      };
    },
  });

  async function linkModels(
    tx: Database,
    caller: RegistryCaller,
    runId: string,
    { direction, models }: { direction: 'input' | 'output'; models: readonly ModelUse[] },
  ): Promise<void> {
    await demandModels(
      tx,
      caller,
      models.map(({ modelId }) => modelId),
    );
    for (const { modelId, step } of models) {
      await sql`insert into run_models (run_id, model_id, direction, step)
        values (${runId}, ${modelId}, ${direction}, ${step})
        on conflict (run_id, direction, model_id) do update set step = coalesce(excluded.step, run_models.step)`.execute(
        tx,
      );
    }
  }
}
export type Runs = ReturnType<typeof createRuns>;
