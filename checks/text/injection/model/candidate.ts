import type { Span, View } from '../../normalise/index.ts';
import type { DetectorText } from '../detector.ts';
import type { Origin } from './manifest.ts';
import type { PieceKind } from './pieces.ts';

/** A stretch of a view that is judged by itself. */
export interface Candidate extends Span {
  readonly view: View;
  /** What it is where it is not a window. */
  readonly piece: PieceKind | null;
  /** Of the linear stage, for the text's origin. */
  readonly logit: number;
}

export function originOf({ segment }: DetectorText): Origin {
  return segment.author === 'third_party' ? 'third_party' : 'user';
}

/** The text of a candidate, folded. */
export const textOf = ({ view, start, end }: Candidate): string => view.text.slice(start, end);
