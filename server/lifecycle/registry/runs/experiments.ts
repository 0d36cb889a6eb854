import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { LifecycleDeps } from '../../ports.ts';
import type { Viewer } from '../../sight.ts';
import { isUniqueViolation } from '../../sql-state.ts';
import { demandTag, demandTitle, LIMITS } from './limits.ts';
import { DEFAULT_EXPERIMENT_ID } from './migrations.ts';
import {
  invalid,
  type KeptFilter,
  noSuchExperiment,
  type Page,
  type Pair,
  type RegistryCaller,
  type StoredExperiment,
} from './model.ts';
import { ownTeam, teamInReach } from './reach.ts';
import { allOf, orderTerms } from './search/compile.ts';
import { parseFilter, parseOrder } from './search/grammar.ts';
import type { PageTokens } from './search/page.ts';
import { EXPERIMENTS } from './search/targets.ts';

export interface ExperimentSearch {
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[];
  readonly kept: KeptFilter;
  readonly limit: number;
  readonly token?: string | undefined;
}

export interface ExperimentsDeps extends Pick<LifecycleDeps, 'database' | 'audit' | 'clock'> {
  readonly tokens: PageTokens;
}

const EXPERIMENT = sql`e.id, e.name, e.team_id as "teamId", e.deleted_at as "deletedAt",
  e.created_by as "createdBy", e.created_at as "createdAt", e.updated_at as "updatedAt",
  coalesce((select jsonb_object_agg(t.key, t.value) from experiment_tags t where t.experiment_id = e.id),
    '{}'::jsonb) as tags`;

export const keptIs = (kept: KeptFilter, column: ReturnType<typeof sql>) =>
  kept === 'all' ? sql`true` : kept === 'deleted' ? sql`${column} is not null` : sql`${column} is null`;

const taken = (name: string, deleted: boolean, cause?: unknown): AppError =>
  new AppError(
    'conflict',
    deleted
      ? `Experiment "${name}" already exists in deleted state`
      : `Experiment "${name}" already exists, perhaps of another team`,
    {
      hint: deleted ? 'Restore it, or choose another name.' : 'Choose another name.',
      ...(cause === undefined ? {} : { cause }),
    },
  );

async function putTags(tx: Database, id: string, tags: readonly Pair[]): Promise<void> {
  for (const { key, value } of tags) {
    await sql`insert into experiment_tags (experiment_id, key, value) values (${id}, ${key}, ${value})
      on conflict (experiment_id, key) do update set value = excluded.value`.execute(tx);
  }
}

/** Experiments as folders of runs: found, made, renamed, tagged, deleted and restored. */
export function createExperiments({ database, audit, clock, tokens }: ExperimentsDeps) {
  async function find(
    viewer: Viewer,
    where: ReturnType<typeof sql>,
    within: Database = database,
  ): Promise<StoredExperiment | undefined> {
    const found = await sql<StoredExperiment>`select ${EXPERIMENT} from experiments e
      where ${where} and ${teamInReach(viewer, sql`e.team_id`)}`.execute(within);
    return found.rows[0];
  }

  /** Throws `not_found` for another team's as for one that never was. */
  async function get(viewer: Viewer, id: string, within?: Database): Promise<StoredExperiment> {
    const found = await find(viewer, sql`e.id = ${id}::uuid`, within);
    if (!found) throw noSuchExperiment();
    return found;
  }

  async function change<T>(
    caller: RegistryCaller,
    id: string,
    run: (tx: Database, before: StoredExperiment) => Promise<T>,
  ): Promise<T> {
    return await database.transaction().execute(async (tx) => {
      await sql`select from experiments where id = ${id}::uuid for update`.execute(tx);
      return await run(tx, await get(caller, id, tx));
    });
  }

  const subject = (id: string) => `experiment:${id}`;

  return Object.freeze({
    get,
    /** Not one that was deleted. */
    async getActive(viewer: Viewer, id: string): Promise<StoredExperiment> {
      const found = await get(viewer, id);
      if (found.deletedAt === null) return found;
      throw invalid(`the experiment "${found.name}" was deleted`, 'Restore it first.');
    },
    async byName(viewer: Viewer, name: string): Promise<StoredExperiment> {
      const found = await find(viewer, sql`e.name = ${name}`);
      if (!found) throw noSuchExperiment();
      return found;
    },

    async create(caller: RegistryCaller, input: { name: string; tags: readonly Pair[] }): Promise<string> {
      const teamId = ownTeam(caller);
      const name = demandTitle('Experiment', input.name, LIMITS.experimentName);
      for (const tag of input.tags) demandTag(tag, LIMITS.experimentTagValue);
      const now = clock.now();
      const id = uuidv7(now);
      try {
        await database.transaction().execute(async (tx) => {
          await sql`insert into experiments (id, name, team_id, created_by, created_at, updated_at)
            values (${id}, ${name}, ${teamId}, ${caller.name}, ${now}, ${now})`.execute(tx);
          await putTags(tx, id, input.tags);
          const entry = { actor: caller, action: 'experiments.created', subject: subject(id) };
          await audit.record({ ...entry, detail: { name, teamId } }, tx);
        });
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        const there = await find(caller, sql`e.name = ${name}`);
        throw taken(name, there !== undefined && there.deletedAt !== null, error);
      }
      return id;
    },

    async rename(caller: RegistryCaller, id: string, newName: string): Promise<void> {
      const name = demandTitle('Experiment', newName, LIMITS.experimentName);
      try {
        await change(caller, id, async (tx, before) => {
          if (before.deletedAt !== null) throw invalid('a deleted experiment is not renamed');
          await sql`update experiments set name = ${name}, updated_at = ${clock.now()} where id = ${id}`.execute(
            tx,
          );
          const entry = { actor: caller, action: 'experiments.renamed', subject: subject(id) };
          await audit.record({ ...entry, detail: { from: before.name, to: name } }, tx);
        });
      } catch (error) {
        throw isUniqueViolation(error) ? taken(name, false, error) : error;
      }
    },

    async setTag(caller: RegistryCaller, id: string, tag: Pair): Promise<void> {
      demandTag(tag, LIMITS.experimentTagValue);
      await change(caller, id, async (tx, before) => {
        if (before.deletedAt !== null) throw invalid('a deleted experiment gets no tags');
        await putTags(tx, id, [tag]);
        await sql`update experiments set updated_at = ${clock.now()} where id = ${id}`.execute(tx);
      });
    },

    async deleteTag(caller: RegistryCaller, id: string, key: string): Promise<void> {
      await change(caller, id, async (tx) => {
        const gone =
          await sql`delete from experiment_tags where experiment_id = ${id} and key = ${key}`.execute(tx);
        if (Number(gone.numAffectedRows ?? 0) === 0) {
          throw new AppError('not_found', 'the experiment has no such tag');
        }
      });
    },

    /** Its runs go with it, and come back with it. */
    async remove(caller: RegistryCaller, id: string): Promise<void> {
      if (id === DEFAULT_EXPERIMENT_ID) throw invalid('the default experiment is not deleted');
      await change(caller, id, async (tx, before) => {
        if (before.deletedAt !== null) return;
        const now = clock.now();
        await sql`update experiments set deleted_at = ${now}, updated_at = ${now} where id = ${id}`.execute(
          tx,
        );
        const runs =
          await sql`update runs set deleted_at = ${now} where experiment_id = ${id} and deleted_at is null`.execute(
            tx,
          );
        const entry = { actor: caller, action: 'experiments.deleted', subject: subject(id) };
        const detail = { name: before.name, runs: Number(runs.numAffectedRows ?? 0) };
        await audit.record({ ...entry, detail }, tx);
      });
    },

    async restore(caller: RegistryCaller, id: string): Promise<void> {
      await change(caller, id, async (tx, before) => {
        if (before.deletedAt === null) return;
        const now = clock.now();
        await sql`update experiments set deleted_at = null, updated_at = ${now} where id = ${id}`.execute(tx);
        await sql`update runs set deleted_at = null
          where experiment_id = ${id} and deleted_at = ${before.deletedAt}`.execute(tx);
        const entry = { actor: caller, action: 'experiments.restored', subject: subject(id) };
        await audit.record({ ...entry, detail: { name: before.name } }, tx);
      });
    },

    async search(viewer: Viewer, asked: ExperimentSearch): Promise<Page<StoredExperiment>> {
      const clauses = parseFilter(asked.filter, EXPERIMENTS.dialect);
      const orders = (asked.orderBy ?? []).map((text) => parseOrder(text, EXPERIMENTS.dialect));
      const question = ['experiments', asked.filter ?? '', asked.orderBy ?? [], asked.kept];
      const offset = tokens.offset(asked.token, question);
      const terms = [...orderTerms(orders, EXPERIMENTS), sql`e.created_at desc`, sql`e.id desc`];
      const { rows } = await sql<StoredExperiment>`select ${EXPERIMENT} from experiments e
        where ${teamInReach(viewer, sql`e.team_id`)} and ${keptIs(asked.kept, sql`e.deleted_at`)}
          and ${allOf(clauses, EXPERIMENTS)}
        order by ${sql.join(terms)} limit ${asked.limit + 1} offset ${offset}`.execute(database);
      const more = rows.length > asked.limit;
      return {
        items: rows.slice(0, asked.limit),
        next: more ? tokens.token(offset + asked.limit, question) : null,
      };
    },
  });
}
export type Experiments = ReturnType<typeof createExperiments>;
