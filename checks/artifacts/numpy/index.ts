import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../maps.ts';
import { memberContext, outcomeBuilder } from '../outcome.ts';
import { sliceSource } from '../source/bytes.ts';
import type { ArtifactInput, Probe, Recognition, ScanOutcome } from '../types.ts';
import { defineArtifactCheck } from '../types.ts';
import { arrayLayout } from './header.ts';
import { NUMPY_SAMPLES } from './samples.ts';

const NUMPY_CHECK = 'artifacts/numpy';
const MARK: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MOST_HEADER = 1_048_576;

function recognise({ head }: Probe): Recognition {
  return MARK.every((byte, index) => head[index] === byte) ? 'yes' : 'no';
}

/** Arrays of numbers are data; arrays of objects are pickles, and judged as such. */
async function judge({ source, context }: ArtifactInput): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(context);
  const fail = (message: string): ScanOutcome => {
    outcome.fail({ check: NUMPY_CHECK, message, offset: 0 });
    return outcome.finish('numpy');
  };
  const fixed = await source.read(0, 12);
  const version = fixed[6] ?? 0;
  if (version < 1 || version > 3) return fail('The version of the array file is unknown.');
  const wide = version > 1;
  const [a = 0, b = 0, c = 0, d = 0] = fixed.subarray(8, wide ? 12 : 10);
  const length = a + b * 256 + c * 65_536 + d * 16_777_216;
  const from = wide ? 12 : 10;
  if (length > MOST_HEADER || from + length > source.size)
    return fail('The header of the array is too long.');
  const header = new TextDecoder('latin1').decode(await source.read(from, length));
  const layout = arrayLayout(header);
  if (layout === undefined) return fail('The header of the array cannot be read.');
  const start = from + length;
  const rest = source.size - start;
  if (layout.holdsObjects) {
    outcome.include(
      await context.scanMember(sliceSource(source, start, rest), memberContext(context, '<objects>')),
    );
    return outcome.finish('numpy');
  }
  if (layout.bytes !== undefined && rest < layout.bytes) return fail('The array is cut off.');
  if (layout.bytes !== undefined && rest > layout.bytes) {
    const behind = sliceSource(source, start + layout.bytes, rest - layout.bytes);
    outcome.include(await context.scanMember(behind, memberContext(context, '<behind the array>')));
  }
  return outcome.finish('numpy');
}

/** Reads the header of numpy's own array files without evaluating it. */
export const numpyCheck = defineArtifactCheck({
  id: NUMPY_CHECK,
  title: 'Numpy array',
  description:
    'Reads .npy files, also inside .npz archives: arrays of numbers are plain data, arrays of objects hold a pickle, which is judged as one.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: NUMPY_SAMPLES,
  recognise,
  judge,
});
