import type { OutcomeBuilder } from '../../outcome.ts';
import type { ArtifactFinding, ByteSource } from '../../types.ts';
import { cut } from '../core/text.ts';
import { type TensorPlace, type TensorStats, tensorStats } from './stats.ts';

export interface WeightTensor extends TensorPlace {
  readonly name: string;
}

const CHECK = 'artifacts/weights';
/** Tensors beyond this are parsed, but not measured: each costs memory for its figures. */
const MOST_TENSORS = 200_000;
const MOST_NAMED = 20;
/** Below this a repeated or empty tensor says nothing: biases and scales start as zeros and ones. */
const LEAST_COUNT = 4096;
/** Median absolute deviations of log10(rms) from the median; weights of one model scatter by under two decades. */
const OUTLIER_DEVIATIONS = 12;
const LEAST_DECADES = 3;

/**
 * Measures the tensors of one file as a stream and reports what a sound model has not: numbers that are none,
 * tensors of zeros, tensors that are there twice, and norms far from those of all others (robust z-score of
 * log10 of the root mean square: median and median absolute deviation). Nothing of it is proof: `info`, `low` at most.
 */
export async function judgeWeights(
  source: ByteSource,
  tensors: readonly WeightTensor[],
  outcome: Pick<OutcomeBuilder, 'find'>,
  checkpoint: () => void,
): Promise<void> {
  const measured: { tensor: WeightTensor; stats: TensorStats }[] = [];
  for (const tensor of tensors.slice(0, MOST_TENSORS)) {
    if (tensor.length === 0) continue;
    measured.push({ tensor, stats: await tensorStats(source, tensor, checkpoint) });
  }
  const report = (
    hits: readonly { tensor: WeightTensor }[],
    severity: ArtifactFinding['severity'],
    message: string,
  ) => {
    const [first] = hits;
    if (first === undefined) return;
    outcome.find({
      check: CHECK,
      severity,
      kind: 'note',
      message: `${hits.length} of ${measured.length} tensors ${message}.`,
      offset: first.tensor.offset,
      evidence: {
        excerpt: hits.slice(0, MOST_NAMED).map(({ tensor }) => cut(tensor.name)),
        details: { tensors: hits.length },
      },
    });
  };
  report(
    measured.filter(({ stats }) => stats.nan + stats.infinite === stats.count),
    'low',
    'hold nothing but NaN or infinity',
  );
  report(
    measured.filter(({ stats }) => stats.nan > 0 && stats.nan + stats.infinite < stats.count),
    'info',
    'hold NaN',
  );
  report(
    measured.filter(({ stats }) => stats.nan === 0 && stats.infinite > 0 && stats.infinite < stats.count),
    'info',
    'hold infinity',
  );
  const large = measured.filter(({ stats }) => stats.count >= LEAST_COUNT);
  report(
    large.filter(({ stats }) => stats.zeros === stats.count),
    'info',
    'hold nothing but zeros',
  );
  report(repeated(large), 'info', 'hold the numbers of another one');
  report(outliers(large), 'info', 'have a norm far from all others');
}

type Measured = { readonly tensor: WeightTensor; readonly stats: TensorStats };

function repeated(measured: readonly Measured[]): readonly Measured[] {
  const seen = new Set<string>();
  return measured.filter(({ stats, tensor }) => {
    if (stats.zeros === stats.count) return false;
    const key = `${tensor.type} ${stats.count} ${stats.sum} ${stats.rms} ${stats.maxAbs}`;
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  });
}

function outliers(measured: readonly Measured[]): readonly Measured[] {
  const sized = measured.filter(({ stats }) => stats.rms > 0);
  if (sized.length < 8) return [];
  const logs = sized.map(({ stats }) => Math.log10(stats.rms));
  const middle = median(logs);
  const deviation = median(logs.map((log) => Math.abs(log - middle)));
  return sized.filter((_, index) => {
    const distance = Math.abs((logs[index] as number) - middle);
    return distance > LEAST_DECADES && distance > OUTLIER_DEVIATIONS * deviation;
  });
}

/** The middle value (lower one of two); NaN for none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}
