/** A find of any detector of personal data. Offsets are UTF-16. */
export interface Find {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  readonly score: number;
  /** Reads on in "Looks like …". */
  readonly title: string;
}

/** Letters and digits without a gap. `shape` has `9` for a digit and `A` for a letter. */
export interface Part {
  readonly start: number;
  readonly end: number;
  readonly shape: string;
  /** Between the part before and this one; `''` for the first. Non-breaking spaces are given as a space. */
  readonly separator: string;
}

/** Parts with digits in them, joined by single separators: what an identifier, date or phone number is made of. */
export interface Cluster {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly Part[];
}

/** Characters of one part; longer runs are no identifier but data. */
const LONGEST_PART = 80;
const MOST_PARTS = 64;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
const isAlnum = (code: number): boolean => isDigit(code) || isLetter(code);
/** Letters outside ASCII do not belong to identifiers but do belong to words. */
const isWordChar = (code: number): boolean =>
  isAlnum(code) || code === 95 || (code >= 0xc0 && code < 0x2000 && code !== 0xd7 && code !== 0xf7);
const SEPARATORS = new Set([' ', '-', '.', '/', '(', '+', '\u00a0', '\u2009', '\u202f', '\u2011']);

function shapeOf(text: string, start: number, end: number): string {
  let shape = '';
  for (let i = start; i < end; i++) shape += isDigit(text.charCodeAt(i)) ? '9' : 'A';
  return shape;
}

function separatorAt(text: string, at: number): string | null {
  const char = text[at] ?? '';
  if (!SEPARATORS.has(char)) return null;
  return char === '\u00a0' || char === '\u2009' || char === '\u202f' ? ' ' : char === '\u2011' ? '-' : char;
}

function partEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && isAlnum(text.charCodeAt(end))) end++;
  return end;
}

const hasDigit = (shape: string): boolean => shape.includes('9');

/** Up to four capitals directly before a separator may begin an identifier ("AB 12 34 56 C"). */
function capitalsBefore(text: string, start: number): Part | null {
  if (separatorAt(text, start - 1) === null) return null;
  let from = start - 1;
  while (from > 0 && start - 1 - from < 5 && isAlnum(text.charCodeAt(from - 1))) from--;
  const word = text.slice(from, start - 1);
  // A single letter before a space is a word of its own ("I", "A").
  if (!/^[A-Z]{2,4}$/.test(word) && !(/^[A-Z]$/.test(word) && separatorAt(text, start - 1) !== ' '))
    return null;
  if (from > 0 && isWordChar(text.charCodeAt(from - 1))) return null;
  return { start: from, end: start - 1, shape: 'A'.repeat(word.length), separator: '' };
}

/** The cluster around the digit at `at`, or null when it belongs to a long run of letters and digits. */
export function clusterAt(
  text: string,
  at: number,
  floor: number,
): Cluster | { readonly end: number; readonly parts: null } {
  let start = at;
  while (start > floor && at - start <= LONGEST_PART && isAlnum(text.charCodeAt(start - 1))) start--;
  const end = partEnd(text, at);
  const glued = start > 0 && isWordChar(text.charCodeAt(start - 1));
  if (glued || end - start > LONGEST_PART) return { end, parts: null };
  const parts: Part[] = [];
  const capitals = start - 2 >= floor ? capitalsBefore(text, start) : null;
  const separator = capitals === null ? '' : (separatorAt(text, start - 1) ?? '');
  if (capitals !== null) parts.push(capitals);
  parts.push({ start, end, shape: shapeOf(text, start, end), separator });
  let last = end;
  while (parts.length < MOST_PARTS) {
    const gap = separatorAt(text, last);
    if (gap === null) break;
    const next = partEnd(text, last + 1);
    if (next === last + 1 || next - last > LONGEST_PART) break;
    const shape = shapeOf(text, last + 1, next);
    // A letter or two may end an identifier; a word ends the cluster.
    const letters = parts[0]?.shape.startsWith('AA99') === true ? 4 : 2;
    if (!hasDigit(shape) && (shape.length > letters || !/^[A-Z]+$/.test(text.slice(last + 1, next)))) break;
    if (isWordChar(text.charCodeAt(next))) break;
    parts.push({ start: last + 1, end: next, shape, separator: gap });
    last = next;
    // A single letter after a space can only be the last part.
    if (gap === ' ' && shape === 'A') break;
  }
  return { start: parts[0]?.start ?? start, end: last, parts };
}

/** The cluster from its first part with a digit on: "DOB 1985-03-12" is a word and a date. */
export function fromFirstDigit(cluster: Cluster): Cluster {
  const [first, second] = cluster.parts;
  if (first === undefined || second === undefined || hasDigit(first.shape)) return cluster;
  return { ...cluster, start: second.start, parts: cluster.parts.slice(1) };
}

/** Calls `visit` for every run of up to `most` neighbouring parts with its form; used by all detectors of numbers. */
export function eachRun(
  cluster: Cluster,
  most: number,
  visit: (shape: string, start: number, end: number) => void,
): void {
  const { parts } = cluster;
  for (let from = 0; from < parts.length; from++) {
    // Digits after a point are the rest of a decimal number.
    if (parts[from]?.separator === '.' && hasDigit(parts[from - 1]?.shape ?? '')) continue;
    let shape = '';
    const last = Math.min(parts.length, from + most);
    for (let to = from; to < last; to++) {
      const part = parts[to] as Part;
      shape += (to > from ? part.separator : '') + part.shape;
      visit(shape, (parts[from] as Part).start, part.end);
    }
  }
}
