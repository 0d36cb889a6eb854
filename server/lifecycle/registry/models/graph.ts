import type { LineageEdge, LineageNode } from '@bartizan/contracts';
import type { Viewer } from '../../sight.ts';
import type { StoredBase } from '../model.ts';
import type { Link } from './ancestry.ts';
import { inReach } from './reach.ts';

type ExternalBase = Extract<StoredBase, { kind: 'external' }>;

interface Plain extends Pick<LineageNode, 'kind' | 'label'> {
  /** Unique among nodes of its kind. */
  readonly key: string;
  readonly ref?: string;
  readonly digest?: string | null;
}

const BARE = {
  ref: null,
  modelId: null,
  version: null,
  stage: null,
  status: null,
  verdict: null,
  quarantined: false,
  removed: false,
  hidden: false,
  digest: null,
} as const;

/** Nodes and edges, each once; edges to nodes for which there was no room are left out. */
export function createGraph(viewer: Viewer, limit: number) {
  const nodes = new Map<string, LineageNode>();
  const edges = new Map<string, LineageEdge>();
  const aliases = new Map<string, string>();
  let dropped = false;

  function put(node: LineageNode): string {
    if (nodes.has(node.id)) return node.id;
    if (nodes.size >= limit) dropped = true;
    else nodes.set(node.id, node);
    return node.id;
  }

  /** Of what is hidden a number: its id would name it elsewhere. */
  function idOf({ id, teamId }: Pick<Link, 'id' | 'teamId'>): string {
    if (inReach(viewer, teamId)) return `model-version:${id}`;
    const known = aliases.get(id) ?? `model-version:hidden-${aliases.size + 1}`;
    aliases.set(id, known);
    return known;
  }

  function version(link: Link, distance: number): string {
    const id = idOf(link);
    const { verdict, quarantined, removed } = link;
    if (!inReach(viewer, link.teamId)) {
      return put({
        ...BARE,
        id,
        kind: 'model-version',
        label: '',
        verdict,
        quarantined,
        removed,
        hidden: true,
        distance,
      });
    }
    return put({
      ...BARE,
      id,
      kind: 'model-version',
      label: `${link.modelName} ${link.version}`,
      ref: link.id,
      modelId: link.modelId,
      version: link.version,
      stage: link.stage,
      status: link.status,
      verdict,
      quarantined,
      removed,
      digest: link.digest,
      distance,
    });
  }

  const add = ({ kind, key, label, ref, digest }: Plain, distance: number): string =>
    put({ ...BARE, id: `${kind}:${key}`, kind, label, ref: ref ?? null, digest: digest ?? null, distance });

  return Object.freeze({
    idOf,
    version,
    add,
    /** Bases from elsewhere are the same node when they are named the same, digest included. */
    external: (base: ExternalBase, distance: number): string =>
      add(
        {
          kind: 'external-base',
          key: JSON.stringify([base.name, base.digest ?? '']),
          label: base.name,
          digest: base.digest,
        },
        distance,
      ),
    edge(from: string, to: string, relation: LineageEdge['relation']): void {
      edges.set(JSON.stringify([from, to, relation]), { from, to, relation });
    },
    size: () => nodes.size,
    overflowed: () => dropped,
    nodes: () => [...nodes.values()],
    edges: () => [...edges.values()].filter(({ from, to }) => nodes.has(from) && nodes.has(to)),
  });
}
export type Graph = ReturnType<typeof createGraph>;
