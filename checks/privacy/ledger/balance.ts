import { zcdpBudget, zcdpEpsilon } from '../accounting/zcdp.ts';
import {
  add,
  ceil,
  compare,
  formatRational,
  multiply,
  parseRational,
  type Rational,
  rational,
  subtract,
  toNumberDown,
  toNumberUp,
} from '../rational.ts';
import { type PrivacyCost, PrivacyInputError } from '../types.ts';
import type { LedgerBalance, LedgerTerms } from './types.ts';

const ZERO = rational(0n);
const ONE = rational(1n);
const HALF = rational(1n, 2n);
/** Sums are rounded up to whole multiples of 10⁻⁸⁰, so that fractions do not grow without end. */
const FINE = 10n ** 80n;

export interface Totals {
  readonly epsilon: Rational;
  readonly delta: Rational;
  readonly rho: Rational;
}

export const NOTHING: Totals = Object.freeze({ epsilon: ZERO, delta: ZERO, rho: ZERO });

/** PrivacyInputError for an ε that is not above 0, a δ outside 0 ≤ δ < 1 or a ρ that is not above 0. */
export function readCost(cost: PrivacyCost): Totals {
  const epsilon = parseRational(cost.epsilon);
  const delta = parseRational(cost.delta);
  if (compare(epsilon, ZERO) <= 0) throw new PrivacyInputError('The ε of a cost is above 0');
  if (compare(delta, ZERO) < 0 || compare(delta, ONE) >= 0)
    throw new PrivacyInputError('The δ of a cost is 0 or more and below 1');
  if (cost.rho === undefined) return { epsilon, delta, rho: multiply(HALF, multiply(epsilon, epsilon)) };
  const rho = parseRational(cost.rho);
  if (compare(rho, ZERO) <= 0) throw new PrivacyInputError('The ρ of a cost is above 0');
  return { epsilon, delta, rho };
}

const up = (value: Rational): Rational =>
  value.denominator <= FINE ? value : rational(ceil(multiply(value, rational(FINE))), FINE);

/** Gaussian noise has no δ of its own where ρ is what counts. */
export function plus(totals: Totals, cost: PrivacyCost, terms: LedgerTerms): Totals {
  const { epsilon, delta, rho } = readCost(cost);
  const ownDelta = terms.composition === 'zcdp' && cost.rho !== undefined ? ZERO : delta;
  return {
    epsilon: up(add(totals.epsilon, epsilon)),
    delta: up(add(totals.delta, ownDelta)),
    rho: up(add(totals.rho, rho)),
  };
}

/** Whether totals stay within the budget of the terms; exact for `basic`, rounded against the asker for `zcdp`. */
export function within(totals: Totals, terms: LedgerTerms): boolean {
  const [epsilon, delta] = [parseRational(terms.epsilon), parseRational(terms.delta)];
  if (compare(totals.delta, delta) > 0) return false;
  if (terms.composition === 'basic') return compare(totals.epsilon, epsilon) <= 0;
  if (compare(totals.rho, ZERO) === 0) return true;
  const left = toNumberDown(subtract(delta, totals.delta));
  return left > 0 && zcdpEpsilon(toNumberUp(totals.rho), left) <= toNumberDown(epsilon);
}

/** What totals come to under the terms. */
export function balanceOf(totals: Totals, terms: LedgerTerms): LedgerBalance {
  const exact = Object.freeze({
    epsilon: formatRational(totals.epsilon),
    delta: formatRational(totals.delta),
    rho: formatRational(totals.rho),
  });
  const budget = parseRational(terms.epsilon);
  if (terms.composition === 'basic') {
    const left = subtract(budget, totals.epsilon);
    return Object.freeze({
      epsilon: toNumberUp(totals.epsilon),
      delta: toNumberUp(totals.delta),
      epsilonLeft: compare(left, ZERO) > 0 ? toNumberDown(left) : 0,
      exact,
    });
  }
  const delta = toNumberDown(subtract(parseRational(terms.delta), totals.delta));
  const rho = toNumberUp(totals.rho);
  const room = delta > 0 ? zcdpBudget(toNumberDown(budget), delta) - rho : 0;
  return Object.freeze({
    epsilon: rho === 0 ? 0 : delta > 0 ? zcdpEpsilon(rho, delta) : Number.POSITIVE_INFINITY,
    // What is not spent as δ of its own turns ρ into ε.
    delta: rho === 0 ? toNumberUp(totals.delta) : toNumberUp(parseRational(terms.delta)),
    epsilonLeft: room > 0 ? Math.sqrt(2 * room) * (1 - 1e-9) : 0,
    exact,
  });
}
