import { memoised } from '../../define.ts';
import type { Segment } from '../types.ts';
import type { Passage } from './passages.ts';
import { groupedBy, joined, passagesOf } from './passages.ts';
import type { Span } from './span.ts';
import { chainMaps, identityMap } from './span.ts';
import { survey } from './survey.ts';
import { spellingsOf } from './views.ts';

export { isInvisible } from './invisible.ts';
export type { Span } from './span.ts';

/** One way in which a text can be read. */
export interface View {
  /** Folded: lower case, no accents, no invisible characters, look-alikes unmasked. */
  readonly text: string;
  /** How the text was hidden, outermost first; empty for the plain reading. */
  readonly how: readonly string[];
  /** The letters were rearranged or read as others (leetspeak, rot13, …): marks and signs mean nothing here. */
  readonly respelled: boolean;
  /** Carries a range of `text` to the range of the original that it came from. */
  readonly spanOf: (start: number, end: number) => Span;
}

/** A text as it stands, or as it came out of an encoding, case and accents kept. */
export interface Layer {
  readonly text: string;
  readonly how: readonly string[];
  readonly spanOf: (start: number, end: number) => Span;
}

/** A part of the original that may hold more than was read. */
export interface Unread extends Span {
  /** It stands beyond `MAX_DECODED_TEXT`; is encoded more than `MAX_DEPTH` times; is more than may be decoded of a text. */
  readonly why: 'too long' | 'too deep' | 'too much';
}

export interface Reading {
  readonly layers: readonly Layer[];
  readonly views: readonly View[];
  /**
   * What the limits left undecoded, at most `MAX_UNREAD` places: empty where everything was read. A text with such
   * places is not known to be clean, so a check that must not be passed by reports it.
   */
  readonly unread: readonly Unread[];
}

/** Encodings within encodings that are undone. */
export const MAX_DEPTH = 6;
/** Layers beyond these are read together, those of one encoding and depth as one. */
const MAX_LAYERS = 24;
/** Decoded characters over all layers, as a multiple of the original plus a base. */
const MAX_GROWTH = 6;
const BASE_BUDGET = 65_536;
/** UTF-16 units of a text that are decoded; what stands behind them is folded and respelled, but not decoded. */
export const MAX_DECODED_TEXT = 4_194_304;
const MAX_UNREAD = 16;

interface Found extends Passage {
  readonly parent: Layer;
}

interface Work {
  readonly layers: Layer[];
  readonly views: View[];
  readonly unread: Unread[];
  /** Passages that are to be read together, because there are too many. */
  waiting: Found[];
  budget: number;
}

function leaveUnread(work: Work, why: Unread['why'], span: Span): void {
  if (work.unread.length < MAX_UNREAD) work.unread.push({ ...span, why });
}

function addLayer(work: Work, { parent, how, text, map }: Found): void {
  work.layers.push({ text, how: [...parent.how, how], spanOf: chainMaps(parent.spanOf, map) });
}

function keep(work: Work, found: Found): void {
  const { parent, text, map } = found;
  if (text.trim().length < 4) return;
  const spanOf = chainMaps(parent.spanOf, map);
  if (parent.how.length >= MAX_DEPTH) {
    if (saysMore(found)) leaveUnread(work, 'too deep', spanOf(0, text.length));
  } else if (text.length > work.budget) leaveUnread(work, 'too much', spanOf(0, text.length));
  else {
    work.budget -= text.length;
    if (work.layers.length < MAX_LAYERS) addLayer(work, found);
    else work.waiting.push(found);
  }
}

const NO_WORD = /[^\p{L}\p{N}]+/gu;

/** Of a row of backslashes, half a row remains: there are no words in it that were hidden. */
function saysMore({ parent, how, text }: Found): boolean {
  return how !== 'escapes' || text.replace(NO_WORD, '') !== parent.text.replace(NO_WORD, '');
}

/** The passages that wait, read together: those of one encoding and depth as one text. */
function joinWaiting(work: Work): void {
  const groups = groupedBy(work.waiting, ({ parent, how }) => `${parent.how.length} ${how}`);
  work.waiting = [];
  for (const group of groups) {
    const first = group[0] as Found;
    const original: readonly Passage[] = group.map(({ parent, how, text, map }) => ({
      how,
      text,
      map: chainMaps(parent.spanOf, map),
    }));
    const { text, map } = joined(original);
    work.layers.push({ text, how: [...first.parent.how, first.how], spanOf: map });
  }
}

function decodeInto(work: Work, layer: Layer): void {
  const { text } = layer;
  const within = text.length > MAX_DECODED_TEXT ? text.slice(0, MAX_DECODED_TEXT) : text;
  if (within !== text) leaveUnread(work, 'too long', layer.spanOf(MAX_DECODED_TEXT, text.length));
  const seen = survey(within);
  for (const passage of passagesOf(within, seen)) keep(work, { ...passage, parent: layer });
  for (const { how, text: spelled, map } of spellingsOf(text, within === text ? seen : survey(text))) {
    work.views.push({
      text: spelled,
      how: how === null ? layer.how : [...layer.how, how],
      respelled: how !== null,
      spanOf: chainMaps(layer.spanOf, map),
    });
  }
}

/**
 * Every reading of a text: as it stands, and decoded (base64, hex, escapes, tag characters, …) up to `MAX_DEPTH` layers
 * deep, each folded and respelled. Time and output are linear in the text; `unread` says what the limits left out.
 */
export function readText(text: string): Reading {
  const root: Layer = { text, how: [], spanOf: identityMap };
  const budget = Math.min(text.length, MAX_DECODED_TEXT) * MAX_GROWTH + BASE_BUDGET;
  const work: Work = { layers: [root], views: [], unread: [], waiting: [], budget };
  for (let i = 0; i < work.layers.length; i += 1) {
    decodeInto(work, work.layers[i] as Layer);
    if (i === work.layers.length - 1) joinWaiting(work);
  }
  return { layers: work.layers, views: work.views, unread: work.unread };
}

/** `readText` of a segment's text, worked out once a segment however many checks ask. */
export const readSegment: (segment: Segment) => Reading = memoised((segment) => readText(segment.text));
