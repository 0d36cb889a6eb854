/**
 * Made-up secret bodies for the samples. They are computed, so that no file of this repository holds a
 * string which the secret scanners of code hosts would report.
 */
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';

/** `length` characters of `alphabet` in a fixed shuffled order (a linear congruential generator). */
export function draw(alphabet: string, length: number, seed = 7): string {
  let state = seed * 2_654_435_761;
  let out = '';
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out += alphabet[(state >>> 11) % alphabet.length];
  }
  return out;
}

export const alnum = (length: number, seed?: number): string => draw(LOWER + UPPER + DIGITS, length, seed);
export const lower = (length: number, seed?: number): string => draw(LOWER + DIGITS, length, seed);
export const upper = (length: number, seed?: number): string => draw(UPPER + DIGITS, length, seed);
/** The base32 alphabet of AWS key ids. */
export const base32 = (length: number, seed?: number): string => draw(`${UPPER}234567`, length, seed);
export const hex = (length: number, seed?: number): string => draw('0123456789abcdef', length, seed);
export const digits = (length: number, seed?: number): string => draw('123456789', length, seed);
export const base64 = (length: number, seed?: number): string =>
  draw(`${LOWER}${UPPER}${DIGITS}+/`, length, seed);
export const url64 = (length: number, seed?: number): string =>
  draw(`${LOWER}${UPPER}${DIGITS}-_`, length - 1, seed) + draw(LOWER, 1, seed);
export const uuid = (seed = 7): string =>
  [hex(8, seed), hex(4, seed + 1), `4${hex(3, seed + 2)}`, `a${hex(3, seed + 3)}`, hex(12, seed + 4)].join(
    '-',
  );

const toUrl64 = (value: object): string =>
  btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** A signed-looking JSON Web Token with the given header. */
export const jwt = (header: object = { alg: 'HS256', typ: 'JWT' }): string =>
  [toUrl64(header), toUrl64({ sub: 'sample', iat: 1_700_000_000 }), url64(43)].join('.');

/** A block in PEM form with `lines` lines of made-up base64. */
export function pem(label: string, lines = 6, newline = '\n'): string {
  const body = Array.from({ length: lines }, (_, line) => base64(64, line + 3));
  const dashes = '-----';
  return [`${dashes}BEGIN ${label}${dashes}`, ...body, `${dashes}END ${label}${dashes}`].join(newline);
}
