import { z } from 'zod';
import { buildModel, float32, normals } from '../../artifacts/formats/weights/build.ts';
import { WEIGHT_MAPS } from '../../artifacts/maps.ts';
import { bytesSource } from '../../artifacts/source/bytes.ts';
import { ScanFault } from '../../artifacts/types.ts';
import { type Check, defineCheck, PASS } from '../../define.ts';
import type { WeightFinding } from '../findings.ts';
import type { WeightFile } from '../types.ts';
import { compareWeights } from './compare.ts';
import { deltaFindings } from './findings.ts';

export interface DeltaInput {
  readonly base: readonly WeightFile[];
  readonly model: readonly WeightFile[];
  readonly checkpoint?: () => void;
}

const file = (layers: readonly Float32Array[]): WeightFile[] => [
  {
    path: 'model.safetensors',
    source: bytesSource(
      buildModel(
        Object.fromEntries(
          layers.map((values, index) => [`layers.${index}.weight`, float32(values, [64, 64])] as const),
        ),
      ),
    ),
  },
];

const LAYERS = Array.from({ length: 12 }, (_, index) => normals(64 * 64, index + 1));

/** Adds an outer product to the fourth layer, as an edit of one fact does. */
function edited(): Float32Array[] {
  const [left, right] = [normals(64, 77, 0.3), normals(64, 78, 0.3)];
  return LAYERS.map((values, index) =>
    index === 3
      ? values.map((value, at) => value + (left[at >> 6] as number) * (right[at & 63] as number))
      : values,
  );
}

const check: Check<DeltaInput, Record<string, never>, WeightFinding> = {
  id: 'weights/delta',
  title: 'Difference to the base model',
  description:
    'Compares weights with those of the base model: how large the difference is, of which rank, and where it sits. Tells full fine-tunes and merged adapters from edits of single facts, tokens or neurons.',
  subject: 'weights',
  maps: WEIGHT_MAPS,
  config: z.record(z.string(), z.never()),
  samples: [
    {
      title: 'all layers trained on',
      input: {
        base: file(LAYERS),
        model: file(
          LAYERS.map((values, index) => {
            const noise = normals(64 * 64, index + 100, 0.002);
            return values.map((value, at) => value + (noise[at] as number));
          }),
        ),
      },
      found: false,
    },
    {
      title: 'one layer edited at rank one',
      input: { base: file(LAYERS), model: file(edited()) },
      found: true,
    },
  ],
  async run({ base, model, checkpoint }: DeltaInput) {
    try {
      const findings = deltaFindings(await compareWeights(base, model, checkpoint ? { checkpoint } : {}));
      return findings.some(({ severity }) => severity !== 'info')
        ? ({ outcome: 'findings', findings } as const)
        : PASS;
    } catch (fault) {
      if (!(fault instanceof ScanFault)) throw fault;
      return { outcome: 'error', message: fault.message } as const;
    }
  },
};

/** Compares a model with the base that it is said to come from. */
export const deltaCheck = defineCheck(check as never) as unknown as typeof check;

export { type CompareOptions, compareWeights } from './compare.ts';
export { deltaFindings } from './findings.ts';
export { type DeltaRow, type DeltaSummary, deltaSummary } from './rows.ts';
export type { Change, DeltaKind, DeltaReport, RankFigures, TensorDelta } from './types.ts';
