import type { NumberSummary } from './profile.ts';

const SHARES = { p01: 0.01, p05: 0.05, p25: 0.25, p50: 0.5 } as const;
const MIRROR = { p01: 'p99', p05: 'p95', p25: 'p75', p50: 'p50' } as const;

const isFinite = ({ quantiles, ...figures }: NumberSummary): boolean =>
  [...Object.values(figures), ...Object.values(quantiles)].every((figure) => Number.isFinite(figure));

/**
 * A summary as it may be shown to those who may not read records. None for fewer than `least` values. Above that, no
 * figure stands at the edge where fewer than `least` values lie: the outermost quantile that has so many below it, of
 * 1, 5, 25 and 50%, stands for the smallest value and all quantiles further out, and its mirror for the largest. With
 * `least` 10 these are 1 and 99% from 1,000 values on, 5 and 95% from 200, 25 and 75% from 40, and below only the
 * median. Mean and standard deviation are of all values; who sees two versions that differ by one record can tell that
 * record's value from them: data that must not bear this take a privacy budget instead. Null also where a figure is not
 * finite.
 */
export function shownSummary(summary: NumberSummary | null, least: number): NumberSummary | null {
  if (summary === null || summary.count < least || !isFinite(summary)) return null;
  const { count, quantiles } = summary;
  const edge = (['p01', 'p05', 'p25'] as const).find((name) => SHARES[name] * count >= least) ?? 'p50';
  const [low, high] = [quantiles[edge], quantiles[MIRROR[edge]]];
  const within = (value: number): number => Math.min(Math.max(value, low), high);
  const { p01, p05, p25, p50, p75, p95, p99 } = quantiles;
  return {
    ...summary,
    min: low,
    max: high,
    quantiles: {
      p01: within(p01),
      p05: within(p05),
      p25: within(p25),
      p50: within(p50),
      p75: within(p75),
      p95: within(p95),
      p99: within(p99),
    },
  };
}
