import type { Decoded } from './encodings.ts';
import { decodeRuns } from './encodings.ts';
import { unescapeText } from './escapes.ts';
import { readHidden } from './hidden.ts';
import { decodeAscii85, decodeMorse, decodeRows, decodeWords } from './rows.ts';
import type { MappedPart, Span, SpanMap } from './span.ts';
import { partedMap, stretchedMap } from './span.ts';
import type { Survey } from './survey.ts';

/** A text that was found within another. */
export interface Passage {
  readonly how: string;
  readonly text: string;
  readonly map: SpanMap;
}

/** This many decoded passages of a text are read one by one; the others together, so that none goes unread. */
const APART = 12;
/** Decoded parts with no more characters between them are read as one, too: an order may be cut anywhere. */
const ADJACENT = 8;

/** Everything that decoders find in a text. Time and output are linear: the decoders read no character more than a few times. */
export function passagesOf(text: string, seen: Survey): Passage[] {
  const found: Passage[] = [];
  if (seen.percents + seen.ampersands + seen.backslashes > 0) {
    const plain = unescapeText(text);
    if (plain !== null) found.push({ how: 'escapes', ...plain });
  }
  if (seen.runs.length > 0) addDecoded(found, decodeRuns(text, seen.runs));
  if (seen.numerics >= 8 || seen.backslashes >= 6) addDecoded(found, decodeRows(text));
  if (seen.dashes >= 16) addDecoded(found, decodeMorse(text));
  if (seen.hidden)
    for (const { how, text: hidden, map } of readHidden(text)) found.push({ how, text: hidden, map });
  if (seen.coded.length > 0) addDecoded(found, decodeWords(text, seen.coded));
  if (text.includes('<~')) addDecoded(found, decodeAscii85(text));
  return found;
}

function addDecoded(found: Passage[], decoded: readonly Decoded[]): void {
  for (const one of decoded.slice(0, APART)) found.push(passageOf(one));
  for (const group of groupedBy(decoded.slice(APART), ({ how }) => how))
    found.push(joined(group.map(passageOf)));
  const together = adjacent(decoded);
  if (together !== null) found.push(together);
}

function passageOf({ how, text, at }: Decoded): Passage {
  return { how, text, map: stretchedMap(at, text.length) };
}

export function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Passages as one text, with `between` between them; how the first was hidden stands for all. */
export function joined(passages: readonly Passage[], between: (i: number) => string = () => '\n'): Passage {
  const parts: MappedPart[] = [];
  const texts: string[] = [];
  let from = 0;
  for (const [i, { text, map }] of passages.entries()) {
    const gap = i === 0 ? '' : between(i);
    from += gap.length;
    texts.push(gap, text);
    parts.push({ from, length: text.length, map });
    from += text.length;
  }
  return { how: passages[0]?.how ?? '', text: texts.join(''), map: partedMap(parts) };
}

/** Neighbouring parts drawn together without a gap, for words that were cut between two of them. */
function adjacent(decoded: readonly Decoded[]): Passage | null {
  if (decoded.length < 2) return null;
  const near = (a: Span | undefined, b: Span | undefined): boolean =>
    a !== undefined && b !== undefined && b.start >= a.end && b.start - a.end <= ADJACENT;
  const grouped = decoded.filter(({ at }, i) => near(decoded[i - 1]?.at, at) || near(at, decoded[i + 1]?.at));
  if (grouped.length < 2) return null;
  return joined(grouped.map(passageOf), (i) => (near(grouped[i - 1]?.at, grouped[i]?.at) ? '' : '\n'));
}
