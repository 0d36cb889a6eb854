import type { Span, View } from '../../normalise/index.ts';
import type { DetectorText } from '../detector.ts';
import { documentLikeness } from '../regions.ts';
import type { LinearStage } from './linear.ts';
import type { Origin } from './manifest.ts';
import type { PieceKind } from './pieces.ts';
import { piecesOf } from './pieces.ts';
import { cut } from './windows.ts';

/**
 * Windows of a text that the encoder reads: the most suspect to the linear stage, and besides the first and the last of
 * the plain view. The linear stage reads every window of every view, so that no length hides anything from it; the
 * encoder's cost has a limit.
 */
export const MOST_WINDOWS = 12;
export const EDGES = 2;
/** Sub-segments of a document that the encoder reads by themselves: the most suspect. */
export const MOST_PIECES = 4;
/** From this likeness to a document on, a user's text is also read in its parts. */
const DOCUMENT = 0.5;

/** A stretch of a view that is judged by itself. */
export interface Candidate extends Span {
  readonly view: View;
  /** What it is where it is not a window. */
  readonly piece: PieceKind | null;
  /** Of the linear stage, for the text's origin. */
  readonly logit: number;
}

export interface LinearReading {
  readonly origin: Origin;
  /** Windows and sub-segments that were read. */
  readonly count: number;
  /** The most suspect of them; null where the text is empty. */
  readonly highest: Candidate | null;
  /** Those that the encoder is to read, at most `MOST_WINDOWS + EDGES + MOST_PIECES`. */
  readonly chosen: readonly Candidate[];
}

/** Keeps the most suspect so many, in no order. */
function createBest(most: number): { offer: (candidate: Candidate) => void; kept: Candidate[] } {
  const kept: Candidate[] = [];
  let lowest = Number.NEGATIVE_INFINITY;
  const offer = (candidate: Candidate): void => {
    if (kept.length < most) kept.push(candidate);
    else if (candidate.logit > lowest) {
      kept[kept.findIndex(({ logit }) => logit === lowest)] = candidate;
    } else return;
    if (kept.length === most) lowest = Math.min(...kept.map(({ logit }) => logit));
  };
  return { offer, kept };
}

export function originOf({ segment }: DetectorText): Origin {
  return segment.author === 'third_party' ? 'third_party' : 'user';
}

/** Lets the linear stage read a text: every window of every view, and a document's parts. Time is linear. */
export function readLinearly(text: DetectorText, linear: LinearStage): LinearReading {
  const origin = originOf(text);
  const windows = createBest(MOST_WINDOWS);
  const pieces = createBest(MOST_PIECES);
  let count = 0;
  let highest: Candidate | null = null;
  const judge = (view: View, span: Span, piece: PieceKind | null): Candidate => {
    const logit = linear.logits(view.text.slice(span.start, span.end))[origin];
    const candidate = { view, start: span.start, end: span.end, piece, logit };
    if (highest === null || logit > highest.logit) highest = candidate;
    count += 1;
    return candidate;
  };
  const edges: Candidate[] = [];
  for (const view of text.reading.views) {
    let last: Candidate | null = null;
    for (const span of cut(view.text)) {
      const candidate = judge(view, span, null);
      windows.offer(candidate);
      if (view === text.reading.views[0] && last === null) edges.push(candidate);
      last = candidate;
    }
    if (view === text.reading.views[0] && last !== null) edges.push(last);
  }
  const [plain] = text.reading.views;
  if (plain !== undefined && (origin === 'third_party' || documentLikeness(plain.text) >= DOCUMENT)) {
    for (const piece of piecesOf(plain.text)) pieces.offer(judge(plain, piece, piece.kind));
  }
  return { origin, count, highest, chosen: [...new Set([...edges, ...windows.kept, ...pieces.kept])] };
}
