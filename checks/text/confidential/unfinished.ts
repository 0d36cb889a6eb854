import { CJK_MARKINGS, MARKINGS } from './phrases.ts';
import { DECORATION } from './scan.ts';

const PHRASES: readonly string[] = [...Object.values(MARKINGS).flat(), ...CJK_MARKINGS, 'tlp:amber+strict'];
const WHOLE = new Set(PHRASES);
/** Every beginning of a marking from two characters on. */
const BEGINNINGS = new Set(
  PHRASES.flatMap((phrase) => Array.from({ length: phrase.length - 1 }, (_, i) => phrase.slice(0, i + 2))),
);
const LONGEST_PHRASE = Math.max(...PHRASES.map((phrase) => phrase.length));
/** Characters of decoration after a marking within which its line may still end. */
const DECORATION_LIMIT = 24;

/** Start of the longest ending of `text` (up to `end`) that is in `known`; `none` when there is none. */
function endingFrom(text: string, end: number, known: ReadonlySet<string>, none: number): number {
  const from = Math.max(0, end - LONGEST_PHRASE);
  const tail = text.slice(from, end).toLowerCase();
  for (let at = 0; at < tail.length; at++) if (known.has(tail.slice(at))) return from + at;
  return none;
}

/** Start of what at the end of `text` is, or may become, a marking; its length when nothing does. */
export function markingFrom(text: string): number {
  let end = text.length;
  while (
    end > 0 &&
    text.length - end < DECORATION_LIMIT &&
    text[end - 1] !== '\n' &&
    DECORATION.test(text[end - 1] as string)
  )
    end--;
  return Math.min(
    endingFrom(text, end, WHOLE, text.length),
    endingFrom(text, text.length, BEGINNINGS, text.length),
  );
}
