import type { MetricValue } from '@bartizan/contracts';

const plain = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 });

/** A metric as people read it: six significant digits; what is no number by its name. */
export function formatMetric(value: MetricValue): string {
  if (typeof value === 'string')
    return value === '-Infinity' ? '−∞' : value === 'Infinity' ? '∞' : 'not a number';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e12)) return value.toExponential(3);
  return plain.format(value);
}
