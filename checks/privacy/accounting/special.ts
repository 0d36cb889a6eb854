const ROOT_PI = Math.sqrt(Math.PI);
/** From here on the continued fraction is quick and the difference from 1 would lose digits. */
const FRACTION_FROM = 1.2;

/** e^{x²} erfc(x) for x ≥ 1.2, by the continued fraction (Abramowitz and Stegun, 7.1.14); relative error near 1e-15. */
function scaledTail(x: number): number {
  const terms = Math.ceil(16 + 250 / (x * x));
  let tail = x;
  for (let k = terms; k > 0; k--) tail = x + k / 2 / tail;
  return 1 / (ROOT_PI * tail);
}

/** e^{−x²} with the square's lower half kept, so that the relative error stays near 1e-16 for large x. */
function expSquare(x: number): number {
  const high = Math.fround(x);
  return Math.exp(-high * high) * Math.exp(-(x - high) * (x + high));
}

/** Complementary error function of a real number; relative error below 5e-15 down to 1e-300. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x > 28) return 0;
  if (x >= FRACTION_FROM) return expSquare(x) * scaledTail(x);
  // 2/√π e^{−x²} Σ 2ⁿ x^{2n+1} / (2n+1)!! (7.1.6): all terms positive.
  let [sum, term] = [0, x];
  for (let n = 1; term > sum * 1e-17; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return 1 - (2 / ROOT_PI) * Math.exp(-x * x) * sum;
}

/** ln erfc(x), also where erfc would be 0. */
export const logErfc = (x: number): number =>
  x >= FRACTION_FROM ? -x * x + Math.log(scaledTail(x)) : Math.log(erfc(x));

/** P(N(0, 1) > x). */
export const normalTail = (x: number): number => erfc(x / Math.SQRT2) / 2;

/** ln(e^a + e^b). */
export const logAdd = (a: number, b: number): number =>
  a === Number.NEGATIVE_INFINITY ? b : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
