import { wilson } from '../../statistics/wilson.ts';
import { holm, logBinomialUpper } from '../tabular/index.ts';
import { type DatasetFinding, MAX_ROWS_NAMED } from '../types.ts';

/** A division of the rows: by batch, by source, by class. */
export interface Part {
  readonly of: string;
  readonly codes: Int32Array;
  readonly names: readonly string[];
  /** Odds over the rest from which a part is noisy. */
  readonly factor: number;
}

export interface NoisyPart {
  readonly kind: 'label' | 'feature';
  readonly of: string;
  readonly name: string;
  readonly hits: number;
  readonly size: number;
  /** Share of the other rows. */
  readonly usual: number;
  /** Rows that show the noise, and the probability of each that they are part of it. */
  readonly rows: readonly number[];
  readonly scores: Float32Array;
  readonly named: Pick<DatasetFinding, 'rows' | 'count' | 'precision' | 'evidence'>;
}

const LEVEL = 0.001;
const LEAST_ROWS = 20;

/**
 * Parts in which more rows are marked than the odds of the rest times `factor` explain, by exact binomial tails with
 * Holm's rule over all parts. `weights` say how strongly each marked row is. O(n · divisions).
 */
export function noisyParts(
  { marks, weights }: { readonly marks: Uint8Array; readonly weights: Float32Array },
  parts: readonly Part[],
  kind: 'label' | 'feature',
): NoisyPart[] {
  const all = marks.reduce((sum, mark) => sum + mark, 0);
  const tested = parts.flatMap((part) => {
    const sizes = new Float64Array(part.names.length);
    const hits = new Float64Array(part.names.length);
    for (const [row, code] of part.codes.entries()) {
      if (code < 0) continue;
      sizes[code] = (sizes[code] as number) + 1;
      hits[code] = (hits[code] as number) + (marks[row] as number);
    }
    return part.names.flatMap((_, code) => {
      const [size, own] = [sizes[code] as number, hits[code] as number];
      if (size < LEAST_ROWS || size > marks.length / 2) return [];
      const usual = (all - own + 1) / (marks.length - size + 2);
      const odds = (part.factor * usual) / (1 - usual);
      return [{ part, code, size, own, usual, logP: logBinomialUpper(own, size, odds / (1 + odds)) }];
    });
  });
  const held = holm(
    tested.map(({ logP }) => logP),
    LEVEL,
  );
  return tested
    .filter((_, at) => held[at])
    .map(({ part, code, size, own, usual, logP }) =>
      noisyPart({ marks, weights }, part, { code, size, own, usual, logP, kind }),
    );
}

function noisyPart(
  { marks, weights }: { readonly marks: Uint8Array; readonly weights: Float32Array },
  part: Part,
  found: { code: number; size: number; own: number; usual: number; logP: number; kind: 'label' | 'feature' },
): NoisyPart {
  const { code, size, own, usual, kind } = found;
  const rows: number[] = [];
  for (const [row, of] of part.codes.entries()) if (of === code && marks[row] === 1) rows.push(row);
  const excess = Math.max(0, own / size - usual) / Math.max(1e-9, 1 - usual);
  const scores = Float32Array.from(rows, (row) => {
    const weight = Math.min(0.99, weights[row] as number);
    if (kind === 'feature') return excess / (excess + usual * (1 - excess));
    return (weight * excess) / (weight * excess + (1 - weight) * (1 - excess));
  });
  const sure = scores.reduce((sum, score) => sum + score, 0);
  const [low, high] = wilson(sure, rows.length);
  return {
    kind,
    of: part.of,
    name: part.names[code] as string,
    hits: own,
    size,
    usual,
    rows,
    scores,
    named: {
      rows: rows.slice(0, MAX_ROWS_NAMED),
      count: rows.length,
      precision: { value: sure / rows.length, low, high },
      evidence: {
        [part.of]: (part.names[code] as string).slice(0, 60),
        rows: size,
        noisy: own,
        usualShare: Math.round(1e4 * usual) / 1e4,
        log10P: Math.round((10 * found.logP) / Math.LN10) / 10,
      },
    },
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

export function wordsOf({ kind, of, name, hits, size, usual }: NoisyPart): {
  title: string;
  message: string;
  reason: string;
} {
  const where = `${of} ${name.slice(0, 60)}`;
  const what = kind === 'label' ? 'labels contradict their records' : 'records lie far from all others';
  return {
    title: kind === 'label' ? `Wrong labels all over ${where}` : `Noise all over ${where}`,
    message: `In ${where} ${hits} of ${size} ${what} (${percent(hits / size)}), elsewhere ${percent(usual)}. Hold it back until its origin is clear.`,
    reason: `${kind === 'label' ? 'its label contradicts it' : 'it lies far from all records'}, as ${percent(hits / size)} do in ${where} and ${percent(usual)} elsewhere`,
  };
}
