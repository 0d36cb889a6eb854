import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import { type ArtifactFinding, type ArtifactInput, defineArtifactCheck, ScanFault } from '../../types.ts';
import { judgeAppended } from '../core/appended.ts';
import { judged } from '../core/judge.ts';
import { payloadsIn } from '../core/payload.ts';
import { sampleInput } from '../core/sample.ts';
import { cut, utf8 } from '../core/text.ts';
import { buildSafetensors } from './build.ts';
import {
  DTYPE_BITS,
  type HeaderTensor,
  headerLengthOf,
  looksLikeSafetensors,
  MOST_HEADER_BYTES,
  parseHeader,
} from './header.ts';

const CHECK = 'artifacts/safetensors';
const MOST_REPORTED = 20;

export const safetensorsCheck = defineArtifactCheck({
  id: CHECK,
  title: 'safetensors',
  description:
    'Reads the header with limits and compares it with the file: doubled names, types that do not fit shapes, overlaps, holes, bytes after the end, payloads in the metadata.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
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
  recognise: ({ head, size }) => (looksLikeSafetensors(head, size) ? 'yes' : 'no'),
  judge: (input) =>
    judged(input, { check: CHECK, format: 'safetensors' }, async (outcome) => {
      await judgeFile(input, outcome);
      return undefined;
    }),
});

async function judgeFile({ source, context }: ArtifactInput, outcome: OutcomeBuilder): Promise<void> {
  const length = headerLengthOf(await source.read(0, 8));
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
