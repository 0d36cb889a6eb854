import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import { type ArtifactFinding, type ArtifactInput, defineArtifactCheck, ScanFault } from '../../types.ts';
import { judgeAppended } from '../core/appended.ts';
import { judged } from '../core/judge.ts';
import { payloadsIn } from '../core/payload.ts';
import { sampleInput } from '../core/sample.ts';
import { cut, utf8 } from '../core/text.ts';
import { judgeWeights } from '../weights/judge.ts';
import { STAT_TYPES, type StatType } from '../weights/stats.ts';
import { buildSafetensors } from './build.ts';
import { DTYPE_BITS, type HeaderTensor, MOST_HEADER_BYTES, parseHeader } from './header.ts';

const CHECK = 'artifacts/safetensors';
const MOST_REPORTED = 20;

const Config = z.object({
  weights: z.boolean().default(true).describe('Also measure the weights (reads the whole file)'),
});

export const safetensorsCheck = defineArtifactCheck({
  id: CHECK,
  title: 'safetensors',
  description:
    'Reads the header with limits and compares it with the file: doubled names, types that do not fit shapes, overlaps, holes, bytes after the end, payloads in the metadata; measures the weights.',
  maps: MODEL_FILE_MAPS,
  config: Config,
  samples: [
    { title: 'one tensor', input: sampleInput(buildSafetensors()), found: false },
    {
      title: 'bytes after the last tensor',
      input: sampleInput(buildSafetensors({ after: new Uint8Array(64).fill(7) })),
      found: true,
    },
    {
      title: 'two tensors share bytes',
      input: sampleInput(
        buildSafetensors({
          header:
            '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
          data: new Uint8Array(6),
        }),
      ),
      found: true,
    },
  ],
  recognise({ head, size }) {
    if (head.length < 10 || size < 10) return 'no';
    const length = headerLength(head);
    if (length < 2 || length > 2 ** 40) return 'no';
    // The length is a small number, so its upper bytes are zero: no text looks like that.
    const first = head.subarray(8, 64).find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x09);
    return first === 0x7b ? 'yes' : 'no';
  },
  judge: (input, config) =>
    judged(input, { check: CHECK, format: 'safetensors' }, async (outcome) => {
      await judgeFile(input, outcome, config.weights);
      return undefined;
    }),
});

function headerLength(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

async function judgeFile(
  { source, context }: ArtifactInput,
  outcome: OutcomeBuilder,
  measure: boolean,
): Promise<void> {
  const length = headerLength(await source.read(0, 8));
  if (length > MOST_HEADER_BYTES) throw new ScanFault(`a header of ${length} bytes`, 0);
  if (length > source.size - 8) throw new ScanFault('ends inside its header', source.size);
  const text = utf8(await source.read(8, length));
  const find = (
    severity: ArtifactFinding['severity'],
    kind: ArtifactFinding['kind'],
    message: string,
    offset = 8,
  ) => outcome.find({ check: CHECK, severity, kind, message, offset, evidence: {} });

  const header = parseHeader(text);
  for (const { key, offset } of header.duplicates.slice(0, MOST_REPORTED)) {
    find(
      'medium',
      'container-mismatch',
      `The key "${cut(key, 80)}" is there twice: readers differ in which they take.`,
      8 + offset,
    );
  }
  if (!text.startsWith('{')) find('low', 'container-mismatch', 'The header does not begin with its object.');
  if (header.extraAt >= 0) {
    find('medium', 'hidden-data', 'The header has more text after its object.', 8 + header.extraAt);
  }
  judgeMetadata(header.metadata, outcome);
  const dataStart = 8 + length;
  const dataEnd = judgeLayout(header.tensors, dataStart, find);
  if (dataEnd > source.size) throw new ScanFault('ends inside its tensors', source.size);
  await judgeAppended(source, dataEnd, outcome, {
    check: CHECK,
    checkpoint: context.checkpoint,
    severity: 'medium',
  });
  if (!measure) return;
  const known = header.tensors.filter(({ dtype }) => dtype in STAT_TYPES);
  await judgeWeights(
    source,
    known.map(({ name, dtype, begin, end }) => ({
      name,
      type: dtype as StatType,
      offset: dataStart + begin,
      length: end - begin,
    })),
    outcome,
    context.checkpoint,
  );
}

function judgeMetadata(metadata: object | null, outcome: OutcomeBuilder): void {
  for (const [key, value] of Object.entries(metadata ?? {})) {
    if (typeof value !== 'string') {
      outcome.find({
        check: CHECK,
        severity: 'low',
        kind: 'container-mismatch',
        message: `The metadata value "${cut(key, 80)}" is no text.`,
        offset: 8,
        evidence: {},
      });
      continue;
    }
    for (const { what, excerpt } of payloadsIn(value)) {
      outcome.find({
        check: CHECK,
        severity: 'medium',
        kind: 'embedded-payload',
        message: `The metadata value "${cut(key, 80)}" holds ${what}.`,
        offset: 8,
        evidence: { excerpt: [excerpt] },
      });
    }
  }
}

type Find = (
  severity: ArtifactFinding['severity'],
  kind: ArtifactFinding['kind'],
  message: string,
  offset?: number,
) => void;

/** Answers where the tensors end in the file. */
function judgeLayout(tensors: readonly HeaderTensor[], dataStart: number, find: Find): number {
  let reported = 0;
  const report: Find = (...finding) => {
    reported += 1;
    if (reported <= MOST_REPORTED) find(...finding);
  };
  let at = 0;
  for (const tensor of tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const name = cut(tensor.name, 80);
    const offset = dataStart + tensor.begin;
    const bits = DTYPE_BITS[tensor.dtype];
    if (bits === undefined) {
      report('low', 'note', `Tensor "${name}" has the unknown type ${cut(tensor.dtype, 20)}.`, offset);
    } else {
      const wanted = Math.ceil((tensor.shape.reduce((product, size) => product * size, 1) * bits) / 8);
      if (wanted !== tensor.end - tensor.begin) {
        report(
          'medium',
          'container-mismatch',
          `Tensor "${name}" needs ${wanted} bytes by type and shape and has ${tensor.end - tensor.begin}.`,
          offset,
        );
      }
    }
    if (tensor.begin < at && tensor.end > tensor.begin) {
      report('medium', 'container-mismatch', `Tensor "${name}" overlaps the one before it.`, offset);
    }
    if (tensor.begin > at) {
      report(
        'medium',
        'hidden-data',
        `${tensor.begin - at} bytes before tensor "${name}" belong to no tensor.`,
        dataStart + at,
      );
    }
    at = Math.max(at, tensor.end);
  }
  if (reported > MOST_REPORTED) find('info', 'note', `${reported - MOST_REPORTED} more of these.`);
  return dataStart + at;
}
