import type { DatasetUseFact } from '../../registry/index.ts';
import type { Viewer } from '../../sight.ts';
import { inReach } from '../datasets/reach.ts';
import { type ByKind, byKind, type Edge, isUuid, type NodeId, nodeId, splitId, uuidKeys } from './model.ts';
import { addressesOf, claimsOfUse, useKey, useOfKey } from './naming.ts';
import type { LineageDeps } from './ports.ts';
import type { NamedVersion, Resolving } from './resolving.ts';

interface Parts {
  readonly ports: Pick<LineageDeps['ports'], 'registry'>;
  readonly resolving: Resolving;
}

const fold = (uses: readonly DatasetUseFact[]): ReadonlyMap<string, DatasetUseFact> =>
  new Map(uses.map((use) => [useKey(use), use]));

/** What runs and versions of models say in MLflow's words: `read` edges from what they used. */
export function createUsesOfData({ ports: { registry }, resolving }: Parts) {
  /** The node that a use means: a version within the viewer's reach, or a name. */
  async function places(viewer: Viewer, uses: readonly DatasetUseFact[]) {
    const claims = [...fold(uses)].flatMap(([key, use]) =>
      claimsOfUse(use).map((claim) => ({ key, ...claim })),
    );
    const found = await resolving.resolve(viewer, claims);
    return (use: DatasetUseFact): NodeId => {
      const key = useKey(use);
      const version = found.get(key);
      return version === undefined ? nodeId('external-dataset', key) : nodeId('dataset-version', version);
    };
  }

  const edges = (uses: readonly DatasetUseFact[], place: (use: DatasetUseFact) => NodeId): readonly Edge[] =>
    uses.map((use) => ({ from: place(use), to: nodeId(use.by, use.id), relation: 'read' as const }));

  /** Who only knows a name learns by it of nothing beyond their reach; who reaches a version, that something used it. */
  async function withinReach(viewer: Viewer, found: readonly Edge[]): Promise<readonly Edge[]> {
    const bare = found.filter(({ from }) => splitId(from)?.kind === 'external-dataset');
    if (bare.length === 0) return found;
    const nodes = byKind(new Set(bare.map(({ to }) => to)));
    const [runs, modelVersions] = await Promise.all([
      registry.runs(uuidKeys(nodes, 'run')),
      registry.modelVersions(uuidKeys(nodes, 'model-version')),
    ]);
    const reached = new Set([
      ...runs.filter(({ teamId }) => inReach(viewer, teamId)).map(({ id }) => nodeId('run', id)),
      ...modelVersions
        .filter(({ teamId }) => inReach(viewer, teamId))
        .map(({ id }) => nodeId('model-version', id)),
    ]);
    const closed = new Set(bare.filter(({ to }) => !reached.has(to)));
    return found.filter((edge) => !closed.has(edge));
  }

  return Object.freeze({
    /** Whether a name of a dataset in MLflow means a version here. */
    async versionOf(viewer: Viewer, key: string): Promise<string | undefined> {
      const use = useOfKey(key);
      if (!use) return undefined;
      const claims = claimsOfUse(use).map((claim) => ({ key, ...claim }));
      return (await resolving.resolve(viewer, claims)).get(key);
    },

    /** To what used these versions, and these names. */
    async below(viewer: Viewer, nodes: ByKind, versions: readonly NamedVersion[]): Promise<readonly Edge[]> {
      const external = (nodes.get('external-dataset') ?? []).flatMap((key) => useOfKey(key) ?? []);
      const names = [...versions.map(({ dataset }) => dataset), ...external.map(({ name }) => name)];
      if (names.length === 0) return [];
      const addresses = versions.flatMap(({ dataset, number }) => addressesOf(dataset, number));
      const uses = await registry.uses({ named: { names: [...new Set(names)], addresses } });
      const wanted = new Set<NodeId>([
        ...versions.map(({ id }) => nodeId('dataset-version', id)),
        ...(nodes.get('external-dataset') ?? []).map((key) => nodeId('external-dataset', key)),
      ]);
      const found = edges(uses, await places(viewer, uses)).filter(({ from }) => wanted.has(from));
      return await withinReach(viewer, found);
    },

    /** From what these runs and versions of models used. */
    async above(viewer: Viewer, nodes: ByKind): Promise<readonly Edge[]> {
      const runs = uuidKeys(nodes, 'run');
      const modelVersions = (nodes.get('model-version') ?? []).filter(isUuid);
      if (runs.length + modelVersions.length === 0) return [];
      const uses = await registry.uses({ runs, modelVersions });
      return edges(uses, await places(viewer, uses));
    },
  });
}
export type UsesOfData = ReturnType<typeof createUsesOfData>;
