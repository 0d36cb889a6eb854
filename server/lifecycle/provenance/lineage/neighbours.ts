import { type RawBuilder, sql } from 'kysely';
import type { Viewer } from '../../sight.ts';
import { createEventEdges } from './events-edges.ts';
import {
  type ByKind,
  batchKey,
  byKind,
  type Edge,
  type NodeId,
  nodeId,
  splitBatch,
  uuidKeys,
} from './model.ts';
import type { LineageDeps } from './ports.ts';
import { createResolving } from './resolving.ts';
import type { LineageViewer } from './telling.ts';
import { createToldRuns } from './told-runs.ts';
import { createUsesOfData } from './uses-of-data.ts';

/** Where to look: towards where data comes from, or where it is felt. */
export type Side = 'above' | 'below';

const MOST = 20_000;
const SHOWN = sql`v.state not in ('processing', 'failed')`;

interface Arrival {
  readonly id: string;
  readonly datasetId: string;
  readonly batch: string | null;
  readonly sourceId: string | null;
  readonly parentId: string | null;
}

/** What stands next to things, for a whole level of them at a time: never a query for each. */
export function createNeighbours({ database, ports }: Pick<LineageDeps, 'database' | 'ports'>) {
  const { registry, systems } = ports;
  const resolving = createResolving(database);
  const uses = createUsesOfData({ ports, resolving });
  const events = createEventEdges({ database, resolving });
  const toldRuns = createToldRuns({ database, registry });

  const arrivals = async (where: RawBuilder<unknown>): Promise<readonly Arrival[]> =>
    (
      await sql<Arrival>`select v.id, v.dataset_id as "datasetId", v.batch, v.source_id as "sourceId",
          v.parent_id as "parentId" from data_versions v
        where ${SHOWN} and (${where}) order by v.created_at desc, v.id limit ${MOST}`.execute(database)
    ).rows;

  /** From a source over the batch to the version in which it came, as far as they are named. */
  function arrivalEdges(version: Arrival): readonly Edge[] {
    const { id, datasetId, batch, sourceId } = version;
    const place = nodeId('dataset-version', id);
    const by = batch === null ? place : nodeId('batch', batchKey(datasetId, batch));
    return [
      ...(sourceId === null
        ? []
        : [{ from: nodeId('source', sourceId), to: by, relation: 'collected-from' as const }]),
      ...(batch === null ? [] : [{ from: by, to: place, relation: 'brought-in' as const }]),
    ];
  }

  const derivation = ({ id, parentId }: Arrival): readonly Edge[] =>
    parentId === null
      ? []
      : [
          {
            from: nodeId('dataset-version', parentId),
            to: nodeId('dataset-version', id),
            relation: 'derived-from',
          },
        ];

  async function data(nodes: ByKind, side: Side): Promise<readonly Edge[]> {
    const versions = uuidKeys(nodes, 'dataset-version');
    const sources = uuidKeys(nodes, 'source');
    const batches = (nodes.get('batch') ?? []).flatMap((key) => splitBatch(key) ?? []);
    if (versions.length + sources.length + batches.length === 0) return [];
    // Each arm has an index of its own.
    const ofBatches = sql`select b.id from unnest(${batches.map(({ datasetId }) => datasetId)}::uuid[],
        ${batches.map(({ batch }) => batch)}::text[]) as n(dataset_id, batch)
      join data_versions b on b.dataset_id = n.dataset_id and b.batch = n.batch`;
    const found =
      side === 'below'
        ? await arrivals(sql`v.id in (
            select id from data_versions where parent_id = any(${[...versions]}::uuid[])
            union select id from data_versions where source_id = any(${[...sources]}::uuid[])
            union ${ofBatches})`)
        : await arrivals(sql`v.id in (select unnest(${[...versions]}::uuid[]) union ${ofBatches})`);
    return found.flatMap((version) => [...arrivalEdges(version), ...derivation(version)]);
  }

  const pair =
    (from: 'run' | 'model-version', to: 'model-version' | 'endpoint', relation: Edge['relation']) =>
    (one: { readonly from: string; readonly to: string }): Edge => ({
      from: nodeId(from, one.from),
      to: nodeId(to, one.to),
      relation,
    });

  async function models(nodes: ByKind, side: Side): Promise<readonly Edge[]> {
    const runs = uuidKeys(nodes, 'run');
    const versions = uuidKeys(nodes, 'model-version');
    const endpoints = uuidKeys(nodes, 'endpoint');
    const made = side === 'below' ? { runs } : { modelVersions: versions };
    const served = side === 'below' ? versions : endpoints;
    const [madeBy, basedOn, serving] = await Promise.all([
      (side === 'below' ? runs : versions).length === 0 ? [] : registry.madeBy(made),
      versions.length === 0 ? [] : registry.basedOn(versions, side === 'below' ? 'bases' : 'derived'),
      served.length === 0 ? [] : registry.serving(served, side === 'below' ? 'model-versions' : 'endpoints'),
    ]);
    return [
      ...madeBy.map(pair('run', 'model-version', 'made-by')),
      ...basedOn.map(pair('model-version', 'model-version', 'based-on')),
      ...serving.map(pair('model-version', 'endpoint', 'serves')),
    ];
  }

  /** A system that names a model uses the versions of it that are current. */
  async function used(viewer: Viewer, nodes: ByKind, side: Side): Promise<readonly Edge[]> {
    const versions = side === 'below' ? uuidKeys(nodes, 'model-version') : [];
    const endpoints = side === 'below' ? uuidKeys(nodes, 'endpoint') : [];
    const asked = side === 'above' ? uuidKeys(nodes, 'system') : [];
    if (versions.length + endpoints.length + asked.length === 0) return [];
    const facts = versions.length === 0 ? [] : await registry.modelVersions(versions);
    const links = await systems.links(viewer, {
      models: [...new Set(facts.map(({ modelId }) => modelId))],
      endpoints,
      systems: asked,
    });
    const modelIds = [...new Set(links.flatMap(({ kind, to }) => (kind === 'model' ? to : [])))];
    const current = modelIds.length === 0 ? [] : await registry.current(modelIds);
    return links.flatMap(({ id, kind, to }): readonly Edge[] => {
      const system = nodeId('system', id);
      if (kind === 'endpoint') return [{ from: nodeId('endpoint', to), to: system, relation: 'uses' }];
      return current
        .filter(({ modelId }) => modelId === to)
        .map((version) => ({ from: nodeId('model-version', version.id), to: system, relation: 'uses' }));
    });
  }

  return Object.freeze({
    /**
     * The node that a name means: of a dataset the version here, where it means one within the viewer's reach; of a
     * run's id as clients gave it the run. `conflict` where several tell of such a run.
     */
    async meant(viewer: LineageViewer, kind: string, key: string): Promise<NodeId | undefined> {
      if (kind === 'run') {
        const run = await toldRuns.meant(viewer, key);
        return run === undefined ? undefined : nodeId('run', run);
      }
      if (kind !== 'external-dataset') return undefined;
      const version = key.startsWith('mlflow.')
        ? await uses.versionOf(viewer, key)
        : uuidKeys(new Map([['external-dataset', [key]]]), 'external-dataset').length === 0
          ? undefined
          : await events.versionOf(viewer, key);
      return version === undefined ? undefined : nodeId('dataset-version', version);
    },

    /** Edges that touch one of the nodes on that side of it. */
    async around(viewer: Viewer, ids: readonly NodeId[], side: Side): Promise<readonly Edge[]> {
      const nodes = byKind(ids);
      const versions = await resolving.versions(viewer, uuidKeys(nodes, 'dataset-version'));
      const found = await Promise.all([
        data(nodes, side),
        events.around(viewer, nodes, versions, side),
        side === 'below' ? uses.below(viewer, nodes, versions) : uses.above(viewer, nodes),
        models(nodes, side),
        used(viewer, nodes, side),
      ]);
      const asked = new Set(ids);
      return found.flat().filter(({ from, to }) => asked.has(side === 'below' ? from : to));
    },
  });
}
export type Neighbours = ReturnType<typeof createNeighbours>;
