import type { DATA_LINEAGE_RELATIONS, DataLineageEdge, DataLineageKind } from '@bartizan/contracts';

export type Relation = (typeof DATA_LINEAGE_RELATIONS)[number];

/** `<kind>:<key>`. */
export type NodeId = string;

/** From where data comes to where it is felt. */
export type Edge = DataLineageEdge;

export const nodeId = (kind: DataLineageKind, key: string): NodeId => `${kind}:${key}`;

const KINDS: ReadonlySet<string> = new Set<DataLineageKind>([
  'source',
  'batch',
  'dataset-version',
  'external-dataset',
  'job',
  'run',
  'model-version',
  'endpoint',
  'system',
]);

export interface NodeName {
  readonly kind: DataLineageKind;
  readonly key: string;
}

/** Of what stands in a graph; undefined for other texts. */
export function splitId(id: NodeId): NodeName | undefined {
  const at = id.indexOf(':');
  const kind = id.slice(0, at);
  return at > 0 && KINDS.has(kind) ? { kind: kind as DataLineageKind, key: id.slice(at + 1) } : undefined;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const isUuid = (text: string): boolean => UUID.test(text);

/** A run's id as MLflow (32 hexadecimal digits) and others write it; undefined where it is none. */
export function uuidOf(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (isUuid(lower)) return lower;
  return /^[0-9a-f]{32}$/.test(lower)
    ? lower.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    : undefined;
}

/** Keys of nodes by kind. */
export type ByKind = ReadonlyMap<DataLineageKind, readonly string[]>;

export function byKind(ids: Iterable<NodeId>): ByKind {
  const found = new Map<DataLineageKind, string[]>();
  for (const id of ids) {
    const name = splitId(id);
    if (!name) continue;
    const keys = found.get(name.kind);
    if (keys) keys.push(name.key);
    else found.set(name.kind, [name.key]);
  }
  return found;
}

/** Keys that are UUIDs, as columns of that type take nothing else. */
export const uuidKeys = (nodes: ByKind, kind: DataLineageKind): readonly string[] =>
  (nodes.get(kind) ?? []).filter(isUuid);

/** A batch of a dataset: batches are named within it. */
export const batchKey = (datasetId: string, batch: string): string => `${datasetId}/${batch}`;

export function splitBatch(key: string): { readonly datasetId: string; readonly batch: string } | undefined {
  const datasetId = key.slice(0, 36);
  return isUuid(datasetId) && key[36] === '/' && key.length > 37
    ? { datasetId, batch: key.slice(37) }
    : undefined;
}
