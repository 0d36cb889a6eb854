import { PrivacyInputError } from '../types.ts';

/** What sums and logarithms may be off by, relatively; ε is raised by it. */
const SLACK = 1e-12;

/**
 * The least ε at δ that ρ-zero-concentrated privacy gives: minimum over orders α > 1 of
 * ρα + ln(1 − 1/α) − ln(αδ) / (α − 1) (2004.00010, proposition 12; every order is a bound). Rounded up. `rho` ≥ 0,
 * `delta` above 0 and below 1; PrivacyInputError otherwise.
 */
export function zcdpEpsilon(rho: number, delta: number): number {
  if (!(rho >= 0 && rho < Number.POSITIVE_INFINITY) || !(delta > 0 && delta < 1))
    throw new PrivacyInputError('ρ is 0 or more and δ above 0 and below 1');
  if (rho === 0) return 0;
  const bound = (log: number): number => {
    const over = Math.exp(log);
    return rho * (1 + over) + Math.log(over / (1 + over)) - Math.log((1 + over) * delta) / over;
  };
  // Golden section in ln(α − 1): where it stops short of the minimum, the value is still a bound.
  let [low, high] = [-20, 40];
  const golden = (Math.sqrt(5) - 1) / 2;
  while (high - low > 1e-9) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
    if (bound(left) < bound(right)) high = right;
    else low = left;
  }
  return Math.max(0, bound((low + high) / 2)) * (1 + SLACK);
}

/** The largest ρ whose ε at δ is at most `epsilon`, rounded down. */
export function zcdpBudget(epsilon: number, delta: number): number {
  let [low, high] = [0, epsilon];
  for (let step = 0; step < 200 && high - low > high * 1e-14; step++) {
    const middle = (low + high) / 2;
    if (zcdpEpsilon(middle, delta) <= epsilon) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * ε of mechanisms of these ε together, at δ: min(Σε, Σ ε(e^ε − 1)/(e^ε + 1) + √(2 ln(1/δ) Σε²)) (Kairouz, Oh and
 * Viswanath, 1311.0776, theorem 3.5). Only for parameters that are fixed beforehand: for a plan. A ledger, whose requests are chosen as
 * answers come in, adds ρ.
 */
export function advancedComposition(epsilons: readonly number[], delta: number): number {
  if (!(delta > 0 && delta < 1) || epsilons.some((epsilon) => !(epsilon >= 0 && epsilon < 700)))
    throw new PrivacyInputError('Each ε is from 0 to 700, and δ above 0 and below 1');
  let [sum, drift, squares] = [0, 0, 0];
  for (const epsilon of epsilons) {
    sum += epsilon;
    drift += epsilon * Math.tanh(epsilon / 2);
    squares += epsilon * epsilon;
  }
  return Math.min(sum, drift + Math.sqrt(2 * Math.log(1 / delta) * squares)) * (1 + SLACK);
}
