/**
 * Where an answer is judged while it arrives. All positions follow from the text alone, never from how it was
 * cut into chunks, so that the same answer is always judged at the same places and comes to the same findings.
 */

/** Longest stretch between two judgements once the answer is under way, in UTF-16 units. */
const STEP = 48;
const FIRST_STEP = 4;
/** How far a step may be stretched to end after white space. */
const SLACK = 24;

/** Released text that is judged again with new text, so that a match across the seam is seen. */
export const NARROW_CONTEXT = 320;
/** The same every {@link WIDE_EVERY} units and at the end, for what shows only over a longer stretch. */
export const WIDE_CONTEXT = 8_192;
export const WIDE_EVERY = 4_096;

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0x3000;
}

/** True when `index` would part a surrogate pair. */
export function splitsPair(text: string, index: number): boolean {
  if (index <= 0 || index >= text.length) return false;
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

/**
 * The next place to judge at, as an index into `buffer`, or -1 while too little has arrived. Steps grow from 4
 * to 48 units over the first words, so that the first of them comes out early, and with the stretch that is
 * held, so that judging a long hold again and again costs no more than a constant factor.
 */
export function nextBoundary(buffer: string, from: number, seen: { position: number; held: number }): number {
  const early = Math.min(STEP, Math.max(FIRST_STEP, seen.position >> 3));
  const least = from + Math.max(early, seen.held >> 3);
  const most = least + SLACK;
  for (let index = least; index <= most && index <= buffer.length; index += 1) {
    if (isSpace(buffer.charCodeAt(index - 1))) return index;
  }
  if (buffer.length <= most) return -1;
  return splitsPair(buffer, most) ? most + 1 : most;
}

/** Where a window with about `context` units before `keep` starts: after white space if there is some near. */
export function windowStart(buffer: string, keep: number, context: number): number {
  const target = keep - context;
  if (target <= 0) return 0;
  const most = Math.min(keep, target + 128);
  for (let index = target; index < most; index += 1) if (isSpace(buffer.charCodeAt(index))) return index + 1;
  return splitsPair(buffer, target) ? target + 1 : target;
}
