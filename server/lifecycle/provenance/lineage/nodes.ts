import type { DataLineageKind, DataLineageNode, ScanVerdict } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import { reaches, type Viewer } from '../../sight.ts';
import { inReach, reachSql } from '../datasets/reach.ts';
import { type ByKind, batchKey, byKind, type NodeId, nodeId, splitBatch, uuidKeys } from './model.ts';
import { useOfKey } from './naming.ts';
import type { LineageDeps } from './ports.ts';
import { toldSql } from './telling.ts';

/** A thing as lineage shows it, before it stands at a distance from another. */
export type NodeFacts = Omit<DataLineageNode, 'distance'>;

interface Row {
  readonly kind: DataLineageKind;
  readonly key: string;
  readonly label: string;
  readonly ref: string | null;
  readonly version?: number | null;
  readonly quarantined?: boolean;
  readonly verdict?: ScanVerdict | null;
  readonly reached: boolean;
  readonly at: number | null;
}

const factsOf = (row: Row): NodeFacts => ({
  id: nodeId(row.kind, row.key),
  kind: row.kind,
  label: row.reached ? row.label : '',
  ref: row.reached ? row.ref : null,
  version: row.reached ? (row.version ?? null) : null,
  quarantined: row.quarantined ?? false,
  verdict: row.verdict ?? null,
  hidden: !row.reached,
  at: row.reached ? row.at : null,
});

/** Whether others within reach tell of a run `r` with the same id: then it says who tells. */
const others = (viewer: Viewer): RawBuilder<boolean> =>
  sql`exists (select from data_lineage_runs o
    where o.run_id = r.run_id and o.id <> r.id and ${toldSql(viewer, 'o')})`;

/** Names of things, of many at once. What is out of the viewer's reach is there without a name. */
export function createNodes({ database, ports }: Pick<LineageDeps, 'database' | 'ports'>) {
  const rowsOf = async <T>(query: RawBuilder<T>): Promise<readonly T[]> =>
    (await query.execute(database)).rows;
  type Load = (viewer: Viewer, nodes: ByKind) => Promise<readonly Row[]>;

  const sources: Load = async (viewer, nodes) => {
    const ids = uuidKeys(nodes, 'source');
    if (ids.length === 0) return [];
    return await rowsOf(sql<Row>`select 'source' as kind, s.id as key, s.name as label, s.id as ref,
      ${reachSql(viewer, sql`s.team_id`)} as reached, s.created_at as at
      from data_sources s where s.id = any(${[...ids]}::uuid[])`);
  };

  const versions: Load = async (viewer, nodes) => {
    const ids = uuidKeys(nodes, 'dataset-version');
    if (ids.length === 0) return [];
    return await rowsOf(sql<Row>`select 'dataset-version' as kind, v.id as key, d.name || '@' || v.number as label,
      d.id as ref, v.number as version, v.quarantined, ${reachSql(viewer, sql`d.team_id`)} as reached,
      v.created_at as at
      from data_versions v join data_datasets d on d.id = v.dataset_id where v.id = any(${[...ids]}::uuid[])`);
  };

  const batches: Load = async (viewer, nodes) => {
    const named = (nodes.get('batch') ?? []).flatMap((key) => splitBatch(key) ?? []);
    if (named.length === 0) return [];
    const rows = await rowsOf(sql<Omit<Row, 'kind' | 'key'> & { datasetId: string; batch: string }>`
      select v.dataset_id as "datasetId", v.batch, min(d.name) || '/' || v.batch as label,
        v.dataset_id as ref, bool_and(${reachSql(viewer, sql`d.team_id`)}) as reached, min(v.created_at) as at
      from unnest(${named.map(({ datasetId }) => datasetId)}::uuid[], ${named.map(({ batch }) => batch)}::text[])
        as n(dataset_id, batch)
      join data_versions v on v.dataset_id = n.dataset_id and v.batch = n.batch
      join data_datasets d on d.id = v.dataset_id group by v.dataset_id, v.batch`);
    return rows.map(({ datasetId, batch, ...row }) => ({
      kind: 'batch',
      key: batchKey(datasetId, batch),
      ...row,
    }));
  };

  const named: Load = async (viewer, nodes) => {
    const ids = [...uuidKeys(nodes, 'job'), ...uuidKeys(nodes, 'external-dataset')];
    const rows =
      ids.length === 0
        ? []
        : await rowsOf(sql<Row>`select n.kind, n.id as key, n.namespace || '/' || n.name ||
            case when n.version = '' then '' else '@' || n.version end as label, null as ref,
            ${toldSql(viewer, 'n')} as reached, n.at
          from data_lineage_nodes n where n.id = any(${ids}::uuid[])`);
    // What runs name in MLflow is told by the runs: who reaches one reaches the name.
    const told = (nodes.get('external-dataset') ?? []).flatMap((key): Row[] => {
      const use = useOfKey(key);
      if (!use) return [];
      const label = `${use.name} (${use.digest})`;
      return [{ kind: 'external-dataset', key, label, ref: null, reached: !viewer.endpoints, at: null }];
    });
    return [...rows, ...told];
  };

  const runs: Load = async (viewer, nodes) => {
    const ids = uuidKeys(nodes, 'run');
    if (ids.length === 0) return [];
    const [here, elsewhere] = await Promise.all([
      ports.registry.runs(ids),
      rowsOf(sql<Row>`select 'run' as kind, r.id as key,
          min(r.label) || case when bool_or(${others(viewer)}) then ' (told by ' || min(r.told_by) || ')'
            else '' end as label, null as ref, true as reached, min(r.at) as at
        from data_lineage_runs r where r.id = any(${[...ids]}::uuid[]) and ${toldSql(viewer, 'r')}
        group by r.id`),
    ]);
    const known = here.map(
      ({ id, name, teamId, at }): Row => ({
        kind: 'run',
        key: id,
        label: name,
        ref: id,
        reached: inReach(viewer, teamId),
        at,
      }),
    );
    const ours = new Set(known.map(({ key }) => key));
    return [...known, ...elsewhere.filter(({ key }) => !ours.has(key))];
  };

  const modelVersions: Load = async (viewer, nodes) => {
    const ids = uuidKeys(nodes, 'model-version');
    if (ids.length === 0) return [];
    return (await ports.registry.modelVersions(ids)).map((found) => ({
      kind: 'model-version',
      key: found.id,
      label: `${found.model}@${found.version}`,
      ref: found.modelId,
      version: found.version,
      quarantined: found.quarantined,
      verdict: found.verdict,
      reached: inReach(viewer, found.teamId),
      at: found.at,
    }));
  };

  const endpoints: Load = async (viewer, nodes) => {
    const ids = new Set(uuidKeys(nodes, 'endpoint'));
    if (ids.size === 0) return [];
    const all = (await ports.endpoints()).filter(({ id }) => ids.has(id));
    return all.map((found) => ({
      kind: 'endpoint',
      key: found.id,
      label: found.slug,
      ref: found.id,
      reached: reaches(viewer, found),
      at: null,
    }));
  };

  const systems: Load = async (viewer, nodes) => {
    const ids = uuidKeys(nodes, 'system');
    if (ids.length === 0) return [];
    const found = await ports.systems.named(viewer, { ids, limit: ids.length });
    return found.map(({ id, name, at }) => ({
      kind: 'system',
      key: id,
      label: name,
      ref: id,
      reached: true,
      at,
    }));
  };

  const loads: readonly Load[] = [sources, versions, batches, named, runs, modelVersions, endpoints, systems];

  return Object.freeze({
    /** Those that are there, by id. */
    async load(viewer: Viewer, ids: Iterable<NodeId>): Promise<ReadonlyMap<NodeId, NodeFacts>> {
      const nodes = byKind(ids);
      const found = await Promise.all(loads.map((load) => load(viewer, nodes)));
      return new Map(found.flat().map((row) => [nodeId(row.kind, row.key), factsOf(row)]));
    },
  });
}
export type Nodes = ReturnType<typeof createNodes>;
