import { PrivacyInputError } from './types.ts';

/** An exact fraction; `denominator` is above 0 and both are without common factor. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const NUMBER = /^([+-]?)(\d{1,40})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?$/;
const FRACTION = /^([+-]?\d{1,400})\/(\d{1,400})$/;

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [absolute(a), absolute(b)];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** `numerator / denominator` in lowest terms. PrivacyInputError for a denominator of 0. */
export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new PrivacyInputError('A fraction needs a denominator other than 0');
  const factor = gcd(numerator, denominator) * (denominator < 0n ? -1n : 1n);
  return Object.freeze({ numerator: numerator / factor, denominator: denominator / factor });
}

/**
 * The exact value of a decimal ("0.1", "1e-5") or of a fraction ("1/3"). At most 100 digits of a decimal and an exponent
 * of three digits, so that no text grows into a number without end. PrivacyInputError for anything else.
 */
export function parseRational(text: string): Rational {
  const fraction = text.length <= 802 ? FRACTION.exec(text) : null;
  if (fraction) return rational(BigInt(fraction[1] ?? '0'), BigInt(fraction[2] ?? '1'));
  const match = text.length <= 120 ? NUMBER.exec(text) : null;
  if (!match)
    throw new PrivacyInputError(
      `Give the number as a decimal such as 0.5 or 1e-6, not ${JSON.stringify(text.slice(0, 40))}`,
    );
  const [, sign, whole = '0', part = '', exponent = '0'] = match;
  const digits = BigInt(whole + part) * (sign === '-' ? -1n : 1n);
  const power = Number(exponent) - part.length;
  return power >= 0 ? rational(digits * 10n ** BigInt(power)) : rational(digits, 10n ** BigInt(-power));
}

/** The exact value of a finite double. PrivacyInputError for NaN and the infinities. */
export function fromNumber(value: number): Rational {
  if (!Number.isFinite(value)) throw new PrivacyInputError(`A finite number is needed, not ${value}`);
  let [scaled, power] = [value, 0n];
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    power++;
  }
  return rational(BigInt(scaled), 1n << power);
}

/** `text` that `parseRational` reads back: "3" or "1/3". */
export const formatRational = ({ numerator, denominator }: Rational): string =>
  denominator === 1n ? String(numerator) : `${numerator}/${denominator}`;

export const add = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);

export const subtract = (a: Rational, b: Rational): Rational =>
  add(a, { numerator: -b.numerator, denominator: b.denominator });

export const multiply = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.numerator, a.denominator * b.denominator);

/** PrivacyInputError where `b` is 0. */
export const divide = (a: Rational, b: Rational): Rational =>
  rational(a.numerator * b.denominator, a.denominator * b.numerator);

/** Below 0, 0 or above 0 as `a` is less than, equal to or greater than `b`. */
export function compare(a: Rational, b: Rational): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export const floor = ({ numerator, denominator }: Rational): bigint => {
  const quotient = numerator / denominator;
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient;
};

export const ceil = (value: Rational): bigint =>
  -floor({ numerator: -value.numerator, denominator: value.denominator });

/** The nearest whole number; halves go up. */
export const round = (value: Rational): bigint => floor(add(value, rational(1n, 2n)));

/** Near the value, within some 2⁻⁵² of it; not rounded to either side. */
export function toNumber({ numerator, denominator }: Rational): number {
  const size = (value: bigint) => absolute(value).toString(2).length;
  if (numerator === 0n) return 0;
  const shift = BigInt(64 - size(numerator) + size(denominator));
  const quotient = shift >= 0n ? (numerator << shift) / denominator : numerator / (denominator << -shift);
  const scale = Number(shift);
  // In two steps, so that a tiny value does not lose its scale to 0 or infinity.
  const half = Math.trunc(scale / 2);
  return Number(quotient) * 2 ** -half * 2 ** -(scale - half);
}

/** A double at or above the value. */
export const toNumberUp = (value: Rational): number => nudge(toNumber(value), value, 1);

/** A double at or below the value. */
export const toNumberDown = (value: Rational): number => nudge(toNumber(value), value, -1);

function nudge(near: number, value: Rational, side: 1 | -1): number {
  let at = near;
  while (compare(fromNumber(at), value) * side < 0) at += side * Math.max(Math.abs(at) * 2 ** -52, 5e-324);
  return at;
}
