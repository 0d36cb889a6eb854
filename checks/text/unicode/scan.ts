import { isTag, isVariationSelector, tagToAscii } from '../normalise/invisible.ts';
import type { Span } from '../normalise/span.ts';
import {
  isBidiControl,
  isControl,
  isEmojiPart,
  isIdeograph,
  isJoiningLetter,
  isPrivateUse,
  isUnspacedLetter,
  isWordCharacter,
  isZeroWidth,
} from './families.ts';

export type Family = 'tags' | 'selectors' | 'zeroWidth' | 'bidi' | 'privateUse' | 'controls';

/** A stretch of characters of one family, already cleared of the uses that writing needs. */
export interface Stretch extends Span {
  readonly family: Family;
  /** Code points in it. */
  readonly count: number;
  /** What it hides, where that can be read. */
  readonly says: string;
  /** Stands between two letters or digits of one word. */
  readonly inWord: boolean;
}

function familyOf(code: number): Family | null {
  if (isTag(code) || code === 0xe0000) return 'tags';
  if (isVariationSelector(code)) return 'selectors';
  if (isZeroWidth(code)) return 'zeroWidth';
  if (isBidiControl(code)) return 'bidi';
  if (isPrivateUse(code)) return 'privateUse';
  return isControl(code) ? 'controls' : null;
}

function charBefore(text: string, at: number): string {
  if (at <= 0) return '';
  const unit = text.charCodeAt(at - 1);
  const start = unit >= 0xdc00 && unit <= 0xdfff && at > 1 ? at - 2 : at - 1;
  return String.fromCodePoint(text.codePointAt(start) ?? 0);
}

function charAt(text: string, at: number): string {
  return at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : '';
}

/** Emoji sequences, the joiners of Persian and Indic spelling, byte-order mark, flags of regions, variants. */
function isOrdinary(text: string, stretch: Stretch): boolean {
  const before = charBefore(text, stretch.start);
  const after = charAt(text, stretch.end);
  switch (stretch.family) {
    case 'tags':
      return before === '🏴' && stretch.count <= 7;
    case 'selectors':
      return (
        stretch.count === 1 &&
        (text.charCodeAt(stretch.start) < 0xd800 ||
          text.charCodeAt(stretch.start) >= 0xfe00 ||
          isIdeograph(before))
      );
    case 'zeroWidth': {
      if (stretch.count > 1) return false;
      const code = text.charCodeAt(stretch.start);
      if (code === 0xfeff && stretch.start === 0) return true;
      if (code === 0x200d && isEmojiPart(before) && isEmojiPart(after)) return true;
      if (code === 0x200c || code === 0x200d || code === 0x180e) return isJoiningLetter(before);
      if (code === 0x200b) return isUnspacedLetter(before) || isUnspacedLetter(after);
      return (
        code === 0x2060 && (isUnspacedLetter(before) || !isWordCharacter(before) || !isWordCharacter(after))
      );
    }
    default:
      return false;
  }
}

/** The stretches of invisible or deceptive characters in a text, in order. One pass. */
export function findStretches(text: string): Stretch[] {
  const found: Stretch[] = [];
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) ?? 0;
    const family = code >= 0x20 && code < 0x7f ? null : familyOf(code);
    if (family === null) {
      i += code > 0xffff ? 2 : 1;
      continue;
    }
    const stretch = readStretch(text, i, family);
    if (!isOrdinary(text, stretch)) found.push(stretch);
    i = stretch.end;
  }
  return found;
}

function readStretch(text: string, start: number, family: Family): Stretch {
  let end = start;
  let count = 0;
  let says = '';
  while (end < text.length) {
    const code = text.codePointAt(end) ?? 0;
    if (familyOf(code) !== family) break;
    if (family === 'tags') says += tagToAscii(code);
    count += 1;
    end += code > 0xffff ? 2 : 1;
    // Each bidi control is judged by itself: an opener and its closer are not one thing.
    if (family === 'bidi') break;
  }
  const inWord = isWordCharacter(charBefore(text, start)) && isWordCharacter(charAt(text, end));
  return { family, start, end, count, says, inWord };
}

const CROWDED = /(?:[\u0300-\u036f]|\u0489|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]){4,4096}/g;

/** Four or more combining marks piled on one letter; no spelling needs that. */
export function findPiles(text: string): Span[] {
  return Array.from(text.matchAll(CROWDED), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}
