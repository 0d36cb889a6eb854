import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import { type ArtifactFinding, defineArtifactCheck, type Probe, ScanFault } from '../../types.ts';
import { cachedSource } from '../core/cached.ts';
import { judged } from '../core/judge.ts';
import { isMild, unsafePath } from '../core/paths.ts';
import { payloadsIn } from '../core/payload.ts';
import { sampleInput } from '../core/sample.ts';
import { cut } from '../core/text.ts';
import { MOST_PROBED, probeFields } from '../protobuf/probe.ts';
import { judgeWeights, type WeightTensor } from '../weights/judge.ts';
import { STAT_TYPES, type StatType } from '../weights/stats.ts';
import { buildOnnx } from './build.ts';
import { createGraphNotes } from './graph.ts';
import { createWalk, type OnnxTensor } from './walk.ts';

const CHECK = 'artifacts/onnx';
/** Wire types of the fields of ModelProto. */
const MODEL_FIELDS: Readonly<Record<number, 0 | 2>> = Object.freeze({
  1: 0,
  2: 2,
  3: 2,
  4: 2,
  5: 0,
  6: 2,
  7: 2,
  8: 2,
  14: 2,
  20: 2,
  25: 2,
  26: 2,
});
/** TensorProto.DataType: bits of a number; 8 is text. */
const TYPE_BITS: Readonly<Record<number, number>> = Object.freeze({
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  14: 64,
  15: 128,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
  23: 4,
  24: 8,
});
const STATS: Readonly<Record<number, StatType>> = Object.freeze({
  1: 'F32',
  10: 'F16',
  11: 'F64',
  16: 'BF16',
});
const MOST_MEASURED = 200_000;

const Config = z.object({
  weights: z.boolean().default(true).describe('Also measure the weights (reads the whole file)'),
});

export const onnxCheck = defineArtifactCheck({
  id: CHECK,
  title: 'ONNX',
  description:
    'Reads the graph with an own bounded protobuf reader: external data outside the folder, operators that need foreign code, control flow, payloads in the metadata, tensors that do not fit their shape; measures the weights.',
  maps: MODEL_FILE_MAPS,
  config: Config,
  samples: [
    { title: 'a matrix product', input: sampleInput(buildOnnx()), found: false },
    {
      title: 'weights outside the folder',
      input: sampleInput(buildOnnx({ externalLocation: '../../etc/passwd' })),
      found: true,
    },
    {
      title: 'an operator that runs Python',
      input: sampleInput(buildOnnx({ op: 'PyOp', domain: 'ai.onnx.contrib' })),
      found: true,
    },
  ],
  recognise,
  judge(input, config) {
    let sawNode = () => false;
    return judged(input, { check: CHECK, format: 'onnx', isCertain: () => sawNode() }, async (outcome) => {
      const source = cachedSource(input.source);
      const tensors: WeightTensor[] = [];
      const graph = createGraphNotes();
      const walk = createWalk(
        source,
        {
          node: (node) => graph.node(node, outcome),
          tensor: (tensor) => judgeTensor(tensor, outcome, tensors),
          function: graph.function,
          opset: graph.opset,
          text: (where, text, offset) => judgeText(where, text, offset, outcome),
        },
        input.context.checkpoint,
      );
      sawNode = walk.sawNode;
      await walk.model();
      if (!walk.sawGraph()) {
        if (input.recognition === 'maybe') return 'unknown';
        throw new ScanFault('has no graph');
      }
      graph.report(outcome);
      if (config.weights) await judgeWeights(input.source, tensors, outcome, input.context.checkpoint);
      return undefined;
    });
  },
});

function recognise(probe: Probe): 'yes' | 'maybe' | 'no' {
  const fields = probeFields(probe);
  if (fields === null || fields.length === 0) return 'no';
  const numbers = new Set(fields.map(({ number }) => number));
  const fits = fields.every(({ number, wire }) => MODEL_FIELDS[number] === wire);
  if (numbers.has(7)) return numbers.has(1) && (fits || numbers.has(8)) ? 'yes' : 'maybe';
  // Fields come in any order, unknown ones among them: the graph may lie behind what was seen.
  const { offset = 0, length = 0 } = fields.at(-1) ?? {};
  return fields.length >= MOST_PROBED || offset + length > probe.head.length ? 'maybe' : 'no';
}

function judgeTensor(tensor: OnnxTensor, outcome: OutcomeBuilder, measured: WeightTensor[]): void {
  const { offset, raw, type } = tensor;
  const name = cut(tensor.name, 80);
  const find = (
    severity: ArtifactFinding['severity'],
    kind: ArtifactFinding['kind'],
    message: string,
    details: Record<string, string | number> = {},
  ) => outcome.find({ check: CHECK, severity, kind, message, offset, evidence: { details } });

  for (const [key, value] of tensor.external) judgeExternal(key, value, name, find);
  const bits = TYPE_BITS[type];
  if (bits !== undefined && raw !== null && !tensor.isExternal) {
    const count = tensor.dims.reduce((product, dim) => product * dim, 1);
    const wanted = Math.ceil((count * bits) / 8);
    const has = raw.end - raw.start;
    if (wanted !== has) {
      find(
        'low',
        'container-mismatch',
        `Tensor "${name}" needs ${wanted} bytes by type and shape and has ${has}.`,
      );
    }
  }
  const stat = STATS[type];
  if (stat !== undefined && raw !== null && measured.length < MOST_MEASURED) {
    const length = raw.end - raw.start;
    if (length % STAT_TYPES[stat] === 0)
      measured.push({ name: tensor.name, type: stat, offset: raw.start, length });
  }
}

type Find = (
  severity: ArtifactFinding['severity'],
  kind: ArtifactFinding['kind'],
  message: string,
  details?: Record<string, string | number>,
) => void;

/** Keys that onnx knows; others were once set as attributes on the loader's object (CVE-2025-51480 and its kin). */
const EXTERNAL_KEYS = new Set(['location', 'offset', 'length', 'checksum', 'basepath']);

function judgeExternal(key: string, value: string, tensor: string, find: Find): void {
  if (key === 'location' || key === 'basepath') {
    const reason = unsafePath(value);
    if (reason !== null) {
      find(
        isMild(reason) ? 'low' : 'high',
        'unsafe-path',
        `The weights of "${tensor}" lie at "${cut(value)}", which ${reason}.`,
        { [key]: cut(value) },
      );
    }
  } else if (key === 'offset' || key === 'length') {
    if (!/^\d{1,18}$/.test(value)) {
      find('medium', 'resource-abuse', `The external ${key} of "${tensor}" is "${cut(value, 40)}".`);
    }
  } else if (!EXTERNAL_KEYS.has(key)) {
    find(
      /^_|__/.test(key) ? 'high' : 'low',
      /^_|__/.test(key) ? 'unsafe-config' : 'note',
      `The external data of "${tensor}" have the unknown key "${cut(key, 80)}".`,
    );
  }
}

function judgeText(where: string, text: string, offset: number, outcome: OutcomeBuilder): void {
  for (const { what, excerpt } of payloadsIn(text)) {
    outcome.find({
      check: CHECK,
      severity: 'medium',
      kind: 'embedded-payload',
      message: `The ${where} holds ${what}.`,
      offset,
      evidence: { excerpt: [excerpt] },
    });
  }
}
