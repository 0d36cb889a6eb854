import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import { type ArtifactFinding, defineArtifactCheck, ScanFault } from '../../types.ts';
import { cachedSource } from '../core/cached.ts';
import { judged } from '../core/judge.ts';
import { isMild, unsafePath } from '../core/paths.ts';
import { payloadsIn } from '../core/payload.ts';
import { sampleInput } from '../core/sample.ts';
import { cut } from '../core/text.ts';
import { buildOnnx } from './build.ts';
import { createGraphNotes } from './graph.ts';
import { recogniseOnnx } from './recognise.ts';
import { createWalk, type OnnxTensor } from './walk.ts';

const CHECK = 'artifacts/onnx';
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
export const onnxCheck = defineArtifactCheck({
  id: CHECK,
  title: 'ONNX',
  description:
    'Reads the graph with an own bounded protobuf reader: external data outside the folder, operators that need foreign code, control flow, payloads in the metadata, tensors that do not fit their shape.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
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
  recognise: recogniseOnnx,
  judge(input) {
    let sawNode = () => false;
    return judged(input, { check: CHECK, format: 'onnx', isCertain: () => sawNode() }, async (outcome) => {
      const source = cachedSource(input.source);
      const graph = createGraphNotes();
      const walk = createWalk(
        source,
        {
          node: (node) => graph.node(node, outcome),
          tensor: (tensor) => judgeTensor(tensor, outcome),
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
      return undefined;
    });
  },
});

function judgeTensor(tensor: OnnxTensor, outcome: OutcomeBuilder): void {
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
