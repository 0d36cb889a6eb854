import type { Lineage, LineageEdge, LineageNode } from '@bartizan/contracts';

export const NODE = Object.freeze({ width: 190, height: 46, gapX: 70, gapY: 14, margin: 16 });

export interface Placed {
  readonly node: LineageNode;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly nodes: readonly Placed[];
  readonly edges: readonly { readonly edge: LineageEdge; readonly from: Placed; readonly to: Placed }[];
  readonly width: number;
  readonly height: number;
}

/** Mean place of the neighbours of a node in the column before, or its own where it has none. */
function pull(
  id: string,
  edges: readonly LineageEdge[],
  rows: ReadonlyMap<string, number>,
  own: number,
): number {
  const places = edges.flatMap(({ from, to }) => {
    const other = from === id ? to : to === id ? from : null;
    const row = other === null ? undefined : rows.get(other);
    return row === undefined ? [] : [row];
  });
  return places.length === 0 ? own : places.reduce((sum, row) => sum + row, 0) / places.length;
}

/**
 * Places the nodes of a lineage in columns by their distance, what a version comes from on the left. Within a column
 * they lie near those that they belong to (barycentre heuristic: Sugiyama, Tagawa and Toda 1981, one sweep outwards
 * from the version that was asked about). Pixels.
 */
export function layoutOf({ nodes, edges }: Pick<Lineage, 'nodes' | 'edges'>): Layout {
  const columns = new Map<number, LineageNode[]>();
  for (const node of nodes) columns.set(node.distance, [...(columns.get(node.distance) ?? []), node]);
  const distances = [...columns.keys()].toSorted((a, b) => a - b);
  const rows = new Map<string, number>();
  for (const distance of distances.toSorted((a, b) => Math.abs(a) - Math.abs(b))) {
    const column = columns.get(distance) ?? [];
    const sorted = column
      .map((node, index) => ({ node, at: pull(node.id, edges, rows, index) }))
      .toSorted((a, b) => a.at - b.at || (a.node.label < b.node.label ? -1 : 1));
    for (const [index, { node }] of sorted.entries()) rows.set(node.id, index - (sorted.length - 1) / 2);
  }
  const tallest = Math.max(1, ...[...columns.values()].map(({ length }) => length));
  const stepY = NODE.height + NODE.gapY;
  const height = tallest * stepY - NODE.gapY + 2 * NODE.margin;
  const placed = new Map(
    nodes.map((node): [string, Placed] => [
      node.id,
      {
        node,
        x: NODE.margin + distances.indexOf(node.distance) * (NODE.width + NODE.gapX),
        y: (height - NODE.height) / 2 + (rows.get(node.id) ?? 0) * stepY,
      },
    ]),
  );
  return {
    nodes: [...placed.values()],
    edges: edges.flatMap((edge) => {
      const from = placed.get(edge.from);
      const to = placed.get(edge.to);
      return from && to ? [{ edge, from, to }] : [];
    }),
    width: distances.length * (NODE.width + NODE.gapX) - NODE.gapX + 2 * NODE.margin,
    height,
  };
}

/** A curve between the facing sides of two nodes, as the `d` of an SVG path. */
export function curve(from: Placed, to: Placed): string {
  const [left, right] = from.x <= to.x ? [from, to] : [to, from];
  const y1 = left.y + NODE.height / 2;
  const y2 = right.y + NODE.height / 2;
  if (left.x === right.x) {
    const x = left.x + NODE.width;
    return `M${x},${y1} C${x + 40},${y1} ${x + 40},${y2} ${x},${y2}`;
  }
  const x1 = left.x + NODE.width;
  const bend = Math.max(24, (right.x - x1) / 2);
  return `M${x1},${y1} C${x1 + bend},${y1} ${right.x - bend},${y2} ${right.x},${y2}`;
}
