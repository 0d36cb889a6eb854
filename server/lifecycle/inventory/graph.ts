import type { GraphEdge, GraphNode, SystemGraph } from '@bartizan/contracts';
import type { Viewer } from '../sight.ts';
import type { Facts } from './facts.ts';
import { inForce, isThere, type StoredParty, type StoredSystem } from './model.ts';
import { partyOf } from './view.ts';

export interface GraphQuery {
  /** Id of a node; absent: around nothing. */
  readonly around?: string | undefined;
  /** Steps from it. */
  readonly depth: number;
  /** Nodes at most. */
  readonly limit: number;
}

interface Builder {
  readonly viewer: Viewer;
  readonly facts: Facts;
  readonly nodes: Map<string, GraphNode>;
  readonly edges: Map<string, GraphEdge>;
}

type Draft = Omit<GraphNode, 'more' | 'tier' | 'ref'> & Partial<Pick<GraphNode, 'tier' | 'ref'>>;

/** Names of things without an id, so that the same vendor is one node. */
const nameKey = (name: string): string => name.trim().toLowerCase();

function add({ nodes, edges }: Builder, from: string, node: Draft, label: string): void {
  if (!nodes.has(node.id)) nodes.set(node.id, { tier: null, ref: null, more: 0, ...node });
  edges.set(`${from}\n${node.id}\n${label}`, { from, to: node.id, label });
}

function addParty(builder: Builder, from: string, party: StoredParty | null, label: string): void {
  const one = partyOf(party, builder.facts);
  if (one === null) return;
  const kind = one.kind === 'team' ? ('team' as const) : ('person' as const);
  const id = one.id === null ? `person:named:${nameKey(one.name)}` : `${kind}:${one.id}`;
  const detail = { active: '', disabled: 'account disabled', gone: 'removed', none: 'no account' }[
    one.account
  ];
  add(builder, from, { id, kind, label: one.name, detail, ref: one.id }, label);
}

function addModels(builder: Builder, from: string, system: StoredSystem): void {
  const { facts, viewer } = builder;
  for (const id of system.modelIds) {
    const model = facts.models.get(id);
    if (!model || !isThere(viewer, model.teamId)) continue;
    add(builder, from, { id: `model:${id}`, kind: 'model', label: model.name, detail: '', ref: id }, 'uses');
    for (const { alias, version } of model.aliases) {
      const node = {
        id: `version:${id}/${version}`,
        kind: 'version' as const,
        label: `${model.name} ${version}`,
      };
      add(builder, `model:${id}`, { ...node, detail: `version ${version}`, ref: id }, alias);
    }
  }
  for (const name of system.fields.vendorModels) {
    const id = `vendor-model:${nameKey(name)}`;
    add(builder, from, { id, kind: 'vendor-model', label: name, detail: 'not in the registry' }, 'uses');
  }
}

function addSystem(builder: Builder, system: StoredSystem): void {
  const { facts, viewer } = builder;
  const { fields, risk, teamId } = system;
  const from = `system:${system.id}`;
  const tier = risk === null ? null : inForce(risk).tier;
  builder.nodes.set(from, {
    id: from,
    kind: 'system',
    label: fields.name,
    detail: `${fields.state}, ${tier === null ? 'not assessed' : `${tier} risk`}`,
    ref: system.id,
    tier,
    more: 0,
  });
  addModels(builder, from, system);
  for (const id of system.endpointIds) {
    const endpoint = facts.endpoints.get(id);
    if (!endpoint || !isThere(viewer, endpoint.teamId)) continue;
    const node = {
      id: `endpoint:${id}`,
      kind: 'endpoint' as const,
      label: endpoint.name,
      detail: endpoint.slug,
    };
    add(builder, from, { ...node, ref: id }, 'served by');
  }
  for (const source of fields.dataSources) {
    const personal = { no: '', yes: ', personal', special: ', special categories', unknown: '' }[
      source.personalData
    ];
    const id = `data:${nameKey(source.name)}`;
    add(
      builder,
      from,
      { id, kind: 'data', label: source.name, detail: `${source.kind}${personal}` },
      'reads',
    );
  }
  const { vendor } = fields.origin;
  if (vendor !== '') {
    add(
      builder,
      from,
      { id: `vendor:${nameKey(vendor)}`, kind: 'vendor', label: vendor, detail: '' },
      'from',
    );
  }
  addParty(builder, from, system.owner, 'owned by');
  addParty(builder, from, system.backupOwner, 'stands in');
  const team = teamId === null ? undefined : facts.teams.get(teamId);
  if (team) {
    add(
      builder,
      from,
      { id: `team:${team.id}`, kind: 'team', label: team.name, detail: '', ref: team.id },
      'belongs to',
    );
  }
}

/** Who is next to whom, either way. */
function neighboursOf(edges: Iterable<GraphEdge>): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const link = (a: string, b: string) => (found.get(a) ?? found.set(a, new Set()).get(a))?.add(b);
  for (const { from, to } of edges) {
    link(from, to);
    link(to, from);
  }
  return found;
}

/** Ids in steps around one of them, the nearest first. */
function walk(start: string, depth: number, next: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const seen = new Set([start]);
  let edge = [start];
  for (let step = 0; step < depth; step += 1) {
    edge = edge.flatMap((id) => [...(next.get(id) ?? [])]).filter((id) => !seen.has(id) && seen.add(id));
  }
  return [...seen];
}

/**
 * Systems that are there for the viewer and what they have to do with. Around a node: what lies within `depth` steps
 * of it; an unknown one gives an empty graph. With more nodes than `limit` the furthest are left out, systems last.
 */
export function buildGraph(
  viewer: Viewer,
  systems: readonly StoredSystem[],
  facts: Facts,
  { around, depth, limit }: GraphQuery,
): SystemGraph {
  const builder: Builder = { viewer, facts, nodes: new Map(), edges: new Map() };
  for (const system of systems) addSystem(builder, system);
  const next = neighboursOf(builder.edges.values());
  const systemsFirst = [...builder.nodes.keys()].toSorted(
    (a, b) => Number(b.startsWith('system:')) - Number(a.startsWith('system:')),
  );
  const wanted =
    around === undefined ? systemsFirst : builder.nodes.has(around) ? walk(around, depth, next) : [];
  const kept = new Set(wanted.slice(0, limit));
  return {
    nodes: [...kept].flatMap((id) => {
      const node = builder.nodes.get(id);
      const more = [...(next.get(id) ?? [])].filter((other) => !kept.has(other)).length;
      return node ? [{ ...node, more }] : [];
    }),
    edges: [...builder.edges.values()].filter(({ from, to }) => kept.has(from) && kept.has(to)),
    leftOut: wanted.length - kept.size,
  };
}
