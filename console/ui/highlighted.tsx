import type { GuardFinding, Verdict } from '@bartizan/contracts';
import { VERDICTS } from '@bartizan/contracts';
import { Tooltip } from '@mantine/core';
import { VERDICT_MARKS } from './verdict.tsx';

export interface Piece {
  readonly text: string;
  /** Indexes into the findings that cover this piece. */
  readonly covers: readonly number[];
  /** Indexes of the findings that begin here. */
  readonly begins: readonly number[];
}

/** Cuts a text at the edges of the findings' spans. Offsets beyond the text are clipped; joined, the pieces are the text. */
export function piecesOf(text: string, spans: readonly Pick<GuardFinding, 'start' | 'end'>[]): Piece[] {
  const clipped = spans.map(({ start, end }) => ({
    start: Math.min(start, text.length),
    end: Math.min(Math.max(end, start), text.length),
  }));
  const startOf = (index: number): number => clipped[index]?.start ?? 0;
  const edges = [...new Set([0, text.length, ...clipped.flatMap(({ start, end }) => [start, end])])].sort(
    (a, b) => a - b,
  );
  const order = clipped.map((_, index) => index).sort((a, b) => startOf(a) - startOf(b));
  const pieces: Piece[] = [];
  let open: number[] = [];
  let next = 0;
  for (let i = 0; i + 1 < edges.length; i += 1) {
    const from = edges[i] as number;
    const to = edges[i + 1] as number;
    while ((clipped[order[next] ?? -1]?.start ?? Number.POSITIVE_INFINITY) <= from) {
      open.push(order[next] as number);
      next += 1;
    }
    open = open.filter((index) => (clipped[index]?.end ?? 0) > from);
    const covers = open.toSorted((a, b) => a - b);
    const begins = covers.filter((index) => clipped[index]?.start === from);
    pieces.push({ text: text.slice(from, to), covers, begins });
  }
  return pieces;
}

interface HighlightedProps {
  readonly text: string;
  readonly findings: readonly GuardFinding[];
  /** Makes the id of the element where a finding begins, so that it can be linked to. */
  readonly anchor?: (finding: GuardFinding) => string;
  readonly titleOf: (check: string) => string;
}

/** Each tooltip costs the browser as much as a paragraph: beyond these, marks do without. */
const MOST_TOOLTIPS = 400;

/** A text with every finding's span marked; check, score and message on hover and focus. */
export function Highlighted({ text, findings, anchor, titleOf }: HighlightedProps) {
  return (
    <div className="bz-text">
      {piecesOf(text, findings).map((piece, index) => {
        if (piece.covers.length === 0) return <span key={index}>{piece.text}</span>;
        const covering = piece.covers.map((each) => findings[each] as GuardFinding);
        const tone = covering.reduce<Verdict>(
          (worst, finding) =>
            VERDICTS.indexOf(finding.action) > VERDICTS.indexOf(worst) ? finding.action : worst,
          'allow',
        );
        const first = piece.begins[0];
        const id = first === undefined || !anchor ? undefined : anchor(findings[first] as GuardFinding);
        const mark = (
          <mark key={index} id={id} data-tone={tone} tabIndex={first === undefined ? -1 : 0}>
            {piece.text}
          </mark>
        );
        if (index > MOST_TOOLTIPS) return mark;
        return (
          <Tooltip
            key={index}
            events={{ hover: true, focus: true, touch: true }}
            openDelay={0}
            label={covering.map((finding) => (
              <div key={`${finding.rule}${finding.start}${finding.kind}`}>
                <b>
                  {titleOf(finding.check)} · {finding.score.toFixed(2)} · {VERDICT_MARKS[finding.action].word}
                </b>
                <div>{finding.message}</div>
              </div>
            ))}
          >
            {mark}
          </Tooltip>
        );
      })}
    </div>
  );
}
