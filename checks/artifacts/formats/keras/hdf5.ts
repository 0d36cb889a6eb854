import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import type { OutcomeBuilder } from '../../outcome.ts';
import { type ArtifactInput, defineArtifactCheck, type Probe, ScanFault } from '../../types.ts';
import { judgeAppended } from '../core/appended.ts';
import { embeddedJson } from '../core/embedded-json.ts';
import { judged } from '../core/judge.ts';
import { sampleInput } from '../core/sample.ts';
import { judgeJson } from '../json/judge.ts';
import { isObject } from '../json/parse.ts';
import { buildHdf5 } from './build.ts';

const CHECK = 'artifacts/hdf5';
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

export const hdf5Check = defineArtifactCheck({
  id: CHECK,
  title: 'HDF5 and Keras h5',
  description:
    'Reads the superblock, and finds the model configuration wherever in the file it lies as JSON: Lambda layers, foreign classes, layers that read files; bytes before and after the content.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: [
    {
      title: 'an ordinary model',
      input: sampleInput(
        buildHdf5(
          '{"class_name":"Sequential","config":{"layers":[{"class_name":"Dense","config":{"units":3}}]}}',
        ),
      ),
      found: false,
    },
    {
      title: 'a layer of byte code',
      input: sampleInput(
        buildHdf5(
          '{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{"function":["4wEAAAA=",null,null],"function_type":"lambda"}}]}}',
        ),
      ),
      found: true,
    },
  ],
  recognise: (probe) => (superblockAt(probe) >= 0 ? 'yes' : 'no'),
  judge: (input) => judged(input, { check: CHECK, format: 'hdf5' }, (outcome) => judgeFile(input, outcome)),
});

/** The superblock lies at the start, or at 512, 1,024, 2,048, … behind a user block; -1 for none in the probe. */
function superblockAt({ head }: Probe): number {
  for (let at = 0; at + 8 <= head.length; at = at === 0 ? 512 : at * 2) {
    if (SIGNATURE.every((byte, index) => head[at + index] === byte)) return at;
  }
  return -1;
}

async function judgeFile({ source, context }: ArtifactInput, outcome: OutcomeBuilder): Promise<string> {
  const head = await source.read(0, 66_000);
  const at = superblockAt({ head, tail: head, size: source.size });
  const block = head.subarray(0, at);
  if (block.some((byte) => byte !== 0)) {
    // MATLAB writes such files, with its own header in front.
    const isMatlab = new TextDecoder('latin1').decode(block.subarray(0, 10)) === 'MATLAB 7.3';
    outcome.find({
      check: CHECK,
      severity: isMatlab ? 'info' : 'low',
      kind: 'hidden-data',
      message: `${at} bytes precede the content (a user block).`,
      offset: 0,
      evidence: {},
    });
  }
  const end = endOf(head, at);
  if (end > source.size) throw new ScanFault(`ends ${end - source.size} bytes too early`, source.size);
  await judgeAppended(source, end, outcome, {
    check: CHECK,
    severity: 'medium',
    checkpoint: context.checkpoint,
  });
  let format = 'hdf5';
  for await (const { value, offset } of embeddedJson(source, context.checkpoint)) {
    if (isObject(value) && 'class_name' in value) format = 'keras-h5';
    await judgeJson(value, { context, outcome, offsetOf: () => offset });
  }
  return format;
}

/** The end of the file as the superblock tells it. */
function endOf(head: Uint8Array, at: number): number {
  const view = new DataView(head.buffer, head.byteOffset + at);
  if (view.byteLength < 60) throw new ScanFault('ends inside its superblock', at);
  const version = view.getUint8(8);
  if (version > 3) throw new ScanFault(`superblock version ${version} is not known`, at + 8);
  const isOld = version < 2;
  if (view.getUint8(isOld ? 13 : 9) !== 8) throw new ScanFault('addresses that are not 8 bytes wide', at);
  const baseAt = version === 0 ? 24 : version === 1 ? 28 : 12;
  const base = view.getBigUint64(baseAt, true);
  const end = view.getBigUint64(baseAt + 16, true);
  // Addresses count from the base address; the end of the file does not (HDF5 1.10 and later agree).
  const from = end >= base ? end : end + base;
  if (from > BigInt(Number.MAX_SAFE_INTEGER)) throw new ScanFault('an end beyond any file', at);
  return Number(from);
}
