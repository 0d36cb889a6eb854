import type { DataLineageEdge, DataLineageKind, DataLineageNode } from '@bartizan/contracts';
import { describe, expect, it } from 'vitest';
import { COLUMNS, fold, MOST_SHAPES, pathThrough, place } from './lineage-groups.ts';

const node = (id: string, kind: DataLineageKind, more: Partial<DataLineageNode> = {}): DataLineageNode => ({
  id,
  kind,
  label: id,
  ref: null,
  version: null,
  quarantined: false,
  verdict: null,
  hidden: false,
  distance: 0,
  at: null,
  ...more,
});

/** 20 sources, 9,000 batches, 800 dataset versions, 200 runs, 60 model versions, 5 endpoints. */
function large() {
  const nodes: DataLineageNode[] = [];
  const edges: DataLineageEdge[] = [];
  const times = (count: number, make: (index: number) => void) => {
    for (let index = 0; index < count; index += 1) make(index);
  };
  times(20, (i) => nodes.push(node(`source:${i}`, 'source')));
  times(9_000, (i) => {
    nodes.push(node(`batch:${i}`, 'batch'));
    edges.push({ from: `source:${i % 20}`, to: `batch:${i}`, relation: 'collected-from' });
    edges.push({ from: `batch:${i}`, to: `dataset-version:${i % 800}`, relation: 'brought-in' });
  });
  times(800, (i) => {
    nodes.push(
      node(`dataset-version:${i}`, 'dataset-version', {
        ref: `set ${i % 40}`,
        label: `set ${i % 40} @ ${i}`,
      }),
    );
    edges.push({ from: `dataset-version:${i}`, to: `run:${i % 200}`, relation: 'read' });
  });
  times(200, (i) => {
    nodes.push(node(`run:${i}`, 'run'));
    edges.push({ from: `run:${i}`, to: `model-version:${i % 60}`, relation: 'made-by' });
  });
  times(60, (i) => {
    nodes.push(node(`model-version:${i}`, 'model-version', { ref: `model ${i % 6}`, quarantined: i === 7 }));
    edges.push({ from: `model-version:${i}`, to: `endpoint:${i % 5}`, relation: 'serves' });
  });
  times(5, (i) => nodes.push(node(`endpoint:${i}`, 'endpoint')));
  return { nodes, edges };
}

describe('folding', () => {
  it('keeps 10,000 things to a picture that can be read, and loses none', () => {
    const graph = large();
    expect(graph.nodes.length).toBeGreaterThan(10_000);
    const folded = fold(graph, new Set());
    for (const [column] of COLUMNS.entries())
      expect(folded.shapes.filter((shape) => shape.column === column).length).toBeLessThanOrEqual(
        MOST_SHAPES + 1,
      );
    expect(folded.shapes.reduce((sum, { nodes }) => sum + nodes.length, 0)).toBe(graph.nodes.length);
    expect(folded.shapeOf.size).toBe(graph.nodes.length);
  });

  it('folds versions of one dataset together and names them by it', () => {
    const nodes = Array.from({ length: 6 }, (_, i) =>
      node(`dataset-version:${i}`, 'dataset-version', { ref: 'a', label: `loans @ ${i + 1}` }),
    );
    const { shapes } = fold({ nodes, edges: [] }, new Set());
    expect(shapes.map(({ label, folded }) => [label, folded])).toEqual([['loans: 6 versions', true]]);
    const [shape] = shapes;
    const open = fold({ nodes, edges: [] }, new Set([shape?.id ?? '']));
    expect(open.shapes.map(({ folded }) => folded)).toEqual([false, false, false, false, false, false]);
  });

  it('counts the edges that a join stands for', () => {
    const nodes = [
      node('source:a', 'source'),
      ...Array.from({ length: 7 }, (_, i) => node(`batch:${i}`, 'batch')),
    ];
    const edges = Array.from(
      { length: 7 },
      (_, i): DataLineageEdge => ({ from: 'source:a', to: `batch:${i}`, relation: 'collected-from' }),
    );
    const folded = fold({ nodes, edges }, new Set());
    expect(folded.joins.map(({ count }) => count)).toEqual([7]);
    expect(folded.shapes.find(({ folded: is }) => is)?.label).toBe('7 batches of source:a');
  });

  it('keeps what is quarantined out of the others', () => {
    const folded = fold(large(), new Set());
    const shape = folded.shapes.find(({ id }) => id === folded.shapeOf.get('model-version:7'));
    expect(shape?.id.startsWith('others:')).toBe(false);
    expect(shape?.nodes[0]?.id).toBe('model-version:7');
  });
});

describe('the way through a shape', () => {
  it('leads to all that it comes from and all that comes of it, and not to siblings', () => {
    const nodes = [node('source:a', 'source'), node('batch:1', 'batch'), node('batch:2', 'batch')];
    const edges: DataLineageEdge[] = [
      { from: 'source:a', to: 'batch:1', relation: 'collected-from' },
      { from: 'source:a', to: 'batch:2', relation: 'collected-from' },
    ];
    const folded = fold({ nodes, edges }, new Set());
    expect([...pathThrough(folded, 'batch:1')].toSorted()).toEqual(['batch:1', 'source:a']);
    expect(pathThrough(folded, 'source:a').size).toBe(3);
  });

  it('ends where the graph has a circle', () => {
    const nodes = [node('run:a', 'run'), node('dataset-version:b', 'dataset-version')];
    const edges: DataLineageEdge[] = [
      { from: 'run:a', to: 'dataset-version:b', relation: 'wrote' },
      { from: 'dataset-version:b', to: 'run:a', relation: 'read' },
    ];
    expect(pathThrough(fold({ nodes, edges }, new Set()), 'run:a').size).toBe(2);
  });
});

it('places every shape once, without overlap', () => {
  const folded = fold(large(), new Set());
  const { placed, width, height } = place(folded);
  expect(placed.size).toBe(folded.shapes.length);
  expect(new Set([...placed.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(placed.size);
  for (const { x, y } of placed.values()) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThan(width);
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y).toBeLessThan(height);
  }
});

describe('direction', () => {
  const version = (id: string, ref: string) => node(id, 'dataset-version', { ref });
  const columnOf = (graph: Parameters<typeof fold>[0], id: string): number | undefined =>
    fold(graph, new Set()).shapes.find((shape) => shape.nodes.some((each) => each.id === id))?.column;

  it('puts what a run wrote to the right of the run, and what read that further on', () => {
    const graph = {
      nodes: [
        node('raw', 'external-dataset'),
        node('clean', 'run'),
        version('loans@1', 'loans'),
        node('train', 'run'),
        node('job', 'job'),
        node('scorer', 'model-version'),
      ],
      edges: [
        { from: 'raw', to: 'clean', relation: 'read' },
        { from: 'clean', to: 'loans@1', relation: 'wrote' },
        { from: 'loans@1', to: 'train', relation: 'read' },
        { from: 'job', to: 'train', relation: 'run-of' },
        { from: 'train', to: 'scorer', relation: 'made-by' },
      ] satisfies DataLineageEdge[],
    };
    const order = ['raw', 'clean', 'loans@1', 'train', 'scorer'].map((id) => columnOf(graph, id) ?? -1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(order).size).toBe(5);
    expect(columnOf(graph, 'job')).toBe(columnOf(graph, 'train'));
  });

  it('keeps versions of one dataset together, and ends where runs go round in a ring', () => {
    const graph = {
      nodes: [
        version('a@1', 'a'),
        version('a@2', 'a'),
        node('x', 'external-dataset'),
        node('one', 'run'),
        node('two', 'run'),
      ],
      edges: [
        { from: 'a@1', to: 'one', relation: 'read' },
        { from: 'one', to: 'a@2', relation: 'wrote' },
        { from: 'x', to: 'two', relation: 'read' },
        { from: 'two', to: 'x', relation: 'wrote' },
      ] satisfies DataLineageEdge[],
    };
    expect(columnOf(graph, 'a@1')).toBe(columnOf(graph, 'a@2'));
    expect(columnOf(graph, 'x')).toBeLessThan(COLUMNS.length);
  });
});
