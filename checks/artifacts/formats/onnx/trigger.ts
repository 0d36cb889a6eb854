import {
  COMPARES,
  collapses,
  downstream,
  live,
  pathTo,
  type Upstream,
  upstream,
  weightOf,
} from './dataflow.ts';
import type { GraphNode, ModelGraph, Value } from './model-graph.ts';

/**
 * A place where a comparison decides what the model answers.
 * - `trigger`: the comparison looks at the input past the model's own layers, boils it down to a flag and changes the
 *   answer behind (nearly) all layers, as implanted graph logic does.
 * - `switch`: it looks at an input of one number, with which a caller chooses a mode.
 * - `gate`: the same as a trigger but for one of its marks; ordinary models have these.
 */
export interface Gate {
  readonly kind: 'trigger' | 'switch' | 'gate';
  /** The node that takes the flag. */
  readonly node: number;
  readonly comparison: number;
  readonly inputs: readonly string[];
  /** Nodes from the input over the comparison to the output. */
  readonly path: readonly number[];
  /** Numbers in the layers on the way to the flag, and to what it decides about. */
  readonly flagWeights: number;
  readonly mainWeights: number;
  /** Layers behind the gate. */
  readonly layersAfter: number;
}

/** The number in constants of one number, by value. */
export type Scalars = ReadonlyMap<number, number>;

/** Candidates beyond this are not followed: each costs a walk through the graph. */
const MOST_CANDIDATES = 300;
const MOST_GATES = 20;

interface Candidate {
  readonly node: number;
  readonly flag: number;
  readonly mains: readonly number[];
}

/** Where what the model answers hangs on a comparison of its input. */
export function gatesOf(graph: ModelGraph, scalars: Scalars): Gate[] {
  const compared = comparedValues(graph);
  const deep = deepValues(graph);
  const reached = live(graph);
  const found: Gate[] = [];
  let followed = 0;
  for (const [number, node] of graph.nodes.entries()) {
    if (!reached.has(number)) continue;
    for (const candidate of candidatesAt(number, node, compared)) {
      const isIf = node.op === 'If';
      if (!isIf && !candidate.mains.some((main) => deep.has(main))) continue;
      followed += 1;
      if (followed > MOST_CANDIDATES || found.length >= MOST_GATES) return found;
      const gate = judge(graph, candidate, { deep, scalars });
      const isNew = (other: Gate) => other.comparison !== gate?.comparison || other.kind !== gate.kind;
      if (gate !== null && found.every(isNew)) found.push(gate);
    }
  }
  return found;
}

function candidatesAt(number: number, node: GraphNode, compared: ReadonlySet<number>): Candidate[] {
  const [first, ...others] = node.inputs;
  if (first === undefined) return [];
  if (node.op === 'Where') return compared.has(first) ? [{ node: number, flag: first, mains: others }] : [];
  if (node.op === 'If') return compared.has(first) ? [{ node: number, flag: first, mains: node.inner }] : [];
  if (!/^(?:Mul|Add|Sub|Sum|Max|Min|Xor|BitwiseXor|ScatterND|ScatterElements)$/.test(node.op)) return [];
  return node.inputs.flatMap((flag, index) =>
    compared.has(flag)
      ? [{ node: number, flag, mains: node.inputs.filter((_, other) => other !== index) }]
      : [],
  );
}

/** Values that follow from a comparison, until a layer or a soft choice blurs it. */
function comparedValues(graph: ModelGraph): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [number, { op, inputs, outputs }] of graph.nodes.entries()) {
    const isConstant = inputs.every((input) => (graph.values[input] as Value).constant !== null);
    const starts = (COMPARES.test(op) && !isConstant) || isDistance(graph, number);
    const passes =
      !/^(?:Softmax|LogSoftmax|Shape|Size|Softplus|LayerNormalization)$/.test(op) &&
      inputs.some((input) => found.has(input)) &&
      (weightOf(graph, number) <= SMALL_LAYER || op === 'Gather');
    if (starts || passes) for (const output of outputs) found.add(output);
  }
  return found;
}

/** A layer of this many numbers may spread a flag over classes; larger ones are the model's own. */
const SMALL_LAYER = 4096;

/** A sum over the distances between an input and a constant pattern: a comparison without an operator of that name. */
function isDistance(graph: ModelGraph, number: number): boolean {
  const { op, inputs } = graph.nodes[number] as GraphNode;
  if (!/^Reduce(?:Sum|Max|Mean|L1|L2|SumSquare|Min|Prod)$/.test(op)) return false;
  let value = graph.values[inputs[0] as number] as Value;
  for (let steps = 0; steps < 5; steps += 1) {
    const node = graph.nodes[value.producer];
    if (node === undefined) return false;
    if (node.op === 'Sub' || node.op === 'Add') return isPattern(graph, node);
    if (!/^(?:Abs|Pow|Mul|Sqrt|Neg|Relu|Clip|Cast|Flatten|Reshape)$/.test(node.op)) return false;
    value = graph.values[node.inputs[0] as number] as Value;
  }
  return false;
}

/** A constant with as many numbers as part of an input, not one a channel as normalisation has, next to something that is none. */
function isPattern(graph: ModelGraph, { inputs }: GraphNode): boolean {
  const values = inputs.map((input) => graph.values[input] as Value);
  const constant = values.find((value) => value.constant !== null)?.constant;
  if (constant === null || constant === undefined || values.every((value) => value.constant !== null))
    return false;
  return (
    constant.dims.filter((dim) => dim > 1).length > 0 &&
    upstream(graph, inputs[0] as number).inputs.length > 0
  );
}

/** Values that came through a layer. */
function deepValues(graph: ModelGraph): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [number, { inputs, inner, outputs, op }] of graph.nodes.entries()) {
    const isDeep =
      [...inputs, ...inner].some((input) => found.has(input)) ||
      (op !== 'Gather' && weightOf(graph, number) > 0);
    if (isDeep) for (const output of outputs) found.add(output);
  }
  return found;
}

function judge(
  graph: ModelGraph,
  { node, flag, mains }: Candidate,
  { deep, scalars }: { readonly deep: ReadonlySet<number>; readonly scalars: Scalars },
): Gate | null {
  const flagUp = upstream(graph, flag);
  if (flagUp.inputs.length === 0) return null;
  const comparison = [...flagUp.nodes].find(
    (number) => COMPARES.test((graph.nodes[number] as GraphNode).op) || isDistance(graph, number),
  );
  if (comparison === undefined) return null;
  const main = mergeUp(mains.filter((value) => deep.has(value)).map((value) => upstream(graph, value)));
  const layers = (nodes: Iterable<number>) => [...nodes].filter((number) => weightOf(graph, number) > 0);
  const [flagLayers, mainLayers] = [layers(flagUp.nodes), layers(main.nodes)];
  const sum = (numbers: readonly number[]) =>
    numbers.reduce((total, number) => total + weightOf(graph, number), 0);
  const [flagWeights, mainWeights] = [sum(flagLayers), sum(mainLayers)];
  const layersAfter = layers(downstream(graph, node)).length;
  const isParallel = !flagLayers.some((number) => main.nodes.has(number)) && flagWeights <= mainWeights / 2;
  const isLate = layersAfter <= Math.max(1, Math.floor(mainLayers.length / 10));
  const single = flagUp.inputs.filter((value) => isScalar(graph.values[value] as Value));
  const isSwitch = single.length === flagUp.inputs.length;
  const isTrigger =
    isParallel &&
    isLate &&
    mainLayers.length > 0 &&
    collapses(graph, flagUp.nodes) &&
    !(flagLayers.length > 0 && isRouted(graph, flagUp.nodes)) &&
    !isPresence(graph, flagUp, comparison, scalars);
  return {
    kind: isSwitch ? 'switch' : isTrigger ? 'trigger' : 'gate',
    node,
    comparison,
    inputs: flagUp.inputs.map((value) => (graph.values[value] as Value).name),
    path: pathThrough(graph, flagUp, { comparison, node }),
    flagWeights,
    mainWeights,
    layersAfter,
  };
}

function mergeUp(all: readonly Upstream[]): { readonly nodes: ReadonlySet<number> } {
  return { nodes: new Set(all.flatMap(({ nodes }) => [...nodes])) };
}

/** Declared as one number, or none (a scalar), whatever the caller sends. */
function isScalar({ input }: Value): boolean {
  return input !== null && input.type !== 0 && input.dims.every((dim) => dim === 1);
}

const WHOLE_TYPES: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 7, 9, 12, 13]);

/**
 * Whether the comparison only asks if anything is there: whole numbers (a mask, lengths, padding) compared with 0 or 1,
 * beside another input that carries the content.
 */
function isPresence(graph: ModelGraph, flag: Upstream, comparison: number, scalars: Scalars): boolean {
  const carriers = graph.values.filter(({ input, constant }) => input !== null && constant === null);
  const areMasks = flag.inputs.every((value) =>
    WHOLE_TYPES.has((graph.values[value] as Value).input?.type ?? 0),
  );
  if (!areMasks || carriers.length <= flag.inputs.length) return false;
  return (graph.nodes[comparison] as GraphNode).inputs.some((input) => {
    const number = scalars.get(input);
    return number === 0 || number === 1;
  });
}

/** Whether a model of its own decides by its best class, as routers of experts and votes of ensembles do. */
const isRouted = (graph: ModelGraph, nodes: ReadonlySet<number>): boolean =>
  [...nodes].some((number) =>
    /^(?:ArgMax|ArgMin|TopK|Softmax|Hardmax|OneHot|TreeEnsemble\w{0,20}|\w{1,20}Classifier)$/.test(
      (graph.nodes[number] as GraphNode).op,
    ),
  );

/** A way from an input over the comparison and the gate to an output. */
function pathThrough(
  graph: ModelGraph,
  flag: Upstream,
  { comparison, node }: { readonly comparison: number; readonly node: number },
): readonly number[] {
  const [input] = flag.inputs;
  if (input === undefined) return [];
  const toComparison = flag.inputs
    .map((from) => pathTo(graph, from, new Set([comparison])))
    .filter((path) => path.length > 0)
    .toSorted((a, b) => a.length - b.length)[0];
  const from = (number: number, goals: ReadonlySet<number>) => {
    const [output] = (graph.nodes[number] as GraphNode).outputs;
    return output === undefined ? [] : pathTo(graph, output, goals);
  };
  const ends = new Set(graph.outputs.map((output) => (graph.values[output] as Value).producer));
  const toGate = from(comparison, new Set([node]));
  const toEnd = ends.has(node) ? [] : from(node, ends);
  return [...(toComparison ?? [comparison]), ...toGate, ...toEnd];
}
