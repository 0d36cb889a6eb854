import type { Span, View } from '../../normalise/index.ts';
import type { DetectorText } from '../detector.ts';
import type { Handicaps, Origin } from './manifest.ts';
import type { PieceKind } from './pieces.ts';

/** A stretch of a view that is judged by itself. */
export interface Candidate extends Span {
  readonly view: View;
  /** What it is where it is not a window. */
  readonly piece: PieceKind | null;
  /** Of the linear stage, for the text's origin, its handicap taken off. */
  readonly logit: number;
}

/** Of what a candidate is: null of a window of the text as it stands or as it decodes. */
export function handicapped({ piece, view }: Pick<Candidate, 'piece' | 'view'>): keyof Handicaps | null {
  if (piece !== null) return 'piece';
  return view.respelled ? 'respelled' : null;
}

/** Logits to be taken off a candidate's; both 0 of a plain window. */
export function handicapOf(
  candidate: Pick<Candidate, 'piece' | 'view'>,
  handicaps: Handicaps,
): Handicaps['piece'] {
  const as = handicapped(candidate);
  return as === null ? NONE : handicaps[as];
}
const NONE = Object.freeze({ linear: 0, encoder: 0 });

export function originOf({ segment }: DetectorText): Origin {
  return segment.author === 'third_party' ? 'third_party' : 'user';
}

/** The text of a candidate, folded. */
export const textOf = ({ view, start, end }: Candidate): string => view.text.slice(start, end);
