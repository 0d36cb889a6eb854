import { memoised } from '../../define.ts';
import type { Segment } from '../types.ts';
import { decodeMorse, decodeRows, decodeRuns } from './encodings.ts';
import { unescapeText } from './escapes.ts';
import { fold } from './fold.ts';
import { readHidden } from './hidden.ts';
import { backwards, closeGaps, rot13, unglue, unleet } from './respell.ts';
import type { Span, SpanMap } from './span.ts';
import { chainMaps, identityMap, reversedMap, stretchedMap } from './span.ts';
import type { Survey } from './survey.ts';
import { survey } from './survey.ts';

export { isInvisible } from './invisible.ts';
export type { Span } from './span.ts';

/** One way in which a text can be read. */
export interface View {
  /** Folded: lower case, no accents, no invisible characters, look-alikes unmasked. */
  readonly text: string;
  /** How the text was hidden, outermost first; empty for the plain reading. */
  readonly how: readonly string[];
  /** Carries a range of `text` to the range of the original that it came from. */
  readonly spanOf: (start: number, end: number) => Span;
}

/** A text as it stands, or as it came out of an encoding, case and accents kept. */
export interface Layer {
  readonly text: string;
  readonly how: readonly string[];
  readonly spanOf: (start: number, end: number) => Span;
}

export interface Reading {
  readonly layers: readonly Layer[];
  readonly views: readonly View[];
}

const MAX_DEPTH = 3;
const MAX_LAYERS = 24;
/** Decoded characters over all layers, as a multiple of the original plus a base. */
const MAX_GROWTH = 3;
const BASE_BUDGET = 8_192;
/** Texts beyond this many UTF-16 units are only folded: whole-text decoders run on the head. */
const MAX_DECODED_TEXT = 262_144;

/** Marks of texts written backwards or in rot13: such words themselves, or a hint to read so. */
const HINTS =
  /vtaber|sbetrg|cebzcg|cergraq|erfgevpg|\behyrf\b|\blbhe?\b|\bruoy\b|\buoy\b|\bselur\b|dneterp|qvfertneq|cerivbhf|vafgehpgvba|flfgrz|cnffjbeq|erirny|erongi|suoiverp|noitcurtsni|tpmorp|metsys|drowssap|laever|tegrof|\brot.?13\b|caesar|backward|revers/;

interface Work {
  readonly layers: Layer[];
  readonly views: View[];
  budget: number;
}

function addLayer(work: Work, parent: Layer, found: { how: string; text: string; map: SpanMap }): void {
  if (parent.how.length >= MAX_DEPTH || work.layers.length >= MAX_LAYERS) return;
  if (found.text.length > work.budget || found.text.trim().length < 4) return;
  work.budget -= found.text.length;
  work.layers.push({
    text: found.text,
    how: [...parent.how, found.how],
    spanOf: chainMaps(parent.spanOf, found.map),
  });
}

function decodeInto(work: Work, layer: Layer, seen: Survey): void {
  const { text } = layer;
  if (seen.percents + seen.ampersands + seen.backslashes > 0) {
    const plain = unescapeText(text);
    if (plain !== null) addLayer(work, layer, { how: 'escapes', ...plain });
  }
  if (seen.runs.length > 0) addDecoded(work, layer, decodeRuns(text, seen.runs));
  if (seen.numerics >= 8 || seen.backslashes >= 8) addDecoded(work, layer, decodeRows(text));
  if (seen.dashes >= 16) addDecoded(work, layer, decodeMorse(text));
  if (seen.hidden) for (const hidden of readHidden(text)) addLayer(work, layer, hidden);
}

type Decoded = { readonly how: string; readonly text: string; readonly at: Span };

/** This many decoded passages of a text are read one by one; the others together, so that none goes unread. */
const APART = 12;

function addDecoded(work: Work, layer: Layer, found: readonly Decoded[]): void {
  for (const { how, text, at } of found.slice(0, APART))
    addLayer(work, layer, { how, text, map: stretchedMap(at, text.length) });
  const rest = found.slice(APART);
  for (const how of new Set(rest.map((passage) => passage.how)))
    addLayer(
      work,
      layer,
      joined(
        how,
        rest.filter((passage) => passage.how === how),
      ),
    );
}

/** Passages as lines of one text, which stands where they stand together. */
function joined(how: string, passages: readonly Decoded[]): { how: string; text: string; map: SpanMap } {
  const text = passages.map((passage) => passage.text).join('\n');
  const at = { start: passages[0]?.at.start ?? 0, end: passages.at(-1)?.at.end ?? 0 };
  return { how, text, map: stretchedMap(at, text.length) };
}

function addViews(work: Work, layer: Layer, seen: Survey): void {
  const folded = seen.ascii ? { text: layer.text.toLowerCase(), map: identityMap } : fold(layer.text);
  const spanOf = chainMaps(layer.spanOf, folded.map);
  work.views.push({ text: folded.text, how: layer.how, spanOf });
  const add = (how: string, text: string, map: SpanMap): void => {
    work.views.push({ text, how: [...layer.how, how], spanOf: chainMaps(spanOf, map) });
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
  }
  if (folded.text.length <= BASE_BUDGET * 2 && HINTS.test(folded.text)) {
    add('rot13', rot13(folded.text), identityMap);
    add('reversed', backwards(folded.text), reversedMap(folded.text.length));
  }
}

/**
 * Every reading of a text: as it stands, and decoded (base64, hex, escapes, tag characters, …) up to three
 * layers deep, each folded. Linear, with limits on layers and decoded size.
 */
export function readText(text: string): Reading {
  const root: Layer = { text, how: [], spanOf: identityMap };
  const work: Work = { layers: [root], views: [], budget: text.length * MAX_GROWTH + BASE_BUDGET };
  for (let i = 0; i < work.layers.length; i += 1) {
    const layer = work.layers[i];
    if (layer === undefined) break;
    const seen = survey(layer.text);
    if (layer.text.length <= MAX_DECODED_TEXT) decodeInto(work, layer, seen);
    addViews(work, layer, seen);
  }
  return { layers: work.layers, views: work.views };
}

/** `readText` of a segment's text, worked out once a segment however many checks ask. */
export const readSegment: (segment: Segment) => Reading = memoised((segment) => readText(segment.text));
