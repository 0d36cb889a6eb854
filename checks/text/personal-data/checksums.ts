/** Checksum rules of identifiers. All take strings of ASCII digits (letters where said) without separators. */

const digitsOf = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0) - 48);

/** Sum of digit × weight; `weights` may be shorter than the digits. */
export function weighted(text: string, weights: readonly number[]): number {
  const digits = digitsOf(text);
  return weights.reduce((sum, weight, i) => sum + weight * (digits[i] ?? 0), 0);
}

/** ISO/IEC 7812 (Luhn): cards, Canadian SIN, Swedish and South African numbers, IMEI, … */
export function luhn(text: string): boolean {
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(text.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return text.length > 1 && sum % 10 === 0;
}

/** ISO 7064 MOD 11,10: German tax id, Croatian OIB. */
export function mod11_10(text: string): boolean {
  let product = 10;
  for (const digit of digitsOf(text.slice(0, -1))) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === Number(text.at(-1));
}

/** ISO 7064 MOD 97,10 over letters (A = 10 … Z = 35) and digits; 1 for a valid IBAN turned round. */
export function mod97(text: string): number {
  let rest = 0;
  for (const char of text) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

const VERHOEFF_D = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
] as const;
const VERHOEFF_P = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
] as const;

/** Verhoeff's scheme over the dihedral group D5: Indian Aadhaar. */
export function verhoeff(text: string): boolean {
  let check = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(text.length - 1 - i) - 48;
    const permuted = Number(VERHOEFF_P[i % 8]?.[digit]);
    check = Number(VERHOEFF_D[check]?.[permuted]);
  }
  return check === 0;
}

/** Remainder of a long decimal number. */
export function decimalMod(text: string, modulus: number): number {
  let rest = 0;
  for (const digit of digitsOf(text)) rest = (rest * 10 + digit) % modulus;
  return rest;
}

/** True for a day of the (proleptic Gregorian) calendar; `year` in full. */
export function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1 || year < 1850 || year > 2099) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] ?? 0);
}

/** True when two-digit `year` makes a date in this or the last century. */
export const isShortDate = (year: number, month: number, day: number): boolean =>
  isDate(1900 + year, month, day) || isDate(2000 + year, month, day);

/** The number at `from`, `length` digits long. */
export const part = (text: string, from: number, length: number): number =>
  Number(text.slice(from, from + length));

/** Only digits, all the same or an unbroken run up or down: examples and fillers, never issued. */
export function isFiller(digits: string): boolean {
  return (
    /^(\d)\1*$/.test(digits) ||
    '01234567890123456789'.includes(digits) ||
    '98765432109876543210'.includes(digits)
  );
}
