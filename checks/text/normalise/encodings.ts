import { hasWords, readable, repaired } from './readable.ts';
import type { Span } from './span.ts';

/** A decoded stretch and where its encoded form stands. */
export interface Decoded {
  readonly how:
    | 'base64'
    | 'base32'
    | 'base85'
    | 'hex'
    | 'binary'
    | 'decimal'
    | 'octal'
    | 'morse'
    | 'quoted-printable';
  readonly text: string;
  readonly at: Span;
}

const HEX_RUN = /^(?:0x)?(?:[0-9a-f]{2}){8,}$/i;
const BASE64_RUN = /^[A-Za-z0-9+/_-]{16,}={0,2}$/;
const BASE32_RUN = /^(?:[A-Z2-7]{16,}|[a-z2-7]{16,})={0,6}$/;
const QUOTED_RUN = /(?:=[0-9A-F]{2}){6,}/gi;
/** Shorter runs that do not decode as they stand are names and numbers. */
const MIN_BROKEN = 18;

/** Decodes the long runs that a survey found, as hexadecimal, base64 (either alphabet), base32 or quoted-printable. */
export function decodeRuns(text: string, runs: readonly Span[]): Decoded[] {
  const found: Decoded[] = [];
  for (const at of runs) {
    const run = text.slice(at.start, at.end);
    const whole = decodeWhole(run);
    if (whole !== null) found.push({ ...whole, at });
    else for (const part of decodeBroken(run)) found.push({ ...part, at });
  }
  return found;
}

type Passage = Omit<Decoded, 'at'>;

function decodeWhole(run: string): Passage | null {
  if (HEX_RUN.test(run)) {
    const text = readable(Buffer.from(run.replace(/^0x/i, ''), 'hex'));
    return text === null ? null : { how: 'hex', text };
  }
  const value = trimToBase64(run);
  const text = value === null ? null : readable(Buffer.from(value, 'base64'));
  return text === null ? null : { how: 'base64', text };
}

/** A run may carry `data=` or `/path/` in front: the longest tail that can be base64. */
function trimToBase64(run: string): string | null {
  const value = run.replace(/^[^=]{0,40}=(?=[A-Za-z0-9])/, '').replace(/^[-=]{1,8}/, '');
  return BASE64_RUN.test(value) && value.replace(/={1,2}$/, '').length % 4 !== 1 ? value : null;
}

/**
 * What a run holds that does not decode as it stands: with characters too many or too few, bad bytes, noise or a path
 * around it, several encodings end to end, or in another base.
 */
function decodeBroken(run: string): Passage[] {
  if (run.length < MIN_BROKEN) return [];
  const quoted = run.includes('=') ? decodeQuoted(run) : [];
  if (quoted.length > 0) return quoted;
  const digits = hexShare(run);
  if (digits >= 0.9) return decodeBrokenHex(run.replace(/^0x/i, ''));
  if (BASE32_RUN.test(run)) {
    const text = readable(fromBase32(run));
    if (text !== null && hasWords(text)) return [{ how: 'base32', text }];
  }
  return partsOf(run, /=+/).flatMap((part) => {
    const found = wholeOrShifted(part);
    // Signs of the alphabet may as well be what stands between encodings.
    return found.length > 0 ? found : partsOf(part, /[/_-]+/).flatMap(wholeOrShifted);
  });
}

function partsOf(run: string, between: RegExp): string[] {
  return run.split(between).filter((part) => part.length >= MIN_BROKEN - 2);
}

function wholeOrShifted(part: string): Passage[] {
  const whole = decodeWhole(part);
  return whole === null ? shifted(part) : [whole];
}

/** What is text in a run from each of the four places where groups of four may begin. */
function shifted(run: string): Passage[] {
  const found: Passage[] = [];
  for (let shift = 0; shift < 4; shift += 1) {
    for (const text of repaired(Buffer.from(run.slice(shift), 'base64'))) found.push({ how: 'base64', text });
  }
  return found;
}

function hexShare(run: string): number {
  let digits = 0;
  const seen = Math.min(run.length, 2_048);
  for (let i = 0; i < seen; i += 1) {
    const unit = run.charCodeAt(i);
    if ((unit >= 48 && unit <= 57) || ((unit | 32) >= 97 && (unit | 32) <= 102)) digits += 1;
  }
  return digits / seen;
}

function decodeBrokenHex(run: string): Passage[] {
  const digits = run.replace(/[^0-9a-f]/gi, '0');
  return [0, 1].flatMap((shift) => {
    const even = digits.slice(shift, shift + ((digits.length - shift) & ~1));
    return repaired(Buffer.from(even, 'hex')).map((text): Passage => ({ how: 'hex', text }));
  });
}

function decodeQuoted(run: string): Passage[] {
  return [...run.matchAll(QUOTED_RUN)].flatMap(([row]): Passage[] => {
    const text = readable(Buffer.from(row.replaceAll('=', ''), 'hex'));
    return text === null || !/[a-z]{3}|[\x80-\uffff]{2}/i.test(text)
      ? []
      : [{ how: 'quoted-printable', text }];
  });
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 base32, padding ignored. */
function fromBase32(run: string): Uint8Array {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const char of run.toLowerCase()) {
    const digit = BASE32.indexOf(char);
    if (digit < 0) break;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 255);
  }
  return Uint8Array.from(bytes);
}
