import type { DataLineageKind, DataLineageNode, Trace } from '@bartizan/contracts';
import type { Viewer } from '../../sight.ts';
import type { Graphs, Walked } from './graph.ts';
import { createGroundZero, type Wanted } from './ground-zero.ts';
import { isUuid, type NodeId, nodeId, splitBatch, splitId } from './model.ts';
import type { NodeFacts, Nodes } from './nodes.ts';
import type { EndpointFact, LineageDeps } from './ports.ts';
import { createSubjects, type Subject } from './subject.ts';

interface TracingDeps extends LineageDeps {
  readonly graphs: Graphs;
  readonly nodes: Nodes;
}

/** As far as a trace goes: things in each direction, and steps. */
const REACH = { depth: 100, limit: 10_000 } as const;
/** Instants since which requests are counted, at most; more are not told apart in time. */
const MOST_SINCES = 20;

/** Versions that are looked into at most: each may have a scan to be read. */
const MOST_VERSIONS = 200;

const EVERYBODY: Viewer = Object.freeze({ teams: '*' });
const NOTHING: Walked = { nodes: new Map(), edges: [], truncated: false };

/** Versions that something other than the next version was made of: those made of them tell of the ones before. */
function usedVersions({ nodes, edges }: Walked, root: NodeId): readonly string[] {
  const used = new Set(edges.filter(({ relation }) => relation !== 'derived-from').map(({ from }) => from));
  return [...nodes.values()]
    .filter(({ id, kind, hidden }) => kind === 'dataset-version' && !hidden && (id === root || used.has(id)))
    .flatMap(({ id }) => splitId(id)?.key ?? []);
}

export function createTracing(deps: TracingDeps) {
  const { graphs, nodes, ports } = deps;
  const subjects = createSubjects(deps);
  const groundZero = createGroundZero(deps);

  /** Requests that the endpoints answered since the versions that they serve are there. */
  async function answered(
    walks: readonly Walked[],
    endpoints: readonly DataLineageNode[],
  ): Promise<number | null> {
    if (endpoints.length === 0) return 0;
    const ats = new Map(
      walks.flatMap((walk) => [...walk.nodes.values()].map(({ id, at }) => [id, at] as const)),
    );
    const since = new Map<NodeId, number>();
    for (const { from, to, relation } of walks.flatMap(({ edges }) => edges)) {
      const at = ats.get(from);
      if (relation !== 'serves' || at === null || at === undefined) continue;
      since.set(to, Math.min(at, since.get(to) ?? at));
    }
    const times = new Set(since.values());
    if (times.size > MOST_SINCES || endpoints.some(({ id }) => !since.has(id))) return null;
    let sum = 0;
    for (const at of times) {
      const traffic = await ports.interactions.traffic(at);
      for (const { id } of endpoints)
        if (since.get(id) === at) sum += traffic.get(splitId(id)?.key ?? '')?.requests ?? 0;
    }
    return sum;
  }

  /** What was reached, as lists of at most `limit` each. */
  async function reachedOf(
    walks: readonly Walked[],
    { below, root, limit }: { readonly below: Walked; readonly root: NodeId; readonly limit: number },
  ): Promise<{ readonly reached: Trace['reached']; readonly truncated: boolean }> {
    const shown = [...below.nodes.values()].filter(({ id, hidden }) => !hidden && id !== root);
    const of = (...kinds: readonly DataLineageKind[]) => shown.filter(({ kind }) => kinds.includes(kind));
    const cut = (...kinds: readonly DataLineageKind[]) => of(...kinds).slice(0, limit);
    const endpoints = [...below.nodes.values()].filter(({ kind, hidden }) => kind === 'endpoint' && !hidden);
    return {
      reached: {
        datasetVersions: cut('dataset-version', 'external-dataset'),
        runs: cut('run'),
        modelVersions: cut('model-version'),
        endpoints: cut('endpoint'),
        systems: cut('system'),
        interactions: await answered(walks, endpoints),
      },
      truncated:
        of('dataset-version', 'external-dataset').length > limit ||
        (['run', 'model-version', 'endpoint', 'system'] as const).some((kind) => of(kind).length > limit),
    };
  }

  const hiddenIn = (...walks: readonly Walked[]): number =>
    new Set(
      walks.flatMap((walk) => [...walk.nodes.values()].filter(({ hidden }) => hidden).map(({ id }) => id)),
    ).size;

  /** Follows what these versions hold: not over versions that came after them, of which some may not hold it. */
  async function belowVersions(viewer: Viewer, versionIds: readonly string[]): Promise<Walked> {
    const from = await nodes.load(
      viewer,
      versionIds.map((id) => nodeId('dataset-version', id)),
    );
    const known = new Set([...from.values()].map(({ ref }) => ref));
    return await graphs.walk(viewer, [...from.values()], 'below', {
      ...REACH,
      skip: (edge, node) =>
        edge.relation === 'derived-from' && node?.ref !== null && known.has(node?.ref ?? ''),
    });
  }

  /** Follows records of some origins: only over versions that still hold some of them. */
  async function belowOrigins(viewer: Viewer, originIds: readonly string[]): Promise<Walked> {
    const holders = await groundZero.holders(originIds);
    const walked = await belowVersions(
      viewer,
      holders.map(({ id }) => id),
    );
    const further = [...walked.nodes].map(
      ([id, node]) => [id, { ...node, distance: node.distance + 1 }] as const,
    );
    return { ...walked, nodes: new Map(further) };
  }

  async function traceNode(viewer: Viewer, id: NodeId, limit: number): Promise<Trace> {
    const root = await graphs.root(viewer, id);
    const arrived = wantedOf(root);
    if (arrived) return await traceArrival(viewer, root, arrived, limit);
    const above = await graphs.walk(viewer, [root], 'above', REACH);
    const below = await graphs.walk(viewer, [root], 'below', REACH);
    return await finish(viewer, { subject: { ...root, distance: 0 }, root: root.id, above, below, limit });
  }

  async function finish(
    viewer: Viewer,
    {
      subject,
      root,
      above,
      below,
      limit,
    }: {
      readonly subject: DataLineageNode;
      readonly root: NodeId;
      readonly above: Walked;
      readonly below: Walked;
      readonly limit: number;
    },
  ): Promise<Trace> {
    const versions = usedVersions(above, root);
    const origins = await groundZero.of(viewer, versions.slice(0, MOST_VERSIONS));
    const { reached, truncated } = await reachedOf([above, below], { below, root: subject.id, limit });
    return {
      subject,
      origins: origins.slice(0, limit),
      reached,
      truncated:
        above.truncated ||
        below.truncated ||
        truncated ||
        versions.length > MOST_VERSIONS ||
        origins.length > limit,
      hidden: hiddenIn(above, below),
    };
  }

  function wantedOf({ id, kind }: NodeFacts): Wanted | undefined {
    const key = splitId(id)?.key ?? '';
    if (kind === 'source' && isUuid(key)) return { sourceId: key };
    const batch = kind === 'batch' ? splitBatch(key) : undefined;
    return batch ? { batch } : undefined;
  }

  /** A batch or a source is ground zero itself. */
  async function traceArrival(
    viewer: Viewer,
    root: NodeFacts,
    wanted: Wanted,
    limit: number,
  ): Promise<Trace> {
    const arrivals = await groundZero.arrivals(wanted);
    const [origins, below] = await Promise.all([
      groundZero.of(viewer, arrivals.slice(0, MOST_VERSIONS), wanted),
      belowOrigins(viewer, arrivals),
    ]);
    const { reached, truncated } = await reachedOf([below], { below, root: root.id, limit });
    return {
      subject: { ...root, distance: 0 },
      origins: origins.slice(0, limit),
      reached,
      truncated: below.truncated || truncated || arrivals.length > MOST_VERSIONS || origins.length > limit,
      hidden: hiddenIn(below),
    };
  }

  async function traceRecord(
    viewer: Viewer,
    { version, row }: Extract<Subject, { is: 'record' }>,
    limit: number,
  ): Promise<Trace> {
    const { origins, originId } = await groundZero.ofRecord(viewer, version.id, row);
    const below = originId === null ? NOTHING : await belowOrigins(viewer, [originId]);
    const { reached, truncated } = await reachedOf([below], { below, root: '', limit });
    const subject: DataLineageNode = {
      id: `record:${version.id}#${row}`,
      kind: 'record',
      label: `${version.dataset}@${version.number}#${row}`,
      ref: version.datasetId,
      version: version.number,
      quarantined: version.quarantined,
      verdict: null,
      hidden: false,
      distance: 0,
      at: version.createdAt,
    };
    return {
      subject,
      origins: [...origins],
      reached,
      truncated: below.truncated || truncated,
      hidden: hiddenIn(below),
    };
  }

  async function traceInteraction(
    viewer: Viewer,
    { node, endpoint }: Extract<Subject, { is: 'interaction' }>,
    limit: number,
  ): Promise<Trace> {
    const found = (await nodes.load(viewer, [endpoint])).get(endpoint);
    const from = found ? [found] : [];
    const above = await graphs.walk(viewer, from, 'above', REACH);
    const below = await graphs.walk(viewer, from, 'below', REACH);
    return await finish(viewer, { subject: node, root: endpoint, above, below, limit });
  }

  /** Whoever looks: what it gives is told to people within their reach by whoever asks. */
  const reach = Object.freeze({
    holders: (originIds: readonly string[]) => groundZero.holders(originIds),
    async endpointsBelow(versionIds: readonly string[]): Promise<readonly EndpointFact[]> {
      if (versionIds.length === 0) return [];
      const { nodes: met } = await belowVersions(EVERYBODY, versionIds);
      return (await ports.endpoints()).filter(({ id }) => met.has(nodeId('endpoint', id)));
    },
  });

  return Object.freeze({
    reach,
    /** Where what is behind a thing came in, and what it reached. Errors as {@link createSubjects}. */
    async trace(
      viewer: Viewer,
      { subject, limit }: { readonly subject: string; readonly limit: number },
    ): Promise<Trace> {
      const found = await subjects.find(viewer, subject);
      if (found.is === 'record') return await traceRecord(viewer, found, limit);
      if (found.is === 'interaction') return await traceInteraction(viewer, found, limit);
      return await traceNode(viewer, found.id, limit);
    },
  });
}
export type Tracing = ReturnType<typeof createTracing>;
