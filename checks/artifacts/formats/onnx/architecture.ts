import { z } from 'zod';
import { WEIGHT_MAPS } from '../../maps.ts';
import { type OutcomeBuilder, outcomeBuilder } from '../../outcome.ts';
import { type ArtifactInput, type ByteSource, defineArtifactCheck, ScanFault } from '../../types.ts';
import { cachedSource } from '../core/cached.ts';
import { sampleInput } from '../core/sample.ts';
import { cut } from '../core/text.ts';
import { maskedModel, triggeredModel } from './build-graphs.ts';
import { constantText, firstNumbers } from './constants.ts';
import { COMPARES, live } from './dataflow.ts';
import { createGraphReader, type GraphNode, type ModelGraph, type Value } from './model-graph.ts';
import { recogniseOnnx } from './recognise.ts';
import { type Gate, gatesOf, type Scalars } from './trigger.ts';
import { createWalk } from './walk.ts';

const CHECK = 'artifacts/architecture';
const MOST_PATH = 40;
const RANDOM = /^(?:RandomUniform|RandomNormal|RandomUniformLike|RandomNormalLike|Multinomial|Bernoulli)$/;
const HASHES = /^(?:Hash|MurmurHash3)$/;

/** Whether the file breaks its format is the format's own check's to say: this one names no format. */
export const architectureCheck = defineArtifactCheck({
  id: CHECK,
  title: 'Architecture of ONNX graphs',
  description:
    'Follows values through the graph: comparisons of the input with constants that change the answer past the model’s layers, random numbers and hashes, nodes that nothing depends on, answers that no input reaches.',
  maps: WEIGHT_MAPS,
  config: z.object({}),
  samples: [
    { title: 'attention with a mask', input: sampleInput(maskedModel()), found: false },
    {
      title: 'a pattern in the input that changes the answer',
      input: sampleInput(triggeredModel()),
      found: true,
    },
  ],
  recognise: (probe) => (recogniseOnnx(probe) === 'yes' ? 'maybe' : 'no'),
  async judge(input) {
    const outcome = outcomeBuilder(input.context);
    const graph = await readGraph(input);
    if (graph !== null) {
      for (const gate of gatesOf(graph, await scalarsOf(graph, input.source))) {
        // Masks, clipping and the like: the format's own check counts them.
        if (gate.kind !== 'gate') await reportGate(gate, graph, { input, outcome });
      }
      reportOdd(graph, outcome);
    }
    return outcome.finish('unknown');
  },
});

/** Null for what is no ONNX graph, or is cut off: its own check says so. */
async function readGraph({ source, context }: ArtifactInput): Promise<ModelGraph | null> {
  const reader = createGraphReader();
  try {
    await createWalk(
      cachedSource(source),
      { function: () => {}, opset: () => {}, text: () => {}, ...reader.visitor },
      context.checkpoint,
    ).model();
  } catch (fault) {
    if (fault instanceof ScanFault) return null;
    throw fault;
  }
  return reader.finish();
}

const MOST_SCALARS = 10_000;

/** What comparisons compare with, where it is one number. */
async function scalarsOf(graph: ModelGraph, source: ByteSource): Promise<Scalars> {
  const found = new Map<number, number>();
  for (const { op, inputs } of graph.nodes) {
    if (!COMPARES.test(op) || found.size >= MOST_SCALARS) continue;
    for (const input of inputs) {
      const { constant } = graph.values[input] as Value;
      if (constant === null || constant.dims.some((dim) => dim !== 1)) continue;
      const [number] = await firstNumbers(constant, source);
      if (number !== undefined) found.set(input, number);
    }
  }
  return found;
}

const label = ({ op, name }: GraphNode): string => (name === '' ? op : `${op} "${cut(name, 60)}"`);

const GATE_TEXT: Readonly<Record<Gate['kind'], string>> = Object.freeze({
  trigger:
    'is compared past the layers of the model, made one flag of, and changes the answer behind them, as an implanted trigger does',
  switch: 'is one number and chooses what the model does',
  gate: 'is compared, and what follows depends on it',
});

async function reportGate(
  gate: Gate,
  graph: ModelGraph,
  { input, outcome }: { readonly input: ArtifactInput; readonly outcome: OutcomeBuilder },
): Promise<void> {
  const node = graph.nodes[gate.node] as GraphNode;
  const comparison = graph.nodes[gate.comparison] as GraphNode;
  const constant = comparison.inputs
    .map((value) => graph.values[value] as Value)
    .find((value) => value.constant !== null)?.constant;
  const against = constant ? await constantText(constant, input.source) : 'another value';
  const path = [
    `input ${gate.inputs.map((name) => cut(name, 60)).join(', ')}`,
    ...gate.path.map((number) => label(graph.nodes[number] as GraphNode)),
  ];
  const isTrigger = gate.kind === 'trigger';
  outcome.find({
    check: CHECK,
    severity: isTrigger ? 'medium' : 'info',
    kind: isTrigger ? 'executes-on-use' : 'note',
    message: `Input "${cut(gate.inputs.join(', '), 80)}" ${GATE_TEXT[gate.kind]}: ${comparison.op} with ${against}, taken by ${label(node)}.`,
    offset: node.offset,
    evidence: {
      capability: 'behaviour',
      excerpt:
        path.length > MOST_PATH ? [...path.slice(0, MOST_PATH), `… ${path.length - MOST_PATH} more`] : path,
      details: {
        comparison: comparison.op,
        gate: node.op,
        layersAfter: gate.layersAfter,
        weightsToFlag: gate.flagWeights,
        weightsToAnswer: gate.mainWeights,
      },
    },
  });
}

function reportOdd(graph: ModelGraph, outcome: OutcomeBuilder): void {
  if (graph.outputs.length === 0) return;
  const reached = live(graph);
  const note = (nodes: readonly GraphNode[], message: string) => {
    const [first] = nodes;
    if (first === undefined) return;
    outcome.find({
      check: CHECK,
      severity: 'info',
      kind: 'note',
      message,
      offset: first.offset,
      evidence: { excerpt: nodes.slice(0, 20).map(label), details: { nodes: nodes.length } },
    });
  };
  const dead = graph.nodes.filter((_, number) => !reached.has(number));
  note(dead, `${dead.length} of ${graph.nodes.length} nodes lead to no output.`);
  const alive = graph.nodes.filter((_, number) => reached.has(number));
  const random = alive.filter(({ op }) => RANDOM.test(op));
  note(random, `${random.length} nodes draw random numbers: the same input may be answered differently.`);
  const hashes = alive.filter(({ op }) => HASHES.test(op));
  note(
    hashes,
    `${hashes.length} nodes hash what they are given: which inputs they react to cannot be read from the graph.`,
  );
}
