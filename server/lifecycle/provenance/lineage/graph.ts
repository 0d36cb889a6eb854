import type { DataLineageGraph, DataLineageNode, DataLineageQuery } from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../../kernel/error.ts';
import type { Viewer } from '../../sight.ts';
import { MOST_EDGES } from './events-edges.ts';
import { type Edge, type NodeId, splitId } from './model.ts';
import { useOfKey } from './naming.ts';
import type { Neighbours, Side } from './neighbours.ts';
import type { Newest } from './newest.ts';
import type { NodeFacts, Nodes } from './nodes.ts';

/** What was met around a thing, with names only within the viewer's reach. */
export interface Walked {
  readonly nodes: ReadonlyMap<NodeId, DataLineageNode>;
  readonly edges: readonly Edge[];
  readonly truncated: boolean;
}

interface Limits {
  /** Steps. */
  readonly depth: number;
  /** Nodes at most, the one that is begun from included. */
  readonly limit: number;
  /** Edges that are not followed. */
  readonly skip?: (edge: Edge, from: DataLineageNode | undefined) => boolean;
}

interface GraphDeps {
  readonly neighbours: Neighbours;
  readonly nodes: Nodes;
  readonly newest: Newest;
}

/** After this many milliseconds a walk ends where it is, and is said to be cut. */
const WALK_MS = 10_000;
/** Nodes whose names are looked up together, at least. */
const LOADED = 500;

const edgeKey = ({ from, to, relation }: Edge): string => JSON.stringify([from, to, relation]);

export const noSuchThing = (): AppError =>
  new AppError('not_found', 'there is no such thing in the lineage', {
    hint: 'Look it up by its name; what belongs to other teams is not there.',
  });

/** Of what is hidden a number: its id would name it elsewhere. */
function withoutNames(
  nodes: ReadonlyMap<NodeId, DataLineageNode>,
  edges: readonly Edge[],
): Pick<DataLineageGraph, 'nodes' | 'edges' | 'hidden'> {
  const aliases = new Map<NodeId, string>();
  for (const { id, kind, hidden } of nodes.values())
    if (hidden) aliases.set(id, `${kind}:hidden-${aliases.size + 1}`);
  const named = (id: NodeId): string => aliases.get(id) ?? id;
  return {
    nodes: [...nodes.values()].map((node) => ({ ...node, id: named(node.id) })),
    edges: edges.map(({ from, to, relation }) => ({ from: named(from), to: named(to), relation })),
    hidden: aliases.size,
  };
}

export function createGraphs({ neighbours, nodes: names, newest }: GraphDeps) {
  /** The first `room` of these that are there: names are not looked up of what there is no room for. */
  async function take(
    viewer: Viewer,
    ids: readonly NodeId[],
    room: number,
  ): Promise<{ readonly taken: readonly NodeFacts[]; readonly more: boolean }> {
    const taken: NodeFacts[] = [];
    let next = 0;
    while (next < ids.length && taken.length < room) {
      const some = ids.slice(next, next + Math.max(LOADED, room - taken.length));
      const facts = await names.load(viewer, some);
      for (const id of some) {
        if (taken.length >= room) break;
        const node = facts.get(id);
        if (node) taken.push(node);
        next += 1;
      }
    }
    return { taken, more: next < ids.length };
  }

  /** Breadth first on one side. What is hidden is met, and not followed. */
  async function walk(
    viewer: Viewer,
    from: readonly NodeFacts[],
    side: Side,
    { depth, limit, skip = () => false }: Limits,
  ): Promise<Walked> {
    const sign = side === 'below' ? 1 : -1;
    const met = new Map<NodeId, DataLineageNode>(from.map((node) => [node.id, { ...node, distance: 0 }]));
    const edges = new Map<string, Edge>();
    let level = from.filter(({ hidden }) => !hidden).map(({ id }) => id);
    let truncated = false;
    const until = performance.now() + WALK_MS;
    for (let step = 1; level.length > 0; step += 1) {
      if (performance.now() > until) {
        truncated = true;
        break;
      }
      const all = await neighbours.around(viewer, level, side);
      truncated ||= all.length >= MOST_EDGES;
      const found = all.filter((edge) => !skip(edge, met.get(edge.from)));
      const ends = [...new Set(found.map((edge) => (side === 'below' ? edge.to : edge.from)))];
      const fresh = ends.filter((id) => !met.has(id));
      const { taken, more } = await take(viewer, fresh, step > depth ? 0 : limit - met.size);
      truncated ||= more;
      level = [];
      for (const node of taken) {
        met.set(node.id, { ...node, distance: sign * step });
        if (!node.hidden) level.push(node.id);
      }
      for (const edge of found) if (met.has(edge.from) && met.has(edge.to)) edges.set(edgeKey(edge), edge);
      if (step > depth || met.size >= limit) {
        truncated ||= level.length > 0 && met.size >= limit;
        break;
      }
    }
    return { nodes: met, edges: [...edges.values()], truncated };
  }

  /** Both sides of one thing; half of the room for where it comes from, so that much use hides no origin. */
  async function around(
    viewer: Viewer,
    root: NodeFacts,
    { direction, depth, limit }: Limits & { readonly direction: 'both' | 'origins' | 'uses' },
  ): Promise<Walked> {
    const half = direction === 'both' ? Math.max(1, Math.floor(limit / 2)) : limit;
    const above =
      direction === 'uses' ? undefined : await walk(viewer, [root], 'above', { depth, limit: half });
    const room = limit - (above?.nodes.size ?? 1) + 1;
    const below =
      direction === 'origins' ? undefined : await walk(viewer, [root], 'below', { depth, limit: room });
    // A thing on both sides stands where it is nearer to the origins.
    const nodes = new Map([...(below?.nodes ?? []), ...(above?.nodes ?? [])]);
    const edges = new Map(
      [...(above?.edges ?? []), ...(below?.edges ?? [])].map((edge) => [edgeKey(edge), edge]),
    );
    return {
      nodes,
      edges: [...edges.values()],
      truncated: (above?.truncated ?? false) || (below?.truncated ?? false),
    };
  }

  /** The node of that id; a name that means a version here is that version. `not_found` out of reach. */
  async function root(viewer: Viewer, id: string): Promise<NodeFacts> {
    const name = splitId(id);
    if (!name)
      throw new AppError('invalid_input', 'this names nothing that lineage knows', {
        hint: 'Take the id of a node, like dataset-version:… or run:…; search gives them by name.',
        issues: [{ path: 'node', message: 'must be <kind>:<key>' }],
      });
    const meant = (await neighbours.meant(viewer, name.kind, name.key)) ?? id;
    // Such an id says itself what it is called: it is there only where a run or a model within reach says so too.
    const bare = meant === id && name.kind === 'external-dataset' && useOfKey(name.key) !== undefined;
    if (bare && (await neighbours.around(viewer, [id], 'below')).length === 0) throw noSuchThing();
    const found = (await names.load(viewer, [meant])).get(meant);
    if (!found || found.hidden) throw noSuchThing();
    return found;
  }

  async function overview(viewer: Viewer, limit: number): Promise<DataLineageGraph> {
    const { ids: found, more } = await newest.list(viewer, limit);
    const facts = await names.load(viewer, found);
    const shown = new Map(
      [...facts.values()].filter(({ hidden }) => !hidden).map((node) => [node.id, { ...node, distance: 0 }]),
    );
    const ids = [...shown.keys()];
    const [below, above] = await Promise.all([
      neighbours.around(viewer, ids, 'below'),
      neighbours.around(viewer, ids, 'above'),
    ]);
    // Datasets that only runs name have no place in time: they come with their runs, where there is room.
    const named = above
      .map(({ from }) => from)
      .filter((id) => !shown.has(id) && id.startsWith('external-dataset:'));
    const room = [...new Set(named)].slice(0, Math.max(0, limit - shown.size));
    for (const [id, node] of await names.load(viewer, room))
      if (!node.hidden) shown.set(id, { ...node, distance: 0 });
    const within = [...below, ...above].filter(({ from, to }) => shown.has(from) && shown.has(to));
    const each = new Map(within.map((edge) => [edgeKey(edge), edge]));
    return {
      root: '',
      ...withoutNames(shown, [...each.values()]),
      truncated: more,
    };
  }

  return Object.freeze({
    walk,
    root,
    async graph(viewer: Viewer, query: z.output<typeof DataLineageQuery>): Promise<DataLineageGraph> {
      if (query.node === undefined) return await overview(viewer, query.limit);
      const from = await root(viewer, query.node);
      const { nodes, edges, truncated } = await around(viewer, from, query);
      return { root: from.id, ...withoutNames(nodes, edges), truncated };
    },
  });
}
export type Graphs = ReturnType<typeof createGraphs>;
