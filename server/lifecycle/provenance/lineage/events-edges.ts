import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { type ByKind, type Edge, type NodeId, nodeId, splitId, uuidKeys } from './model.ts';
import type { NamedVersion, Resolving } from './resolving.ts';
import { toldSql } from './telling.ts';

/** Edges that one look-up gives at most. */
export const MOST_EDGES = 20_000;

/** What OpenLineage events say: edges between jobs, runs and datasets, those that are versions here by their version. */
export function createEventEdges({
  database,
  resolving,
}: {
  readonly database: Database;
  readonly resolving: Resolving;
}) {
  /** Names within reach that mean these versions: their ids, with the node of the version. */
  async function namesOf(
    viewer: Viewer,
    versions: readonly NamedVersion[],
  ): Promise<ReadonlyMap<NodeId, NodeId>> {
    const claims = await resolving.about(
      viewer,
      versions.map(({ id }) => id),
    );
    const found = await resolving.resolve(viewer, claims);
    const wanted = new Set(versions.map(({ id }) => id));
    return new Map(
      [...found]
        .filter(([, version]) => wanted.has(version))
        .map(([key, version]) => [nodeId('external-dataset', key), nodeId('dataset-version', version)]),
    );
  }

  /** What other ends of edges mean. */
  async function meant(viewer: Viewer, ids: readonly NodeId[]): Promise<ReadonlyMap<NodeId, NodeId>> {
    const keys = ids.flatMap((id) => {
      const name = splitId(id);
      return name?.kind === 'external-dataset' ? name.key : [];
    });
    const found = await resolving.resolve(viewer, await resolving.ofNodes([...new Set(keys)]));
    return new Map(
      [...found].map(([key, version]) => [
        nodeId('external-dataset', key),
        nodeId('dataset-version', version),
      ]),
    );
  }

  return Object.freeze({
    /** Whether a dataset of events means a version here. */
    async versionOf(viewer: Viewer, key: string): Promise<string | undefined> {
      return (await resolving.resolve(viewer, await resolving.ofNodes([key]))).get(key);
    },

    async around(
      viewer: Viewer,
      nodes: ByKind,
      versions: readonly NamedVersion[],
      side: 'above' | 'below',
    ): Promise<readonly Edge[]> {
      const names = await namesOf(viewer, versions);
      const begin = [
        ...names.keys(),
        ...(['external-dataset', 'job', 'run'] as const).flatMap((kind) =>
          uuidKeys(nodes, kind).map((key) => nodeId(kind, key)),
        ),
      ];
      if (begin.length === 0) return [];
      const end = side === 'below' ? sql`e.from_id` : sql`e.to_id`;
      const { rows } = await sql<Edge>`select e.from_id as "from", e.to_id as "to", e.relation
        from data_lineage_edges e where ${end} = any(${begin}::text[]) and ${toldSql(viewer, 'e')}
        order by e.from_id, e.to_id limit ${MOST_EDGES}`.execute(database);
      const others = await meant(
        viewer,
        rows.map((edge) => (side === 'below' ? edge.to : edge.from)),
      );
      const by = (id: NodeId): NodeId => names.get(id) ?? others.get(id) ?? id;
      return rows.map(({ from, to, relation }) => ({ from: by(from), to: by(to), relation }));
    },
  });
}
export type EventEdges = ReturnType<typeof createEventEdges>;
