import type { GraphNode, ModelGraph, Value } from './model-graph.ts';

/** Operators that multiply with learned numbers. */
const WEIGHTED =
  /^(?:Conv|ConvTranspose|ConvInteger|QLinearConv|FusedConv|MatMul|MatMulInteger|MatMulNBits|QLinearMatMul|FusedMatMul|Gemm|FusedGemm|QGemm|Einsum|LSTM|GRU|RNN|Attention|MultiHeadAttention|QAttention|Linear\w{1,20}|SVM\w{1,20}|TreeEnsemble\w{0,20}|DeformConv)$/;
/** Their results tell of sizes, not of what the input says. */
const SHAPES = /^(?:Shape|Size|ConstantOfShape|EyeLike|Random\w{1,20})$/;
export const COMPARES =
  /^(?:Equal|Greater|Less|GreaterOrEqual|LessOrEqual|Sign|ThresholdedRelu|Binarizer|StringNormalizer|Hardmax)$/;
/** Make one of many: over elements, or by picking some of them. */
const COLLAPSES =
  /^(?:Reduce\w{1,20}|GlobalAveragePool|GlobalMaxPool|GlobalLpPool|ArgMax|ArgMin|CumSum|TopK|MaxPool|AveragePool|Hash|MurmurHash3)$/;
const PICKS = /^(?:Gather|GatherND|GatherElements|Slice|ArrayFeatureExtractor|Split|Compress)$/;

/** Numbers of elements of the constants that a node takes, through what merely passes them on. */
export function weightOf(graph: ModelGraph, number: number): number {
  const { op, inputs } = graph.nodes[number] as GraphNode;
  if (!WEIGHTED.test(op) && op !== 'Gather') return 0;
  let size = 0;
  for (const [index, input] of inputs.entries()) {
    if (op === 'Gather' && index > 0) break;
    size += constantSize(graph, input, 3);
  }
  // A table of 64 numbers at least is an embedding; smaller ones are shapes and indices.
  if (op === 'Gather') return size >= 64 ? size : 0;
  return /^(?:Tree|Linear|SVM)/.test(op) ? Math.max(1, size) : size;
}

function constantSize(graph: ModelGraph, at: number, steps: number): number {
  const value = graph.values[at] as Value;
  if (value.constant !== null) return value.constant.dims.reduce((product, dim) => product * dim, 1);
  const producer = graph.nodes[value.producer];
  if (producer === undefined || steps === 0 || producer.inputs.length === 0) return 0;
  if (!/^(?:Transpose|Cast|DequantizeLinear|Identity|Reshape|Unsqueeze|Squeeze|Flatten)$/.test(producer.op))
    return 0;
  return constantSize(graph, producer.inputs[0] as number, steps - 1);
}

export interface Upstream {
  /** Nodes on which the value depends by content, nearest first. */
  readonly nodes: ReadonlySet<number>;
  /** Declared inputs that it depends on by content. */
  readonly inputs: readonly number[];
}

/** All that `value` depends on, not through mere shapes. */
export function upstream(graph: ModelGraph, value: number): Upstream {
  const nodes = new Set<number>();
  const seen = new Set<number>([value]);
  const inputs: number[] = [];
  const queue = [value];
  for (let at = 0; at < queue.length; at += 1) {
    const number = queue[at] as number;
    const { producer, input, constant } = graph.values[number] as Value;
    if (input !== null && constant === null) inputs.push(number);
    const node = graph.nodes[producer];
    if (node === undefined || SHAPES.test(node.op)) continue;
    nodes.add(producer);
    for (const next of [...node.inputs, ...node.inner]) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return { nodes, inputs };
}

/** Nodes that depend on what node `from` gives, itself left out. */
export function downstream(graph: ModelGraph, from: number): ReadonlySet<number> {
  const nodes = new Set<number>();
  const queue = [from];
  for (let at = 0; at < queue.length; at += 1) {
    const node = graph.nodes[queue[at] as number] as GraphNode;
    for (const output of node.outputs) {
      for (const next of (graph.values[output] as Value).consumers) {
        if (nodes.has(next) || next === from) continue;
        nodes.add(next);
        queue.push(next);
      }
    }
  }
  return nodes;
}

/** Nodes from which an output of the graph can be reached. */
export function live(graph: ModelGraph): ReadonlySet<number> {
  const nodes = new Set<number>();
  const queue = graph.outputs.map((output) => (graph.values[output] as Value).producer);
  for (let at = 0; at < queue.length; at += 1) {
    const number = queue[at] as number;
    if (number < 0 || nodes.has(number)) continue;
    nodes.add(number);
    const { inputs, inner } = graph.nodes[number] as GraphNode;
    for (const input of [...inputs, ...inner]) queue.push((graph.values[input] as Value).producer);
  }
  return nodes;
}

/** True when one number stands for many of the input, or some of its numbers were picked by constants. */
export function collapses(graph: ModelGraph, nodes: ReadonlySet<number>): boolean {
  for (const number of nodes) {
    const { op, inputs } = graph.nodes[number] as GraphNode;
    if (COLLAPSES.test(op) || (WEIGHTED.test(op) && weightOf(graph, number) > 0)) return true;
    const hasConstant = inputs.slice(1).some((input) => (graph.values[input] as Value).constant !== null);
    if (PICKS.test(op) && hasConstant && (graph.values[inputs[0] as number] as Value).constant === null)
      return true;
  }
  return false;
}

export interface Path {
  readonly values: readonly number[];
  readonly nodes: readonly number[];
}

/** A shortest way from `from` (a value) to one of `goals` (nodes), each step a node; empty for none. */
export function pathTo(graph: ModelGraph, from: number, goals: ReadonlySet<number>): readonly number[] {
  const before = new Map<number, number>();
  const queue: number[] = [];
  for (const next of (graph.values[from] as Value).consumers) {
    if (before.has(next)) continue;
    before.set(next, -1);
    queue.push(next);
  }
  for (let at = 0; at < queue.length; at += 1) {
    const number = queue[at] as number;
    if (goals.has(number)) return unwind(before, number);
    for (const output of (graph.nodes[number] as GraphNode).outputs) {
      for (const next of (graph.values[output] as Value).consumers) {
        if (before.has(next)) continue;
        before.set(next, number);
        queue.push(next);
      }
    }
  }
  return [];
}

function unwind(before: ReadonlyMap<number, number>, last: number): number[] {
  const path: number[] = [];
  for (let at = last; at >= 0; at = before.get(at) ?? -1) path.unshift(at);
  return path;
}
