import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { nameKey } from '../datasets/model.ts';
import { type ReaderFact, readersOf } from '../lineage/index.ts';
import type { DatasetsPort, KnownVersion } from '../ports.ts';
import type { KeptDependant } from './model.ts';

interface Pair {
  readonly from: string;
  readonly to: string;
}
interface Use {
  readonly by: 'run' | 'model-version';
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  readonly source: string;
}

/** What of other stages is asked for what was made from records. */
export interface DependantsPorts {
  readonly registry: {
    readonly uses: (query: {
      readonly named: { readonly names: readonly string[]; readonly addresses: readonly string[] };
    }) => Promise<readonly Use[]>;
    readonly runs: (
      ids: readonly string[],
    ) => Promise<readonly { readonly id: string; readonly name: string; readonly teamId: string | null }[]>;
    readonly modelVersions: (ids: readonly string[]) => Promise<
      readonly {
        readonly id: string;
        readonly modelId: string;
        readonly model: string;
        readonly version: number;
        readonly teamId: string | null;
      }[]
    >;
    readonly madeBy: (query: { readonly runs: readonly string[] }) => Promise<readonly Pair[]>;
    readonly basedOn: (ids: readonly string[], side: 'bases' | 'derived') => Promise<readonly Pair[]>;
    readonly serving: (
      ids: readonly string[],
      side: 'model-versions' | 'endpoints',
    ) => Promise<readonly Pair[]>;
  };
  readonly endpoints: () => Promise<
    readonly { readonly id: string; readonly slug: string; readonly teamId: string | null }[]
  >;
  readonly systems: {
    readonly links: (
      viewer: Viewer,
      of: { readonly models: readonly string[]; readonly endpoints: readonly string[] },
    ) => Promise<readonly { readonly id: string }[]>;
    readonly named: (
      viewer: Viewer,
      query: { readonly ids: readonly string[]; readonly limit: number },
    ) => Promise<readonly { readonly id: string; readonly name: string }[]>;
  };
}

const MOST = 1_000;
/** Models that were made from models, so many times over. */
const GENERATIONS = 8;
/** No team has this id: what has it is there for callers over all teams only. */
const NOBODY_ELSE = '00000000-0000-0000-0000-000000000000';
const EVERYBODY: Viewer = Object.freeze({ teams: '*' });
/** Shortest beginning of a Merkle root that names it; MLflow keeps 36 characters. */
const SHORTEST_ROOT = 8;

interface Holder {
  readonly id: string;
  readonly number: number;
  readonly root: string | null;
}

const addressesOf = (name: string, number: number): string[] => [
  ...new Set(
    [name, encodeURIComponent(name), encodeURI(name)].map(
      (each) => `bartizan://datasets/${each}/versions/${number}`,
    ),
  ),
];

/** Whether a use names one of the versions: by the address in its source, else by name and Merkle root. */
function names(
  use: Use,
  dataset: string,
  holders: readonly Holder[],
  addresses: ReadonlySet<string>,
): boolean {
  const address = /bartizan:\/\/datasets\/[^"/\s]+\/versions\/[1-9]\d{0,8}(?!\d)/.exec(use.source)?.[0];
  if (address !== undefined) return addresses.has(address);
  const digest = use.digest.toLowerCase();
  if (use.name !== dataset || digest.length < SHORTEST_ROOT || !/^[0-9a-f]+$/.test(digest)) return false;
  return holders.some(({ root }) => root?.startsWith(digest));
}

/** Runs that only events tell of, each once for those who see it. */
function toldRuns(readers: readonly ReaderFact[]): readonly KeptDependant[] {
  const kept = readers.flatMap(({ id, label, teams: [teamId = null, ...others], registered }) =>
    registered
      ? []
      : [{ kind: 'run' as const, id, label, teamId: others.length === 0 ? teamId : NOBODY_ELSE }],
  );
  return [...new Map(kept.map((one) => [`${one.id} ${one.teamId}`, one])).values()];
}

/** What was made from records: versions, runs, models, endpoints, systems; with their teams, whoever looks later. */
export function createDependants({
  database,
  datasets,
  ports,
}: {
  readonly database: Database;
  readonly datasets: Pick<DatasetsPort, 'originsOf'>;
  readonly ports?: DependantsPorts | undefined;
}) {
  /** Versions of the dataset that hold records which came in with these rows. */
  async function holdersOf(version: KnownVersion, rows: readonly number[]): Promise<readonly Holder[]> {
    const { origins } = await datasets.originsOf(version.id, rows);
    const { rows: found } = await sql<Holder>`select v.id, v.number, v.root from data_versions v
      where v.dataset_id = ${version.datasetId} and v.state in ('ready', 'awaiting-review')
        and (v.id = ${version.id} or exists (select from jsonb_array_elements(v.origins) o
          where o->>'version' = any(${origins.map(({ versionId }) => versionId)}::text[]) and (o->>'rows')::bigint > 0))
      order by v.number limit ${MOST}`.execute(database);
    return found;
  }

  async function modelsOf(registry: DependantsPorts['registry'], runs: string[], direct: string[]) {
    const made = await registry.madeBy({ runs });
    const all = new Set([...direct, ...made.map(({ to }) => to)]);
    let level = [...all];
    for (let round = 0; level.length > 0 && round < GENERATIONS && all.size < MOST; round++) {
      const derived = await registry.basedOn(level, 'bases');
      level = derived.map(({ to }) => to).filter((id) => !all.has(id));
      for (const id of level) all.add(id);
    }
    return [...all];
  }

  async function beyond(
    { registry, endpoints, systems }: DependantsPorts,
    version: KnownVersion,
    holders: readonly Holder[],
    readers: readonly ReaderFact[],
  ): Promise<KeptDependant[]> {
    const addresses = holders.flatMap(({ number }) => addressesOf(version.dataset, number));
    const known = new Set(addresses);
    const uses = (await registry.uses({ named: { names: [version.dataset], addresses } })).filter((use) =>
      names(use, version.dataset, holders, known),
    );
    const used = uses.filter(({ by }) => by === 'run').map(({ id }) => id);
    const told = readers.filter(({ registered }) => registered).map(({ id }) => id);
    const runIds = [...new Set([...used, ...told])];
    const direct = uses.filter(({ by }) => by === 'model-version').map(({ id }) => id);
    const runs = await registry.runs(runIds);
    const models = await registry.modelVersions(await modelsOf(registry, runIds, direct));
    const served = new Set(
      (
        await registry.serving(
          models.map(({ id }) => id),
          'model-versions',
        )
      ).map(({ to }) => to),
    );
    const live = (await endpoints()).filter(({ id }) => served.has(id));
    const linked = await systems.links(EVERYBODY, {
      models: [...new Set(models.map(({ modelId }) => modelId))],
      endpoints: live.map(({ id }) => id),
    });
    const using = await systems.named(EVERYBODY, {
      ids: [...new Set(linked.map(({ id }) => id))],
      limit: MOST,
    });
    // A system is named to whoever may see the dataset and all that leads there; it has the team of the dataset here.
    return [
      ...runs.map(({ id, name, teamId }) => ({ kind: 'run' as const, id, label: name, teamId })),
      ...models.map(({ id, model, version: number, teamId }) => ({
        kind: 'model-version' as const,
        id,
        label: `${model} version ${number}`,
        teamId,
      })),
      ...live.map(({ id, slug, teamId }) => ({ kind: 'endpoint' as const, id, label: slug, teamId })),
      ...using.map(({ id, name }) => ({ kind: 'system' as const, id, label: name, teamId: version.teamId })),
    ];
  }

  return Object.freeze({
    async of(version: KnownVersion, rows: readonly number[]): Promise<readonly KeptDependant[]> {
      const holders = await holdersOf(version, rows);
      const versions = holders
        .filter(({ id }) => id !== version.id)
        .map(({ id, number }) => ({
          kind: 'dataset-version' as const,
          id,
          label: `${version.dataset} version ${number}`,
          teamId: version.teamId,
        }));
      const readers = await readersOf(database, { nameKey: nameKey(version.dataset), versions: holders });
      const further = ports ? await beyond(ports, version, holders, readers) : [];
      return [...further, ...toldRuns(readers), ...versions].slice(0, MOST);
    },
  });
}
export type Dependants = ReturnType<typeof createDependants>;
