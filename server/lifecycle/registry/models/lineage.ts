import type { Lineage, LineageEdge, LineageNode } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { StoredVersion } from '../model.ts';
import { inheritedBy, type Link, linksBelow, linksById, walkUp } from './ancestry.ts';
import { createGraph, type Graph } from './graph.ts';
import { inReach } from './reach.ts';
import type { RegistryPorts } from './types.ts';

interface Limits {
  /** Steps in each direction. */
  readonly depth: number;
  /** Nodes at most. */
  readonly limit: number;
}

/** Walks from the version down to what was made from it, as far as the viewer sees that. */
async function walkDown(
  db: Database,
  root: Link,
  graph: Graph,
  { viewer, depth, limit }: Limits & { readonly viewer: Viewer },
): Promise<{ readonly links: readonly Link[]; readonly hidden: number; readonly truncated: boolean }> {
  const met = new Map([[root.id, root]]);
  const hidden = new Set<string>();
  let level: readonly Link[] = [root];
  for (let distance = 1; level.length > 0; distance += 1) {
    const room = limit - graph.size();
    const digests = level.flatMap(({ digest }) => digest ?? []);
    const found = await linksBelow(
      db,
      level.map(({ id }) => id),
      digests,
      room + 1,
    );
    if (found.length > 0 && (distance > depth || found.length > room)) {
      return { links: [...met.values()], hidden: hidden.size, truncated: true };
    }
    const next: Link[] = [];
    for (const link of found) {
      if (!inReach(viewer, link.teamId)) {
        hidden.add(link.id);
        continue;
      }
      if (!met.has(link.id)) {
        met.set(link.id, link);
        graph.version(link, distance);
        next.push(link);
      }
      for (const above of level) joinTo(graph, link, above, distance);
    }
    level = next;
  }
  return { links: [...met.values()], hidden: hidden.size, truncated: false };
}

/** Draws how `link` was made from `above`: named as its base, or named elsewhere by the digest that `above` has. */
function joinTo(graph: Graph, link: Link, above: Link, distance: number): void {
  const { base } = link;
  if (base?.kind === 'version' && base.versionId === above.id) {
    graph.edge(graph.idOf(link), graph.idOf(above), 'based-on');
  }
  if (
    base?.kind === 'external' &&
    base.digest !== null &&
    base.digest === above.digest &&
    link.id !== above.id
  ) {
    const node = graph.external(base, distance);
    graph.edge(graph.idOf(link), node, 'based-on');
    graph.edge(node, graph.idOf(above), 'same-content');
  }
}

interface Around {
  readonly viewer: Viewer;
  readonly ports: RegistryPorts;
  /** Nodes at most. */
  readonly limit: number;
}

/** Runs and datasets of the versions that are shown. */
async function addOrigins(
  db: Database,
  graph: Graph,
  links: readonly (readonly [Link, number])[],
  { viewer, ports, limit }: Around,
): Promise<boolean> {
  const open = links.filter(([link]) => inReach(viewer, link.teamId));
  const runs = await ports.runs.names(viewer, [...new Set(open.flatMap(([{ runId }]) => runId ?? []))]);
  const { rows } = await sql<{ id: string; name: string; digest: string }>`
    select distinct version_id as id, name, digest from model_version_datasets
    where version_id = any(${open.map(([{ id }]) => id)}::uuid[])
    order by version_id, name, digest limit ${limit}`.execute(db);
  for (const [link, distance] of open) {
    const name = link.runId === null ? undefined : runs.get(link.runId);
    if (graph.size() >= limit) return true;
    if (link.runId !== null && name !== undefined) {
      const node = graph.add({ kind: 'run', key: link.runId, label: name, ref: link.runId }, distance - 1);
      graph.edge(graph.idOf(link), node, 'made-by');
    }
    for (const one of rows.filter(({ id }) => id === link.id)) {
      if (graph.size() >= limit) return true;
      const key = JSON.stringify([one.name, one.digest]);
      const node = graph.add({ kind: 'dataset', key, label: one.name, digest: one.digest }, distance - 1);
      graph.edge(graph.idOf(link), node, 'used');
    }
  }
  return rows.length >= limit;
}

/** Endpoints that serve one of the versions, and systems that use their models. */
async function addUses(
  db: Database,
  graph: Graph,
  links: readonly (readonly [Link, number])[],
  { viewer, ports, limit }: Around,
): Promise<boolean> {
  const { rows } = await sql<{ endpointId: string; versionId: string }>`
    select e.endpoint_id as "endpointId", v.id as "versionId"
    from endpoint_models e join model_versions v on v.id = (
      select c.id from model_versions c left join model_aliases a on a.version_id = c.id and a.alias = e.version
      where c.model_id = e.model_id and c.removed_at is null
        and (a.alias is not null or c.version::text = e.version or (e.version = 'latest' and c.status = 'ready'))
      order by c.version desc limit 1)
    where v.id = any(${links.map(([{ id }]) => id)}::uuid[])
    order by e.endpoint_id limit ${limit}`.execute(db);
  const names = await ports.endpoints.names(viewer, [...new Set(rows.map(({ endpointId }) => endpointId))]);
  const byId = new Map(links.map((entry) => [entry[0].id, entry]));
  for (const { endpointId, versionId } of rows) {
    const name = names.get(endpointId);
    const [link, distance] = byId.get(versionId) ?? [];
    if (name === undefined || link === undefined || distance === undefined) continue;
    if (graph.size() >= limit) return true;
    const node = graph.add({ kind: 'endpoint', key: endpointId, label: name, ref: endpointId }, distance + 1);
    graph.edge(node, graph.idOf(link), 'serves');
  }
  const newest = new Map(links.toSorted((a, b) => a[0].version - b[0].version).map((e) => [e[0].modelId, e]));
  for (const system of await ports.systems.using(viewer, [...newest.keys()])) {
    const [link, distance] = newest.get(system.modelId) ?? [];
    if (link === undefined || distance === undefined) continue;
    if (graph.size() >= limit) return true;
    const node = graph.add(
      { kind: 'system', key: system.id, label: system.name, ref: system.id },
      distance + 1,
    );
    graph.edge(node, graph.idOf(link), 'uses');
  }
  return rows.length >= limit;
}

/** What a version comes from and what comes of it, within limits; what is out of reach above is shown without a name. */
export async function lineageOf(
  { database, ports }: { readonly database: Database; readonly ports: RegistryPorts },
  viewer: Viewer,
  version: Pick<StoredVersion, 'id'>,
  limits: Limits,
): Promise<Lineage> {
  const [root] = await linksById(database, [version.id]);
  if (!root) throw new TypeError('the lineage of a version that is not there');
  const graph = createGraph(viewer, limits.limit);
  const rootId = graph.version(root, 0);
  // Half of the room goes upwards, so that a version with many children still shows where it comes from.
  const up = await walkUp(database, viewer, root, {
    depth: limits.depth,
    limit: Math.max(1, Math.floor(limits.limit / 2)),
  });
  drawUp(graph, root, up.steps);
  const down = await walkDown(database, root, graph, { viewer, ...limits });
  const distances = new Map(graph.nodes().map((node) => [node.id, node.distance]));
  const shown = [
    ...new Map([...up.links, ...down.links.map((link) => [link.id, link] as const)]).values(),
  ].flatMap((link) => {
    const distance = distances.get(graph.idOf(link));
    return distance === undefined ? [] : [[link, distance] as const];
  });
  const below = shown.filter(([, distance]) => distance >= 0);
  const options: Around = { viewer, ports, limit: limits.limit };
  const cut = [
    await addOrigins(database, graph, shown, options),
    await addUses(database, graph, below, options),
  ];
  const edges: readonly LineageEdge[] = graph.edges();
  const nodes: readonly LineageNode[] = graph.nodes();
  return {
    root: rootId,
    nodes: [...nodes],
    edges: [...edges],
    inherited: await inheritedBy(database, viewer, root.id),
    truncated: up.truncated || down.truncated || cut.includes(true) || graph.overflowed(),
    hidden: down.hidden,
  };
}

function drawUp(graph: Graph, root: Link, steps: Awaited<ReturnType<typeof walkUp>>['steps']): void {
  const drawn = new Map([[root.id, root]]);
  const external = (link: Link, distance: number): void => {
    if (link.base?.kind !== 'external') return;
    graph.edge(graph.idOf(link), graph.external(link.base, -(distance + 1)), 'based-on');
  };
  external(root, 0);
  for (const { link, distance, from, through } of steps) {
    const below = drawn.get(from);
    if (!below) continue;
    graph.version(link, -distance);
    drawn.set(link.id, link);
    const start = through ? graph.external(through, -distance) : graph.idOf(below);
    graph.edge(start, graph.idOf(link), through ? 'same-content' : 'based-on');
    external(link, distance);
  }
}
