import type { DataLineageEdge, DataLineageKind, DataLineageNode } from '@bartizan/contracts';

/** Times that runs may make datasets of datasets before the rest is drawn in the last columns of them. */
const MOST_GENERATIONS = 4;

interface ColumnOfPicture {
  readonly title: string;
  readonly kinds: readonly DataLineageKind[];
}

/** The way of data, from the left to the right: what a run wrote stands to the right of it. */
export const COLUMNS: readonly ColumnOfPicture[] = [
  { title: 'Sources', kinds: ['source'] },
  { title: 'Batches', kinds: ['batch', 'record'] },
  ...Array.from({ length: MOST_GENERATIONS }, (): ColumnOfPicture[] => [
    { title: 'Datasets', kinds: ['dataset-version', 'external-dataset'] },
    { title: 'Runs', kinds: ['job', 'run'] },
  ]).flat(),
  { title: 'Models', kinds: ['model-version'] },
  { title: 'Endpoints', kinds: ['endpoint', 'interaction'] },
  { title: 'Systems', kinds: ['system'] },
];

/** Where kinds stand of which there is one column, and the first of those of which there are several. */
const COLUMN_OF: Readonly<Record<string, number>> = Object.fromEntries(
  COLUMNS.flatMap(({ kinds }, column) => kinds.map((kind) => [kind, column] as const)).toReversed(),
);

const GENERATED: ReadonlySet<DataLineageKind> = new Set([
  'dataset-version',
  'external-dataset',
  'job',
  'run',
]);

/**
 * How many runs lie before a dataset or a run, 0..3: what a run wrote comes after what it read. Versions of one dataset
 * stand together, where the first of them stands. O(edges).
 */
function generationsOf(
  nodes: ReadonlyMap<string, DataLineageNode>,
  edges: readonly DataLineageEdge[],
): (node: DataLineageNode) => number {
  const placeOf = (id: string): string => {
    const node = nodes.get(id);
    return node?.kind === 'dataset-version' && node.ref !== null ? `dataset ${node.ref}` : id;
  };
  const written = edges.filter(({ relation }) => relation === 'wrote');
  // A dataset of which something came otherwise too does not begin where a run wrote into it.
  const pushed = new Set<string>();
  const byRun = new Set(written.map(({ to }) => to));
  for (const { id, kind } of nodes.values())
    if (kind === 'dataset-version' && !byRun.has(id)) pushed.add(placeOf(id));
  const found = new Map<string, number>();
  const raise = (id: string, least: number): boolean => {
    const at = Math.min(MOST_GENERATIONS - 1, least);
    if ((found.get(id) ?? 0) >= at) return false;
    found.set(id, at);
    return true;
  };
  for (let round = 0, moved = true; moved && round < 2 * MOST_GENERATIONS; round += 1) {
    moved = false;
    for (const { from, to, relation } of edges) {
      if (relation === 'read') moved = raise(to, found.get(placeOf(from)) ?? 0) || moved;
      if (relation === 'run-of') moved = raise(from, found.get(to) ?? 0) || moved;
      if (relation === 'wrote' && !pushed.has(placeOf(to)))
        moved = raise(placeOf(to), (found.get(from) ?? 0) + 1) || moved;
    }
  }
  return ({ id, kind }) => (GENERATED.has(kind) ? (found.get(placeOf(id)) ?? 0) : 0);
}

/** One thing of the picture: a node, or several that lie folded behind each other. */
export interface Shape {
  readonly id: string;
  readonly column: number;
  readonly label: string;
  /** At least one; the most worrying first. */
  readonly nodes: readonly DataLineageNode[];
  /** True where it stands for several and can be opened. */
  readonly folded: boolean;
}

export interface Join {
  readonly from: string;
  readonly to: string;
  /** Edges that it stands for. */
  readonly count: number;
}

export interface Folded {
  readonly shapes: readonly Shape[];
  readonly joins: readonly Join[];
  /** Shape that a node lies in. */
  readonly shapeOf: ReadonlyMap<string, string>;
}

/** Shapes of a column before the smallest of them are folded into one. */
export const MOST_SHAPES = 14;
/** Things of one family that are shown one by one. */
const MOST_OF_FAMILY = 4;

const worry = (node: DataLineageNode): number =>
  (node.quarantined ? 4 : 0) + (node.verdict === 'malicious' ? 3 : node.verdict === 'suspicious' ? 2 : 0);

/** What a node folds together with: versions of one dataset or model, batches of one source, runs of one job. */
function familyOf(node: DataLineageNode, parents: ReadonlyMap<string, string>, generation: number): string {
  if (node.kind === 'dataset-version' || node.kind === 'model-version')
    return `${node.kind}/${node.ref ?? node.label}`;
  if (node.kind === 'run') return `run/${generation}/${parents.get(node.id) ?? ''}`;
  if (node.kind === 'batch' || node.kind === 'record' || node.kind === 'interaction')
    return `${node.kind}/${parents.get(node.id) ?? ''}`;
  return `${node.kind}/${node.id}`;
}

const FAMILY_WORDS: Readonly<Record<DataLineageKind, string>> = {
  source: 'sources',
  batch: 'batches',
  record: 'records',
  'dataset-version': 'versions',
  'external-dataset': 'datasets from elsewhere',
  job: 'jobs',
  run: 'runs',
  'model-version': 'versions',
  endpoint: 'endpoints',
  interaction: 'interactions',
  system: 'systems',
};

/** The name of a version without its number. */
const stem = (label: string): string => label.replace(/\s*@?\s*v?\d+$/, '');

function familyLabel(nodes: readonly DataLineageNode[], of: string | undefined): string {
  const [first] = nodes as readonly [DataLineageNode];
  const count = nodes.length.toLocaleString('en');
  if (first.kind === 'dataset-version' || first.kind === 'model-version')
    return `${stem(first.label)}: ${count} ${FAMILY_WORDS[first.kind]}`;
  return of === undefined
    ? `${count} ${FAMILY_WORDS[first.kind]}`
    : `${count} ${FAMILY_WORDS[first.kind]} of ${of}`;
}

/** The first that each batch, run and record belongs to, for naming its family. */
function parentsOf(
  nodes: ReadonlyMap<string, DataLineageNode>,
  edges: readonly DataLineageEdge[],
): ReadonlyMap<string, string> {
  const parents = new Map<string, string>();
  for (const { from, to, relation } of edges) {
    if (relation === 'collected-from') {
      const [child, parent] = nodes.get(from)?.kind === 'source' ? [to, from] : [from, to];
      if (!parents.has(child)) parents.set(child, parent);
    }
    if (relation === 'run-of' || relation === 'read' || relation === 'answered-by' || relation === 'holds') {
      const child = [from, to].find((id) =>
        ['run', 'record', 'interaction'].includes(nodes.get(id)?.kind ?? ''),
      );
      const parent = child === from ? to : from;
      if (child !== undefined && (relation === 'run-of' || !parents.has(child))) parents.set(child, parent);
    }
  }
  return parents;
}

/**
 * Folds a graph of any size into at most `MOST_SHAPES` + 1 shapes a column, but for what was opened: families of more
 * than four fold into one, then the least worrying and least joined of a column into “others”. O(nodes + edges).
 */
export function fold(
  graph: { readonly nodes: readonly DataLineageNode[]; readonly edges: readonly DataLineageEdge[] },
  opened: ReadonlySet<string>,
): Folded {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const parents = parentsOf(nodes, graph.edges);
  const generation = generationsOf(nodes, graph.edges);
  const families = new Map<string, DataLineageNode[]>();
  for (const node of graph.nodes) {
    const family = familyOf(node, parents, generation(node));
    const there = families.get(family);
    if (there) there.push(node);
    else families.set(family, [node]);
  }
  const shapes: Shape[] = [];
  for (const [family, members] of families) {
    const sorted = members.toSorted((a, b) => worry(b) - worry(a));
    const [first] = sorted as [DataLineageNode, ...DataLineageNode[]];
    const column = (COLUMN_OF[first.kind] ?? 0) + 2 * generation(first);
    const id = `family:${family}`;
    if (members.length > MOST_OF_FAMILY && !opened.has(id)) {
      const of = nodes.get(parents.get(first.id) ?? '')?.label;
      shapes.push({ id, column, label: familyLabel(sorted, of), nodes: sorted, folded: true });
    } else {
      for (const node of sorted)
        shapes.push({ id: node.id, column, label: node.label, nodes: [node], folded: false });
    }
  }
  return joined(
    COLUMNS.flatMap((_, column) => bounded(shapes, column, opened)),
    graph.edges,
  );
}

/** The shapes of a column, the smallest of them folded into one where there are too many. */
function bounded(all: readonly Shape[], column: number, opened: ReadonlySet<string>): readonly Shape[] {
  const shapes = all.filter((shape) => shape.column === column);
  const id = `others:${column}`;
  if (shapes.length <= MOST_SHAPES + 1 || opened.has(id)) return shapes;
  const weight = ({ nodes }: Shape) => Math.max(...nodes.map(worry)) * 1e6 + nodes.length;
  const sorted = shapes.toSorted((a, b) => weight(b) - weight(a));
  const rest = sorted.slice(MOST_SHAPES).flatMap(({ nodes }) => nodes);
  const title = COLUMNS[column]?.title.toLowerCase() ?? 'things';
  return [
    ...sorted.slice(0, MOST_SHAPES),
    { id, column, label: `${rest.length.toLocaleString('en')} other ${title}`, nodes: rest, folded: true },
  ];
}

function joined(shapes: readonly Shape[], edges: readonly DataLineageEdge[]): Folded {
  const shapeOf = new Map(shapes.flatMap(({ id, nodes }) => nodes.map((node) => [node.id, id] as const)));
  const joins = new Map<string, { from: string; to: string; count: number }>();
  for (const edge of edges) {
    const from = shapeOf.get(edge.from);
    const to = shapeOf.get(edge.to);
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from}\u0000${to}`;
    const there = joins.get(key);
    if (there) there.count += 1;
    else joins.set(key, { from, to, count: 1 });
  }
  return { shapes, joins: [...joins.values()], shapeOf };
}

/** All that a shape comes from and all that comes of it, itself included. */
export function pathThrough(folded: Folded, id: string): ReadonlySet<string> {
  const walk = (next: ReadonlyMap<string, readonly string[]>): string[] => {
    const met = new Set([id]);
    for (const each of met) for (const other of next.get(each) ?? []) met.add(other);
    return [...met];
  };
  const ahead = new Map<string, string[]>();
  const back = new Map<string, string[]>();
  const put = (map: Map<string, string[]>, key: string, value: string) => {
    const there = map.get(key);
    if (there) there.push(value);
    else map.set(key, [value]);
  };
  for (const { from, to } of folded.joins) {
    put(ahead, from, to);
    put(back, to, from);
  }
  return new Set([...walk(ahead), ...walk(back)]);
}

export const BOX = Object.freeze({ width: 196, height: 42, gapX: 64, gapY: 12, margin: 16, head: 28 });

export interface Placed {
  readonly shape: Shape;
  readonly x: number;
  readonly y: number;
}

/**
 * Places shapes in the columns that have any, each near those that it is joined to (barycentre heuristic: Sugiyama,
 * Tagawa and Toda 1981, three sweeps). Pixels.
 */
export function place(folded: Folded): {
  readonly placed: ReadonlyMap<string, Placed>;
  readonly columns: readonly { readonly title: string; readonly x: number }[];
  readonly width: number;
  readonly height: number;
} {
  const used = COLUMNS.map(({ title }, column) => ({
    title,
    shapes: folded.shapes.filter((shape) => shape.column === column),
  })).filter(({ shapes }) => shapes.length > 0);
  const neighbours = new Map<string, string[]>();
  for (const { from, to } of folded.joins) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  const rows = new Map<string, number>();
  for (const { shapes } of used)
    for (const [index, { id }] of shapes.entries()) rows.set(id, index - (shapes.length - 1) / 2);
  for (const order of [used, used.toReversed(), used]) {
    for (const { shapes } of order) {
      const sorted = shapes
        .map(({ id }) => ({ id, at: meanOf(neighbours.get(id) ?? [], rows) ?? rows.get(id) ?? 0 }))
        .toSorted((a, b) => a.at - b.at);
      for (const [index, { id }] of sorted.entries()) rows.set(id, index - (sorted.length - 1) / 2);
    }
  }
  const tallest = Math.max(1, ...used.map(({ shapes }) => shapes.length));
  const step = BOX.height + BOX.gapY;
  const height = tallest * step - BOX.gapY + 2 * BOX.margin + BOX.head;
  const middle = BOX.head + (height - BOX.head - BOX.height) / 2;
  const columns = used.map(({ title }, index) => ({
    title,
    x: BOX.margin + index * (BOX.width + BOX.gapX),
  }));
  const placed = new Map(
    used.flatMap(({ shapes }, index) =>
      shapes.map((shape): [string, Placed] => [
        shape.id,
        { shape, x: columns[index]?.x ?? 0, y: middle + (rows.get(shape.id) ?? 0) * step },
      ]),
    ),
  );
  return {
    placed,
    columns,
    width: used.length * (BOX.width + BOX.gapX) - BOX.gapX + 2 * BOX.margin,
    height,
  };
}

function meanOf(ids: readonly string[], rows: ReadonlyMap<string, number>): number | null {
  if (ids.length === 0) return null;
  return ids.reduce((sum, id) => sum + (rows.get(id) ?? 0), 0) / ids.length;
}
