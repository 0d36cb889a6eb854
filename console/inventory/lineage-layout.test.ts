import type { LineageNode } from '@bartizan/contracts';
import { expect, test } from 'vitest';
import { curve, layoutOf, NODE } from './lineage-layout.ts';

const node = (id: string, distance: number): LineageNode => ({
  id,
  kind: 'model-version',
  label: id,
  ref: null,
  modelId: null,
  version: 1,
  stage: null,
  status: null,
  verdict: null,
  quarantined: false,
  removed: false,
  hidden: false,
  digest: null,
  distance,
});
const edge = (from: string, to: string) => ({ from, to, relation: 'based-on' as const });

test('what a version comes from lies on its left, what comes of it on its right', () => {
  const layout = layoutOf({
    nodes: [node('child', 1), node('root', 0), node('base', -1)],
    edges: [edge('root', 'base'), edge('child', 'root')],
  });
  const x = (id: string) => layout.nodes.find((each) => each.node.id === id)?.x ?? Number.NaN;
  expect(x('base')).toBeLessThan(x('root'));
  expect(x('root')).toBeLessThan(x('child'));
  expect(layout.edges).toHaveLength(2);
});

test('nodes never overlap and all lie within the picture', () => {
  const nodes = [node('root', 0), ...Array.from({ length: 60 }, (_, i) => node(`c${i}`, 1 + (i % 3)))];
  const layout = layoutOf({ nodes, edges: nodes.slice(1).map(({ id }) => edge(id, 'root')) });
  for (const a of layout.nodes) {
    expect(a.x).toBeGreaterThanOrEqual(0);
    expect(a.y).toBeGreaterThanOrEqual(0);
    expect(a.x + NODE.width).toBeLessThanOrEqual(layout.width);
    expect(a.y + NODE.height).toBeLessThanOrEqual(layout.height);
    for (const b of layout.nodes)
      if (a !== b && a.x === b.x) expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(NODE.height);
  }
});

test('an edge to what is not there is left out, and a lone node is drawn', () => {
  const layout = layoutOf({ nodes: [node('root', 0)], edges: [edge('root', 'gone')] });
  expect(layout.edges).toHaveLength(0);
  expect(layout.nodes[0]).toMatchObject({ x: NODE.margin, y: NODE.margin });
});

test('curves run from left to right whichever way the edge points', () => {
  const left = { node: node('a', 0), x: 0, y: 0 };
  const right = { node: node('b', 1), x: 300, y: 50 };
  expect(curve(left, right)).toBe(curve(right, left));
});
