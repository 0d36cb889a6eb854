import { fold } from './fold.ts';
import { backwards, caesarShift, closeGaps, moved, rot13, unglue, unjoin, unleet } from './respell.ts';
import type { SpanMap } from './span.ts';
import { chainMaps, identityMap, reversedMap, shiftedMap } from './span.ts';
import type { Survey } from './survey.ts';
import { survey } from './survey.ts';

/** One spelling of a text, folded. */
export interface Spelling {
  /** How it was respelled; null as it stands. */
  readonly how: string | null;
  readonly text: string;
  readonly map: SpanMap;
}

/** Marks of texts written backwards or in rot13: such words themselves, or a hint to read so. */
const HINTS =
  /vtaber|sbetrg|cebzcg|cergraq|erfgevpg|\behyrf\b|\blbhe?\b|\bruoy\b|\buoy\b|\bselur\b|dneterp|qvfertneq|cerivbhf|vafgehpgvba|flfgrz|cnffjbeq|erirny|erongi|suoiverp|noitcurtsni|tpmorp|metsys|drowssap|laever|tegrof|\brot.?13\b|caesar|backward|revers/;
/** Talk of ciphers: whoever wants a text deciphered by a model mostly says so. */
const CIPHER =
  /caesar|c[iy]ph?er|\brot.?\d|shift(?:ed)? (?:by|of|each|every|cipher)|letters? (?:forward|back|further|later|earlier)|decrypt|entschl|chiffr|cifra/;
/** Longer texts are read backwards and in rot13 by stretches of this length, those that show the marks. */
const STRETCH = 16_384;
const SHARED = 512;
/** Turns the letters behind it around on the page. */
const OVERRIDE = /[\u202e\u2067]/;

/** A folded text, and the spellings that hide words from whoever reads it as it stands. Linear. */
export function spellingsOf(text: string, seen: Survey): Spelling[] {
  const folded = seen.ascii ? { text: text.toLowerCase(), map: identityMap } : fold(text);
  const spellings: Spelling[] = [{ how: null, text: folded.text, map: folded.map }];
  const add = (how: string, respelled: string, map: SpanMap): void => {
    spellings.push({ how, text: respelled, map: chainMaps(folded.map, map) });
  };
  // Letters in fancy dress only show their form once folded, so those texts are surveyed again.
  const spelled = seen.ascii ? seen : survey(folded.text);
  if (spelled.mixed >= 2) {
    const plain = unleet(folded.text);
    if (plain !== null) add(plain.how, plain.text, plain.map);
  }
  if (spelled.singles >= 5) {
    const plain = closeGaps(folded.text);
    if (plain !== null) add(plain.how, plain.text, plain.map);
  }
  if (spelled.glued >= 3) {
    const plain = unglue(folded.text);
    add(plain.how, plain.text, plain.map);
    const words = unjoin(folded.text);
    if (words !== null) add(words.how, words.text, words.map);
  }
  const turned = !seen.ascii && OVERRIDE.test(text);
  for (let at = 0; at < folded.text.length; at += STRETCH - SHARED) {
    const whole = folded.text.length <= STRETCH;
    const part = whole ? folded.text : folded.text.slice(at, at + STRETCH);
    const hinted = HINTS.test(part);
    if (hinted) add('rot13', rot13(part), whole ? identityMap : shiftedMap(at));
    const shift = CIPHER.test(part) ? caesarShift(part) : null;
    if (shift !== null) add('caesar', moved(part, shift), whole ? identityMap : shiftedMap(at));
    if (hinted || turned) {
      const map = reversedMap(part.length);
      add('reversed', backwards(part), whole ? map : chainMaps(shiftedMap(at), map));
    }
    if (at + STRETCH >= folded.text.length) break;
  }
  return spellings;
}
