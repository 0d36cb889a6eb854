import type { Span, View } from '../../normalise/index.ts';
import type { DetectorText } from '../detector.ts';
import { documentLikeness } from '../regions.ts';
import type { Candidate } from './candidate.ts';
import { handicapOf, originOf } from './candidate.ts';
import { choose, heldWithin } from './choose.ts';
import type { LinearStage } from './linear.ts';
import type { Handicaps, Manifest, Origin } from './manifest.ts';
import type { PieceKind } from './pieces.ts';
import { partsOf } from './pieces.ts';
import { cut } from './windows.ts';

/**
 * Windows of a text that the encoder reads: all that are doubtful to the linear stage, up to `MOST_DOUBTFUL` different
 * ones; where these are fewer than `MOST_WINDOWS`, the next most suspect too, and the first and the last of the plain
 * view. The linear stage reads every window of every view, so that no length hides anything from it.
 *
 * A text with more doubtful windows than that is not read to its end, and nobody could say that it is harmless: an attack
 * may stand among decoys. It counts as suspect ({@link LinearReading.unread}), by any setting for overload, since its
 * author decides about its windows.
 */
export const MOST_DOUBTFUL = 64;
export const MOST_WINDOWS = 12;
export const EDGES = 2;
/**
 * Sub-segments of a document that the encoder reads by themselves: the doubtful ones up to `MOST_DOUBTFUL_PIECES`, at
 * least the `MOST_PIECES` most suspect. They also stand in windows: those left out are not unread.
 */
export const MOST_DOUBTFUL_PIECES = 16;
export const MOST_PIECES = 4;
/** Windows that hold what the rules found. */
export const MOST_RULED = 4;
/** From this likeness to a document on, a user's text is also read in its parts. */
const DOCUMENT = 0.5;

export interface LinearReading {
  readonly origin: Origin;
  /** Windows and sub-segments that were read. */
  readonly count: number;
  /** Windows of the plain view. */
  readonly plain: number;
  /** The most suspect of them; null where the text is empty. */
  readonly highest: Candidate | null;
  /** Those that the encoder is to read. */
  readonly chosen: readonly Candidate[];
  /** Different doubtful windows beyond `MOST_DOUBTFUL`: no stage but the linear one reads them. */
  readonly unread: number;
}

interface Read {
  readonly windows: Candidate[];
  readonly pieces: Candidate[];
  readonly edges: readonly Candidate[];
}

/** Every window of every view, and a document's parts, with their logits. */
function readAll(
  { reading }: DetectorText,
  { linear, origin, handicaps }: { linear: LinearStage; origin: Origin; handicaps: Handicaps },
): Read {
  const judge = (view: View, { start, end }: Span, piece: PieceKind | null): Candidate => {
    const logit = linear.logits(view.text.slice(start, end))[origin];
    return { view, start, end, piece, logit: logit - handicapOf({ view, piece }, handicaps).linear };
  };
  const windows: Candidate[] = [];
  const pieces: Candidate[] = [];
  const [plain] = reading.views;
  let edges: Candidate[] = [];
  for (const view of reading.views) {
    for (const span of cut(view.text)) windows.push(judge(view, span, null));
    if (view === plain && windows.length > 0) edges = [windows[0] as Candidate, windows.at(-1) as Candidate];
  }
  const isDocument = ({ text }: View): boolean =>
    origin === 'third_party' || documentLikeness(text) >= DOCUMENT;
  for (const { view, piece } of partsOf(reading.views, isDocument))
    pieces.push(judge(view, piece, piece.kind));
  return { windows, pieces, edges };
}

/** Lets the linear stage read a text. Time is linear in the text, but for the order of its doubtful windows. */
export function readLinearly(
  text: DetectorText,
  stage: { readonly linear: LinearStage } & Pick<Manifest, 'cascade' | 'handicap'>,
): LinearReading {
  const origin = originOf(text);
  const { linear, handicap } = stage;
  const { windows, pieces, edges } = readAll(text, { linear, origin, handicaps: handicap[origin] });
  let highest: Candidate | null = null;
  for (const all of [windows, pieces]) {
    for (const candidate of all) if (highest === null || candidate.logit > highest.logit) highest = candidate;
  }
  const doubtful = stage.cascade[origin].harmlessBelow;
  const main = choose(windows, { doubtful, least: MOST_WINDOWS, most: MOST_DOUBTFUL });
  const parts = choose(pieces, { doubtful, least: MOST_PIECES, most: MOST_DOUBTFUL_PIECES });
  const held = main.chosen.length === windows.length ? [] : heldWithin(windows, text.rules, MOST_RULED);
  const [view] = text.reading.views;
  let plain = 0;
  for (const window of windows) if (window.view === view) plain += 1;
  return {
    origin,
    count: windows.length + pieces.length,
    plain,
    highest,
    chosen: [...new Set([...edges, ...held, ...main.chosen, ...parts.chosen])],
    unread: main.unread,
  };
}
