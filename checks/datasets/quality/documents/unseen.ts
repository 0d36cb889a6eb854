import { findHidden } from '../../../text/injection/regions.ts';
import type { Span } from '../../../text/normalise/index.ts';
import { textInput } from '../../../text/types.ts';
import { unicodeCheck } from '../../../text/unicode/index.ts';
import { findingsOf } from '../content/personal.ts';
import type { Hit } from '../content/tally.ts';

const UNICODE = unicodeCheck.config.parse({
  homoglyphs: false,
  combining: false,
  privateUse: false,
  controls: false,
});
/** A message in characters without a shape. */
export const HIDDEN_TEXT = 'hidden-text';
/** Text that a reader does not see, which pages and editors have for honest reasons too: no score above .5. */
export const UNSEEN_TEXT = 'unseen-text';

/**
 * What text in characters without a shape scores. Tags and rows of variation selectors spell out a message and come
 * about by no accident; zero-width characters and direction overrides are left behind by editors too.
 */
const SCORE: Readonly<Record<string, number>> = {
  'tag-characters': 0.85,
  'variation-selectors': 0.75,
  'zero-width': 0.45,
  'bidi-control': 0.45,
};
const CERTAIN = 0.9;
const UNCERTAIN_SHARE = 0.4;

function invisible(text: string): Hit[] {
  const input = textInput(text, { author: 'third_party', kind: 'document' });
  const best = new Map<string, Hit>();
  for (const { kind, score } of findingsOf(unicodeCheck.run(input, UNICODE))) {
    const most = SCORE[kind];
    if (most === undefined) continue;
    const own = score >= CERTAIN ? most : UNCERTAIN_SHARE * most;
    if (own <= (best.get(kind)?.score ?? 0)) continue;
    best.set(kind, {
      kind: own > 0.5 ? HIDDEN_TEXT : UNSEEN_TEXT,
      score: own,
      message: `holds text that nobody sees (${kind.replace('-', ' ')})`,
    });
  }
  return [...best.values()];
}

const TAG = /<[a-z][^<>]{0,1000}>/gi;
const UNSEEN_STYLE =
  /display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}hidden|font-size\s{0,4}:\s{0,4}[01](?:px|pt|em|rem|%)?\s{0,4}(?:[;"'!]|$)|opacity\s{0,4}:\s{0,4}0(?:\.0{1,4})?\s{0,4}(?:[;"'!]|$)|text-indent\s{0,4}:\s{0,4}-\d{3}|\sleft\s{0,4}:\s{0,4}-\d{4}/i;
const WHITE =
  /(?:^|[^-])color\s{0,4}:\s{0,4}(?:white|#fff(?:fff)?\b|rgb\(\s{0,4}255\s{0,4},\s{0,4}255\s{0,4},\s{0,4}255)/i;
/** Fewer characters are an icon's name or a counter. */
const LEAST_TEXT = 40;
const MAX_TEXT = 4_000;

/** An element that is styled so that nobody sees its text. */
function unseenElement(text: string): Hit | null {
  if (!text.includes('<')) return null;
  for (const { 0: tag, index } of text.matchAll(TAG)) {
    if (!UNSEEN_STYLE.test(tag) && !(WHITE.test(tag) && !/background/i.test(tag))) continue;
    const from = index + tag.length;
    const next = text.indexOf('<', from);
    const inside = text.slice(from, Math.min(next < 0 ? text.length : next, from + MAX_TEXT)).trim();
    if (inside.length >= LEAST_TEXT)
      return { kind: UNSEEN_TEXT, score: 0.4, message: 'holds text that its style hides from the reader' };
  }
  return null;
}

/** Text that a reader does not see, whatever it says. Linear in the text. */
export function unseenText(text: string): Hit[] {
  const element = unseenElement(text);
  return element === null ? invisible(text) : [...invisible(text), element];
}

/** Whether a part of a document lies where its reader does not see it: comments, attributes, hidden elements. */
export function isUnseen(text: string, { start, end }: Span): boolean {
  const lower = text.toLowerCase();
  // A few capitals change their length: then places do not carry over.
  if (lower.length !== text.length) return false;
  return findHidden(lower).some((part) => part.start <= start && end <= part.end);
}
