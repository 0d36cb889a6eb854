import { byAnnotator } from './annotations.ts';
import type { Annotations, AnnotatorFinding } from './types.ts';

/** Fewest pauses between labels, the share of them that must be short, and what is short beside the usual pause. */
const PAUSES = 20;
const SHARE = 0.8;
const SHORT = 0.1;
/** Fewest other annotators with that many pauses: of fewer there is no usual pause. */
const OTHERS = 5;

const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] as number;

/**
 * Annotators four fifths of whose labels follow the one before in less than a tenth of the usual pause, which is the
 * median of the annotators' median pauses. Haste alone is no proof: times may be those of an upload. Without times of
 * at least five annotators, nothing.
 */
export function haste(annotations: Annotations): AnnotatorFinding[] {
  const { times, annotatorNames } = annotations;
  if (times === undefined) return [];
  const { start, order } = byAnnotator(annotations);
  const pauses = annotatorNames.map((_, annotator) => {
    const own = Float64Array.from(
      order.subarray(start[annotator], start[annotator + 1]),
      (at) => times[at] as number,
    )
      .filter((time) => !Number.isNaN(time))
      .sort();
    return Array.from(own.subarray(1), (time, at) => time - (own[at] as number)).sort((a, b) => a - b);
  });
  const medians = pauses.filter((own) => own.length >= PAUSES).map(median);
  if (medians.length <= OTHERS) return [];
  const usual = median(medians.sort((a, b) => a - b));
  return pauses.flatMap((own, annotator) => {
    const short = own.filter((pause) => pause < SHORT * usual).length;
    if (own.length < PAUSES || short < SHARE * own.length) return [];
    return [
      {
        annotator,
        kind: 'burst' as const,
        message:
          `gave ${short} of ${own.length} labels less than ${(SHORT * usual) / 1000} s after the one before; the usual ` +
          `pause is ${usual / 1000} s`,
        p: Number.NaN,
        target: null,
        partners: [],
      },
    ];
  });
}
