import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { LifecycleDeps } from '../../ports.ts';
import type { Viewer } from '../../sight.ts';
import type { Experiments } from './experiments.ts';
import { demandParam, demandTag, demandTitle, LIMITS } from './limits.ts';
import {
  invalid,
  type LoggedModelData,
  type LoggedModelStatus,
  type ModelMetric,
  noSuchLoggedModel,
  type Page,
  type Pair,
  type RegistryCaller,
  type StoredLoggedModel,
} from './model.ts';
import { teamInReach } from './reach.ts';
import { getActiveRun } from './run-store.ts';
import { allOf, orderTerms } from './search/compile.ts';
import { type Order, parseFilter, parseOrder } from './search/grammar.ts';
import type { PageTokens } from './search/page.ts';
import { LOGGED_MODELS } from './search/targets.ts';

export interface NewLoggedModel {
  readonly experimentId: string;
  readonly sourceRunId: string | undefined;
  readonly name: string | undefined;
  readonly type: string;
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
}

export interface LoggedModelSearch {
  readonly experimentIds: readonly string[];
  readonly filter?: string | undefined;
  readonly orderBy?: readonly { readonly field: string; readonly ascending: boolean }[];
  /** Only those that have a metric on one of these. */
  readonly datasets?: readonly { readonly name: string; readonly digest?: string | undefined }[];
  readonly limit: number;
  readonly token?: string | undefined;
}

export interface LoggedModelsDeps extends Pick<LifecycleDeps, 'database' | 'audit' | 'clock'> {
  readonly tokens: PageTokens;
  readonly experiments: Experiments;
}

const MODEL = sql`m.id, m.experiment_id as "experimentId", e.team_id as "teamId",
  m.source_run_id as "sourceRunId", m.name, m.type, m.status, m.status_message as "statusMessage",
  m.created_by as "createdBy", m.created_at as "createdAt", m.updated_at as "updatedAt"`;
const FROM = sql`from logged_models m join experiments e on e.id = m.experiment_id`;

type Owned<T> = T & { readonly owner: string };
const ownedBy = <T>(rows: readonly Owned<T>[], id: string): T[] => rows.filter(({ owner }) => owner === id);

async function putPairs(
  tx: Database,
  table: 'logged_model_params' | 'logged_model_tags',
  id: string,
  pairs: readonly Pair[],
): Promise<void> {
  for (const { key, value } of pairs) {
    await sql`insert into ${sql.table(table)} (model_id, key, value) values (${id}, ${key}, ${value})
      on conflict (model_id, key) do update set value = excluded.value`.execute(tx);
  }
}

/** Models as clients log them, before and apart from any registration. */
export function createLoggedModels({ database, audit, clock, tokens, experiments }: LoggedModelsDeps) {
  async function get(viewer: Viewer, id: string, within: Database = database): Promise<StoredLoggedModel> {
    const { rows } = await sql<StoredLoggedModel>`select ${MODEL} ${FROM}
      where m.id = ${id}::uuid and m.deleted_at is null and ${teamInReach(viewer, sql`e.team_id`)}`.execute(
      within,
    );
    const [model] = rows;
    if (!model) throw noSuchLoggedModel();
    return model;
  }

  const change = <T>(
    caller: RegistryCaller,
    id: string,
    run: (tx: Database, before: StoredLoggedModel) => Promise<T>,
  ): Promise<T> =>
    database.transaction().execute(async (tx) => {
      const result = await run(tx, await get(caller, id, tx));
      await sql`update logged_models set updated_at = ${clock.now()} where id = ${id}`.execute(tx);
      return result;
    });

  const subject = (id: string) => `logged-model:${id}`;

  return Object.freeze({
    get: (viewer: Viewer, id: string) => get(viewer, id),

    async dataOf(ids: readonly string[]): Promise<Map<string, LoggedModelData>> {
      const of = sql`model_id = any(${[...ids]}::uuid[])`;
      const [params, tags, metrics] = await Promise.all([
        sql<Owned<Pair>>`select model_id as owner, key, value from logged_model_params where ${of}
          order by key`.execute(database),
        sql<Owned<Pair>>`select model_id as owner, key, value from logged_model_tags where ${of}
          order by key`.execute(database),
        sql<Owned<ModelMetric>>`select model_id as owner, key, value, step, at, run_id as "runId",
          dataset_name as "datasetName", dataset_digest as "datasetDigest"
          from logged_model_metrics where ${of} order by key, run_id, dataset_name, dataset_digest`.execute(
          database,
        ),
      ]);
      return new Map(
        ids.map((id) => [
          id,
          {
            params: ownedBy<Pair>(params.rows, id),
            tags: ownedBy<Pair>(tags.rows, id),
            metrics: ownedBy<ModelMetric>(metrics.rows, id),
          },
        ]),
      );
    },

    async create(caller: RegistryCaller, input: NewLoggedModel): Promise<string> {
      const experiment = await experiments.getActive(caller, input.experimentId);
      const now = clock.now();
      const id = uuidv7(now);
      const name = demandTitle('Model', input.name || `model-${id.slice(-8)}`, LIMITS.modelName);
      if (/[/:.%"']/.test(name)) throw invalid('Model names have none of / : . % " and \'');
      for (const param of input.params) demandParam(param);
      for (const tag of input.tags) demandTag(tag);
      await database.transaction().execute(async (tx) => {
        if (input.sourceRunId !== undefined) await getActiveRun(tx, caller, input.sourceRunId);
        await sql`insert into logged_models (id, experiment_id, source_run_id, name, type, status, created_by,
            created_at, updated_at)
          values (${id}, ${experiment.id}, ${input.sourceRunId ?? null}, ${name}, ${input.type.slice(0, 500)},
            'pending', ${caller.name}, ${now}, ${now})`.execute(tx);
        await putPairs(tx, 'logged_model_params', id, input.params);
        await putPairs(tx, 'logged_model_tags', id, input.tags);
        const detail = { name, experiment: experiment.id, run: input.sourceRunId ?? null };
        await audit.record(
          { actor: caller, action: 'logged-models.created', subject: subject(id), detail },
          tx,
        );
      });
      return id;
    },

    async finalize(caller: RegistryCaller, id: string, status: LoggedModelStatus): Promise<void> {
      await change(caller, id, async (tx) => {
        await sql`update logged_models set status = ${status} where id = ${id}`.execute(tx);
      });
    },

    /** Its files go with it; versions made from it keep theirs. */
    async remove(caller: RegistryCaller, id: string): Promise<void> {
      await change(caller, id, async (tx, before) => {
        await sql`update logged_models set deleted_at = ${clock.now()} where id = ${id}`.execute(tx);
        await sql`delete from artifact_files where root_kind = 'model' and root_id = ${id}`.execute(tx);
        const entry = { actor: caller, action: 'logged-models.deleted', subject: subject(id) };
        await audit.record({ ...entry, detail: { name: before.name, experiment: before.experimentId } }, tx);
      });
    },

    async setTags(caller: RegistryCaller, id: string, tags: readonly Pair[]): Promise<void> {
      for (const tag of tags) demandTag(tag);
      await change(caller, id, (tx) => putPairs(tx, 'logged_model_tags', id, tags));
    },

    async deleteTag(caller: RegistryCaller, id: string, key: string): Promise<void> {
      await change(caller, id, async (tx) => {
        const gone = await sql`delete from logged_model_tags where model_id = ${id} and key = ${key}`.execute(
          tx,
        );
        if (Number(gone.numAffectedRows ?? 0) > 0) return;
        throw new AppError('not_found', 'the logged model has no such tag');
      });
    },

    async logParams(caller: RegistryCaller, id: string, params: readonly Pair[]): Promise<void> {
      for (const param of params) demandParam(param);
      await change(caller, id, (tx) => putPairs(tx, 'logged_model_params', id, params));
    },

    async ofRun(runId: string): Promise<readonly StoredLoggedModel[]> {
      const { rows } = await sql<StoredLoggedModel>`select ${MODEL} ${FROM} where m.deleted_at is null
        and (m.source_run_id = ${runId}::uuid or m.id in
          (select model_id from run_models where run_id = ${runId}::uuid and direction = 'output'))
        order by m.created_at, m.id limit 1000`.execute(database);
      return rows;
    },

    async search(viewer: Viewer, asked: LoggedModelSearch): Promise<Page<StoredLoggedModel>> {
      const { dialect } = LOGGED_MODELS;
      const clauses = parseFilter(asked.filter, dialect);
      const orders = (asked.orderBy ?? []).map(
        ({ field, ascending }): Order => ({ ...parseOrder(field, dialect), ascending }),
      );
      const question = ['models', asked.experimentIds, asked.filter ?? '', asked.orderBy, asked.datasets];
      const offset = tokens.offset(asked.token, question);
      const terms = [...orderTerms(orders, LOGGED_MODELS), sql`m.created_at desc`, sql`m.id desc`];
      const on = (asked.datasets ?? []).map(
        ({ name, digest }) =>
          sql`exists (select from logged_model_metrics d where d.model_id = m.id and d.dataset_name = ${name}
            and (${digest ?? null}::text is null or d.dataset_digest = ${digest ?? null}))`,
      );
      const { rows } = await sql<StoredLoggedModel>`select ${MODEL} ${FROM}
        where m.experiment_id = any(${[...asked.experimentIds]}::uuid[]) and m.deleted_at is null
          and ${teamInReach(viewer, sql`e.team_id`)} and ${allOf(clauses, LOGGED_MODELS)}
          and ${on.length === 0 ? sql`true` : sql`(${sql.join(on, sql` or `)})`}
        order by ${sql.join(terms)} limit ${asked.limit + 1} offset ${offset}`.execute(database);
      const more = rows.length > asked.limit;
      return {
        items: rows.slice(0, asked.limit),
        next: more ? tokens.token(offset + asked.limit, question) : null,
      };
    },
  });
}
export type LoggedModels = ReturnType<typeof createLoggedModels>;
