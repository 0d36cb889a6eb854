import type { Span } from './span.ts';

/** What one pass over a text shows, so that costly decoders run only where they may find something. */
export interface Survey {
  readonly ascii: boolean;
  /** Tag characters or variation selectors are present. */
  readonly hidden: boolean;
  readonly percents: number;
  readonly ampersands: number;
  readonly backslashes: number;
  /** Runs of at least `LONG_RUN` base64 or hexadecimal characters. */
  readonly runs: readonly Span[];
  /** The longest row of one-letter words. */
  readonly singles: number;
  /** Words that mix letters and digits (or @ and $). */
  readonly mixed: number;
  /** Letters joined by one of `-._` . */
  readonly glued: number;
  /** The longest row of short numeric-looking words (hexadecimal pairs, binary octets, decimal codes). */
  readonly numerics: number;
  /**
   * Rows of at least `CODED_ROW` words, with few others between, that have capitals behind other letters or digits among
   * letters, or are hexadecimal: what an encoding looks like that was cut into words.
   */
  readonly coded: readonly Span[];
  /** Dots and dashes that stand in groups, as in Morse. */
  readonly dashes: number;
}

const LONG_RUN = 16;
const CODED_ROW = 3;
/** A text of the longest decoded length holds no more. */
const MAX_RUNS = 262_144;

const LETTER = 1;
const DIGIT = 2;
const HEX = 4;
const BASE64 = 8;
const LEET = 16;
const GLUE = 32;
const UPPER = 64;
const CLASSES = new Uint8Array(128);
for (let c = 0; c < 128; c += 1) {
  const char = String.fromCharCode(c);
  let bits = 0;
  if (/[a-z]/i.test(char)) bits |= LETTER | BASE64;
  if (/[A-Z]/.test(char)) bits |= UPPER;
  if (/[0-9]/.test(char)) bits |= DIGIT | BASE64;
  if (/[0-9a-f]/i.test(char)) bits |= HEX;
  if (/[+/_=-]/.test(char)) bits |= BASE64;
  if (/[@$]/.test(char)) bits |= LEET;
  if (/[-._]/.test(char)) bits |= GLUE;
  CLASSES[c] = bits;
}

/** One linear pass; a few nanoseconds a character. */
export function survey(text: string): Survey {
  let ascii = true;
  let hidden = false;
  let percents = 0;
  let ampersands = 0;
  let backslashes = 0;
  let singles = 0;
  let singlesRow = 0;
  let mixed = 0;
  let glued = 0;
  let numerics = 0;
  let numericsRow = 0;
  let codedRow = 0;
  let codedMost = 0;
  let codedStart = 0;
  let codedEnd = 0;
  const coded: Span[] = [];
  let dashes = 0;
  let runStart = -1;
  let before = 0;
  const runs: Span[] = [];
  // Of the word that is being read: how many of its characters are what; `inner` are capitals behind the first.
  let letters = 0;
  let digits = 0;
  let hex = 0;
  let leet = 0;
  let inner = 0;

  for (let i = 0; i <= text.length; i += 1) {
    const code = i < text.length ? text.charCodeAt(i) : 32;
    const bits = code < 128 ? (CLASSES[code] ?? 0) : 0;
    if (code >= 128) {
      ascii = false;
      if (code === 0xdb40 || (code >= 0xfe00 && code <= 0xfe0f)) hidden = true;
    }
    if ((bits & BASE64) !== 0) {
      if (runStart < 0) runStart = i;
    } else if (runStart >= 0) {
      if (i - runStart >= LONG_RUN && runs.length < MAX_RUNS) runs.push({ start: runStart, end: i });
      runStart = -1;
    }
    if ((bits & (LETTER | DIGIT | LEET)) !== 0) {
      letters += bits & 1;
      digits += (bits >> 1) & 1;
      hex += (bits >> 2) & 1;
      leet += (bits >> 4) & 1;
      if ((bits & UPPER) !== 0 && (before & (LETTER | DIGIT)) !== 0) inner += 1;
    } else {
      const length = letters + digits + leet;
      if (length > 0) {
        if (length === 1) {
          singlesRow += 1;
          if (singlesRow > singles) singles = singlesRow;
        } else singlesRow = 0;
        const numeric = hex === length && (length <= 3 || length === 8) && length >= 2;
        if (numeric) {
          numericsRow += 1;
          if (numericsRow > numerics) numerics = numericsRow;
        } else numericsRow = 0;
        if (letters > 0 && digits + leet > 0) mixed += 1;
        if ((letters > 0 && inner + digits > 0) || (hex === length && length >= 4)) {
          if (codedRow === 0) codedStart = i - length;
          codedRow += 1;
          codedMost = Math.max(codedMost, codedRow);
          codedEnd = i;
        } else if (codedRow > 0) {
          codedRow -= 1;
          if (codedRow === 0) {
            if (codedMost >= CODED_ROW) coded.push({ start: codedStart, end: codedEnd });
            codedMost = 0;
          }
        }
        letters = 0;
        digits = 0;
        hex = 0;
        leet = 0;
        inner = 0;
      }
      if ((bits & GLUE) !== 0) {
        if ((before & GLUE) !== 0 || before === 0) dashes += 1;
        else if ((before & LETTER) !== 0) {
          const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 32;
          if (next < 128 && ((CLASSES[next] ?? 0) & LETTER) !== 0) glued += 1;
        }
      } else if (code === 37) percents += 1;
      else if (code === 38) ampersands += 1;
      else if (code === 92) backslashes += 1;
    }
    before = bits;
  }
  if (codedMost >= CODED_ROW) coded.push({ start: codedStart, end: codedEnd });
  return {
    ascii,
    hidden,
    percents,
    ampersands,
    backslashes,
    runs,
    singles,
    mixed,
    glued,
    numerics,
    coded,
    dashes,
  };
}
