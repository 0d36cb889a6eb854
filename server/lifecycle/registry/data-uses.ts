import type { ScanVerdict } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';

/** A run as lineage of data names it. */
export interface RunFact {
  readonly id: string;
  readonly name: string;
  /** Null: everybody's. */
  readonly teamId: string | null;
  readonly at: number;
}

/** A version of a model as lineage of data names it; removed ones too. */
export interface ModelVersionFact {
  readonly id: string;
  readonly modelId: string;
  readonly model: string;
  readonly version: number;
  readonly teamId: string | null;
  readonly quarantined: boolean;
  readonly verdict: ScanVerdict | null;
  readonly at: number;
}

/** That a run, or a version of a model, says that it used a dataset. */
export interface DatasetUseFact {
  readonly by: 'run' | 'model-version';
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  /** As the client wrote it: an address, a path, or JSON that holds one. */
  readonly source: string;
}

export interface VersionPair {
  readonly from: string;
  readonly to: string;
}

/** What is asked about; each question is answered for many things at once. */
export interface DatasetUseQuery {
  readonly runs?: readonly string[];
  readonly modelVersions?: readonly string[];
  /** Names of datasets, and addresses `bartizan://datasets/…/versions/…` in their source. */
  readonly named?: { readonly names: readonly string[]; readonly addresses: readonly string[] };
}

/** As lists are long, every answer is cut at this many rows. */
const MOST = 20_000;
/** As the index over sources of datasets has it. */
const ADDRESS = sql.raw(`substring(d.source from 'bartizan://datasets/[^"/[:space:]]+/versions/[0-9]+')`);

const uuids = (ids: readonly string[]): RawBuilder<unknown> => sql`any(${[...ids]}::uuid[])`;

/** The version that an endpoint serves of a model that it names. */
const SERVED = sql`endpoint_models e join model_versions v on v.id = (
  select c.id from model_versions c left join model_aliases a on a.version_id = c.id and a.alias = e.version
  where c.model_id = e.model_id and c.removed_at is null
    and (a.alias is not null or c.version::text = e.version or (e.version = 'latest' and c.status = 'ready'))
  order by c.version desc limit 1)`;

const MODEL_VERSION = sql`v.id, v.model_id as "modelId", m.name as model, v.version, m.team_id as "teamId",
  v.quarantined, v.scan_verdict as verdict, v.created_at as at`;

/** Runs that used datasets and what was made of them, for lineage of data: whole levels at a time, whoever looks. */
export function createDataUses(database: Database) {
  const rowsOf = async <T>(query: RawBuilder<T>): Promise<readonly T[]> =>
    (await query.execute(database)).rows;
  const pairs = (query: RawBuilder<VersionPair>) => rowsOf(query);

  async function uses({ runs = [], modelVersions = [], named }: DatasetUseQuery) {
    const names = [...(named?.names ?? [])];
    const addresses = [...(named?.addresses ?? [])];
    const byRuns = rowsOf(sql<DatasetUseFact>`
      select 'run' as by, u.run_id as id, d.name, d.digest, d.source
      from run_datasets u join datasets d on d.id = u.dataset_id
      where u.run_id = ${uuids(runs)} or d.id in (
        select d.id from datasets d where d.name = any(${names}::text[])
        union select d.id from datasets d where ${ADDRESS} = any(${addresses}::text[]))
      order by u.run_id limit ${MOST}`);
    // What a run of here read is told by the run.
    const byVersions = rowsOf(sql<DatasetUseFact>`
      select 'model-version' as by, d.version_id as id, d.name, d.digest, d.source
      from model_version_datasets d join model_versions v on v.id = d.version_id
      where (d.version_id = ${uuids(modelVersions)} or d.name = any(${names}::text[])
          or ${ADDRESS} = any(${addresses}::text[]))
        and not exists (select from runs r where r.id::text = v.run_id)
      order by d.version_id limit ${MOST}`);
    return (await Promise.all([byRuns, byVersions])).flat();
  }

  return Object.freeze({
    uses,
    runs: (ids: readonly string[]) =>
      rowsOf(sql<RunFact>`select r.id, r.name, e.team_id as "teamId", r.started_at as at
        from runs r join experiments e on e.id = r.experiment_id where r.id = ${uuids(ids)}`),
    modelVersions: (ids: readonly string[]) =>
      rowsOf(sql<ModelVersionFact>`select ${MODEL_VERSION}
        from model_versions v join models m on m.id = v.model_id where v.id = ${uuids(ids)}`),
    /** The one with that number of the model of that name; undefined where there is none. */
    async modelVersion(model: string, version: number): Promise<ModelVersionFact | undefined> {
      const found = await rowsOf(sql<ModelVersionFact>`select ${MODEL_VERSION}
        from model_versions v join models m on m.id = v.model_id
        where m.name = ${model} and m.removed_at is null and v.version = ${version}`);
      return found[0];
    },
    /** From runs to the versions that they made; of runs, or of versions. */
    madeBy: ({ runs = [], modelVersions = [] }: DatasetUseQuery) =>
      pairs(sql<VersionPair>`select r.id as "from", v.id as "to"
        from model_versions v join runs r on r.id::text = v.run_id
        where v.removed_at is null and (v.run_id = any(${[...runs]}::text[]) or v.id = ${uuids(modelVersions)})
        limit ${MOST}`),
    basedOn: (ids: readonly string[], side: 'bases' | 'derived') =>
      pairs(sql<VersionPair>`select v.base_version_id as "from", v.id as "to" from model_versions v
        where v.base_version_id is not null and v.removed_at is null
          and ${side === 'bases' ? sql`v.base_version_id` : sql`v.id`} = ${uuids(ids)} limit ${MOST}`),
    /** From versions to the endpoints that serve them now; of versions, or of endpoints. */
    serving: (ids: readonly string[], side: 'model-versions' | 'endpoints') =>
      pairs(
        side === 'endpoints'
          ? sql<VersionPair>`select v.id as "from", e.endpoint_id as "to" from ${SERVED}
              where e.endpoint_id = ${uuids(ids)} limit ${MOST}`
          : sql<VersionPair>`select v.id as "from", e.endpoint_id as "to" from ${SERVED}
              where v.id = ${uuids(ids)}
                and e.model_id in (select c.model_id from model_versions c where c.id = ${uuids(ids)})
              limit ${MOST}`,
      ),
    /** Of models: the newest version that is ready, those in production, and those that an alias names. */
    current: (modelIds: readonly string[]) =>
      rowsOf(sql<{ id: string; modelId: string }>`select v.id, v.model_id as "modelId" from model_versions v
        where v.model_id = ${uuids(modelIds)} and v.removed_at is null and (v.stage = 'production'
          or exists (select from model_aliases a where a.version_id = v.id)
          or v.version = (select max(n.version) from model_versions n
            where n.model_id = v.model_id and n.removed_at is null and n.status = 'ready')) limit ${MOST}`),
    /** The newest, whose teams these are (`*`: all), with when they came. */
    newest: (teams: ReadonlySet<string> | '*', limit: number) => {
      const reach = (column: RawBuilder<unknown>): RawBuilder<unknown> =>
        teams === '*' ? sql`true` : sql`(${column} is null or ${column} = ${uuids([...teams])})`;
      return rowsOf(sql<{ kind: 'run' | 'model-version'; id: string; at: number }>`
        (select 'run' as kind, r.id, r.started_at as at from runs r join experiments e on e.id = r.experiment_id
          where r.deleted_at is null and ${reach(sql`e.team_id`)} order by r.started_at desc, r.id desc limit ${limit})
        union all
        (select 'model-version' as kind, v.id, v.created_at as at from model_versions v
          join models m on m.id = v.model_id where v.removed_at is null and ${reach(sql`m.team_id`)}
          order by v.created_at desc, v.id desc limit ${limit})`);
    },
    /** Ids of runs and versions whose name holds the text, newest first. */
    search: (teams: ReadonlySet<string> | '*', text: string, limit: number) => {
      const like = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
      const reach = (column: RawBuilder<unknown>): RawBuilder<unknown> =>
        teams === '*' ? sql`true` : sql`(${column} is null or ${column} = ${uuids([...teams])})`;
      return rowsOf(sql<{ kind: 'run' | 'model-version'; id: string }>`
        (select 'model-version' as kind, v.id from model_versions v join models m on m.id = v.model_id
          where v.removed_at is null and ${reach(sql`m.team_id`)} and (m.name || '@' || v.version) ilike ${like}
          order by v.created_at desc limit ${limit})
        union all
        (select 'run' as kind, r.id from runs r join experiments e on e.id = r.experiment_id
          where r.deleted_at is null and ${reach(sql`e.team_id`)} and (r.name ilike ${like} or r.id::text = ${text})
          order by r.started_at desc limit ${limit})`);
    },
    /** Datasets whose name holds the text, as runs and versions of these teams (`*`: all) name them; each once. */
    searchUses: (teams: ReadonlySet<string> | '*', text: string, limit: number) => {
      const like = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
      const reach = (column: RawBuilder<unknown>): RawBuilder<unknown> =>
        teams === '*' ? sql`true` : sql`(${column} is null or ${column} = ${uuids([...teams])})`;
      return rowsOf(sql<DatasetUseFact>`
        select distinct on (name, digest, source) * from (
          (select 'run' as by, u.run_id as id, d.name, d.digest, d.source
            from datasets d join run_datasets u on u.dataset_id = d.id join runs r on r.id = u.run_id
              join experiments e on e.id = r.experiment_id
            where d.name ilike ${like} and r.deleted_at is null and ${reach(sql`e.team_id`)} limit ${MOST})
          union all
          (select 'model-version', v.id, d.name, d.digest, d.source
            from model_version_datasets d join model_versions v on v.id = d.version_id join models m on m.id = v.model_id
            where d.name ilike ${like} and v.removed_at is null and ${reach(sql`m.team_id`)}
              and not exists (select from runs r where r.id::text = v.run_id) limit ${MOST})) found
        order by name, digest, source limit ${limit}`);
    },
  });
}
export type DataUses = ReturnType<typeof createDataUses>;
