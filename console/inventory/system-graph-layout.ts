import type { GraphEdge, GraphNode, SystemGraph } from '@bartizan/contracts';

export const BOX = Object.freeze({ width: 172, height: 42, gapX: 50, gapY: 10, margin: 16 });

export interface Placed {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout {
  readonly nodes: readonly Placed[];
  readonly edges: readonly { readonly edge: GraphEdge; readonly from: Placed; readonly to: Placed }[];
  readonly width: number;
  readonly height: number;
}

/** People and what goes in stand on the left, systems in the middle, what they use on the right. */
const COLUMN: Readonly<Record<GraphNode['kind'], number>> = {
  person: 0,
  team: 0,
  vendor: 0,
  data: 0,
  system: 1,
  endpoint: 2,
  model: 2,
  'vendor-model': 2,
  version: 3,
};

function neighboursOf(edges: readonly GraphEdge[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { from, to } of edges) {
    found.set(from, [...(found.get(from) ?? []), to]);
    found.set(to, [...(found.get(to) ?? []), from]);
  }
  return found;
}

const SWEEPS = 4;

/**
 * Places nodes in columns by their kind; within a column they lie near those that they belong to (barycentre
 * heuristic: Sugiyama, Tagawa and Toda 1981, a few sweeps). Pixels.
 */
export function layoutGraph({ nodes, edges }: Pick<SystemGraph, 'nodes' | 'edges'>): GraphLayout {
  const next = neighboursOf(edges);
  const kinds = [...new Set(nodes.map(({ kind }) => COLUMN[kind]))].toSorted((a, b) => a - b);
  const columns = kinds.map((column) =>
    nodes
      .filter(({ kind }) => COLUMN[kind] === column)
      .toSorted((a, b) => a.kind.localeCompare(b.kind) || a.label.localeCompare(b.label)),
  );
  const row = new Map<string, number>();
  const number = (column: readonly GraphNode[]) => {
    for (const [index, { id }] of column.entries()) row.set(id, index - (column.length - 1) / 2);
  };
  columns.forEach(number);
  const pull = (id: string): number => {
    const places = (next.get(id) ?? []).flatMap((other) => row.get(other) ?? []);
    return places.length === 0
      ? (row.get(id) ?? 0)
      : places.reduce((sum, place) => sum + place, 0) / places.length;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const [index, column] of columns.entries()) {
      const keyed = column.map((node) => ({ node, at: pull(node.id) })).toSorted((a, b) => a.at - b.at);
      columns[index] = keyed.map(({ node }) => node);
      number(columns[index]);
    }
  }
  const tallest = Math.max(1, ...columns.map(({ length }) => length));
  const stepY = BOX.height + BOX.gapY;
  const height = tallest * stepY - BOX.gapY + 2 * BOX.margin;
  const placed = new Map(
    columns.flatMap((column, at) =>
      column.map((node): [string, Placed] => [
        node.id,
        {
          node,
          x: BOX.margin + at * (BOX.width + BOX.gapX),
          y: (height - BOX.height) / 2 + (row.get(node.id) ?? 0) * stepY,
        },
      ]),
    ),
  );
  return {
    nodes: [...placed.values()],
    edges: edges.flatMap((edge) => {
      const [from, to] = [placed.get(edge.from), placed.get(edge.to)];
      return from && to ? [{ edge, from, to }] : [];
    }),
    width: columns.length * (BOX.width + BOX.gapX) - BOX.gapX + 2 * BOX.margin,
    height,
  };
}

/** A curve between the facing sides of two boxes, as the `d` of an SVG path. */
export function curveBetween(a: Placed, b: Placed): string {
  const [left, right] = a.x <= b.x ? [a, b] : [b, a];
  const [y1, y2] = [left.y + BOX.height / 2, right.y + BOX.height / 2];
  const x1 = left.x + BOX.width;
  const bend = Math.max(24, (right.x - x1) / 2);
  return `M${x1},${y1} C${x1 + bend},${y1} ${right.x - bend},${y2} ${right.x},${y2}`;
}
