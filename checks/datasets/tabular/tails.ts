/** Tail probabilities of the tests, as natural logarithms where they get small. */

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x > 0, to about 14 digits (Lanczos, SIAM J. Numer. Anal. 1, 1964; g = 7). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  let sum: number = LANCZOS[0];
  for (let at = 1; at < LANCZOS.length; at++) sum += (LANCZOS[at] as number) / (x - 1 + at);
  const base = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}

/** Continued fraction of the incomplete beta function (Lentz's method). */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 - ((a + b) * x) / (a + 1);
  d = 1 / (Math.abs(d) < tiny ? tiny : d);
  let value = d;
  for (let m = 1; m <= 10_000; m++) {
    for (const part of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 + part * d;
      d = 1 / (Math.abs(d) < tiny ? tiny : d);
      c = 1 + part / c;
      if (Math.abs(c) < tiny) c = tiny;
      value *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-14) break;
  }
  return value;
}

/** ln of the regularised incomplete beta function I_x(a, b); a, b > 0, 0 ≤ x ≤ 1. */
function logBeta(x: number, a: number, b: number): number {
  if (x <= 0) return Number.NEGATIVE_INFINITY;
  if (x >= 1) return 0;
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  if (x < (a + 1) / (a + b + 2)) return Math.min(0, front + Math.log(betaFraction(a, b, x) / a));
  return Math.log1p(-Math.min(1, Math.exp(front) * (betaFraction(b, a, 1 - x) / b)));
}

/**
 * ln P(X ≥ hits) of a binomial X of `total` draws with probability `p`, exact. Of draws whose probabilities differ and
 * have the mean `p` this is an upper bound wherever hits ≥ total · p + 1 (Hoeffding, Ann. Math. Stat. 27, 1956).
 */
export function logBinomialUpper(hits: number, total: number, p: number): number {
  if (hits <= 0) return 0;
  if (hits > total) return Number.NEGATIVE_INFINITY;
  return logBeta(p, hits, total - hits + 1);
}

/** ln P(X > x) of a chi-square X with `df` degrees of freedom, x ≥ 0, df > 0. */
export function logChiSquareUpper(x: number, df: number): number {
  const [a, z] = [df / 2, x / 2];
  if (z <= 0) return 0;
  const front = a * Math.log(z) - z - logGamma(a);
  if (z < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; n < 10_000 && term > sum * 1e-15; n++) sum += term *= z / (a + n);
    return Math.log1p(-Math.min(1, Math.exp(front) * sum));
  }
  let b = z + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < 10_000; n++) {
    const part = -n * (n - a);
    b += 2;
    d = 1 / (part * d + b || 1e-300);
    c = b + part / c || 1e-300;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-14) break;
  }
  return Math.min(0, front + Math.log(value));
}

/**
 * ln P of a Kolmogorov–Smirnov distance at least `distance` between samples of n and m without a difference: the
 * asymptotic series with Stephens' correction (JRSS B 32, 1970). Too large for values with ties, never too small.
 */
export function logKolmogorovUpper(distance: number, n: number, m: number): number {
  const size = Math.sqrt((n * m) / (n + m));
  const x = (size + 0.12 + 0.11 / size) * distance;
  if (x < 0.3) return 0;
  if (x > 2) return Math.LN2 - 2 * x * x;
  let sum = 0;
  for (let j = 1; j <= 100; j++) sum += (j % 2 === 1 ? 2 : -2) * Math.exp(-2 * j * j * x * x);
  return Math.log(Math.min(1, Math.max(1e-300, sum)));
}

/**
 * Which of these tests hold together at this level, by Holm's step-down rule (Scand. J. Stat. 6, 1979): the chance of any
 * false one is at most `level`. `tests` is their number where it is more than those given. O(n log n).
 */
export function holm(logs: readonly number[], level: number, tests = logs.length): boolean[] {
  const order = [...logs.keys()].sort((a, b) => (logs[a] as number) - (logs[b] as number));
  const held = logs.map(() => false);
  for (const [place, at] of order.entries()) {
    if ((logs[at] as number) > Math.log(level / (tests - place))) break;
    held[at] = true;
  }
  return held;
}

export const logit = (p: number): number => Math.log(p) - Math.log1p(-p);
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
