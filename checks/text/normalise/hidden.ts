import { isTag, isVariationSelector, tagToAscii, variationToByte } from './invisible.ts';
import type { SpanMap } from './span.ts';
import { tableMap } from './span.ts';

/** A message written in characters that show nothing. */
export interface HiddenText {
  readonly how: 'tags' | 'variation-selectors';
  readonly text: string;
  readonly map: SpanMap;
}

const lenientUtf8 = new TextDecoder('utf-8');
/** Flags of regions (`🏴` + tags) carry up to 6 tags and are harmless. */
const MIN_TAGS = 7;
const MIN_BYTES = 4;

/** What tag characters and rows of variation selectors spell out, if that is more than an emoji needs. */
export function readHidden(text: string): HiddenText[] {
  const tagged: string[] = [];
  const taggedAt: number[] = [];
  const bytes: number[] = [];
  const bytesAt: number[] = [];
  let lastSelector = -2;
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) ?? 0;
    const width = code > 0xffff ? 2 : 1;
    if (isTag(code)) {
      const char = tagToAscii(code);
      if (char !== '') {
        tagged.push(char);
        taggedAt.push(i);
      }
    } else if (isVariationSelector(code)) {
      // One selector after a character dresses it; those that follow another selector carry bytes.
      if (lastSelector === i && bytes.length === 0) {
        const previous =
          text.codePointAt(
            i - (text.charCodeAt(i - 1) >= 0xdc00 && text.charCodeAt(i - 1) <= 0xdfff ? 2 : 1),
          ) ?? 0;
        bytes.push(variationToByte(previous));
        bytesAt.push(i);
      }
      if (lastSelector === i || bytes.length > 0) {
        bytes.push(variationToByte(code));
        bytesAt.push(i);
      }
      lastSelector = i + width;
    }
    i += width;
  }
  const found: HiddenText[] = [];
  if (tagged.length >= MIN_TAGS) {
    found.push({
      how: 'tags',
      text: tagged.join(''),
      map: tableMap([...taggedAt, endAfter(text, taggedAt)]),
    });
  }
  if (bytes.length >= MIN_BYTES) {
    const decoded = lenientUtf8.decode(Uint8Array.from(bytes));
    const starts = Array.from(decoded, (_, i) => bytesAt[Math.min(i, bytesAt.length - 1)] ?? 0);
    while (starts.length < decoded.length) starts.push(bytesAt.at(-1) ?? 0);
    found.push({
      how: 'variation-selectors',
      text: decoded,
      map: tableMap([...starts, endAfter(text, bytesAt)]),
    });
  }
  return found;
}

function endAfter(text: string, offsets: readonly number[]): number {
  const last = offsets.at(-1) ?? 0;
  return last + ((text.codePointAt(last) ?? 0) > 0xffff ? 2 : 1);
}
