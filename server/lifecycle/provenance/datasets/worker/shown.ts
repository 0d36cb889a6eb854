import {
  type DatasetProfile,
  type NumberSummary,
  shownSummary,
} from '@bartizan/checks/datasets/records/index.ts';
import { MIN_PROFILE_RECORDS } from '@bartizan/contracts/data/fields.ts';

type ShownProfile<P extends DatasetProfile> = Omit<P, 'columns'> & Pick<DatasetProfile, 'columns'>;
type Column = DatasetProfile['columns'][number];

/** The next of 1, 2, 5, 10, 20, 50, … times a power of ten that is at least `least`. */
function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= least) ?? 10 * power;
}

/** Digits that sums of steps keep; more are noise of binary fractions. */
const DIGITS = 12;

/**
 * Figures in steps of what {@link MIN_PROFILE_RECORDS} records, each a standard deviation off, would move the mean by:
 * two profiles that differ by one record do not tell its value, and no figure is one record's value to the last digit.
 */
function inSteps(summary: NumberSummary): NumberSummary {
  const { standardDeviation, count } = summary;
  if (standardDeviation === 0) return summary;
  const step = stepOf((MIN_PROFILE_RECORDS * standardDeviation) / count);
  const to = (value: number): number => Number((Math.round(value / step) * step).toPrecision(DIGITS));
  const { quantiles, min, max, mean } = summary;
  const { p01, p05, p25, p50, p75, p95, p99 } = quantiles;
  const rounded = {
    count,
    min: to(min),
    max: to(max),
    mean: to(mean),
    standardDeviation: Math.max(step, to(standardDeviation)),
    quantiles: {
      p01: to(p01),
      p05: to(p05),
      p25: to(p25),
      p50: to(p50),
      p75: to(p75),
      p95: to(p95),
      p99: to(p99),
    },
  };
  const all = [
    rounded.min,
    rounded.max,
    rounded.mean,
    rounded.standardDeviation,
    ...Object.values(rounded.quantiles),
  ];
  return all.every(Number.isFinite) ? rounded : summary;
}

/** Whether values that are shown by name leave only a few over, whose sum would follow from mean and count. */
function leavesFew(top: Column['top'], count: number): boolean {
  const left = count - top.reduce((sum, value) => sum + value.count, 0);
  return left > 0 && left < MIN_PROFILE_RECORDS;
}

function shownFigures(summary: NumberSummary | null, top: Column['top']): NumberSummary | null {
  const shown = shownSummary(summary, MIN_PROFILE_RECORDS);
  return shown === null || leavesFew(top, shown.count) ? null : inSteps(shown);
}

/** The profile as it may be shown to those who may not read records: without values and figures that are of few of them. */
export function shownProfile<P extends DatasetProfile>({ columns, ...profile }: P): ShownProfile<P> {
  return {
    ...profile,
    columns: columns.map((column) => {
      const top = column.top
        .filter(({ count, over }) => count - over >= MIN_PROFILE_RECORDS)
        .map(({ value, count, over }) => ({ value: value.toWellFormed(), count, over }));
      return {
        ...column,
        numbers: shownFigures(column.numbers, top),
        lengths: shownFigures(column.lengths, top),
        top,
      };
    }),
  };
}
