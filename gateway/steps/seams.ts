import { stronger } from '@bartizan/checks/policy/inspect.ts';
import type { Decision, PolicyFinding } from '@bartizan/checks/policy/types.ts';
import type { Segment } from '@bartizan/checks/text/types.ts';
import type { Piece } from '../formats/gather.ts';

/** Characters on each side of a seam that are read together; shorter parts are read whole. */
const REACH = 256;
/** More than this of one message's parts is not read together again. */
const MOST_CHARS = 400_000;
const PART = /^(.{0,500}\/(?:content|output|system|summary|instructions))\/\d{1,7}(?:\/text)?$/;

/** A stretch of a piece within a joined text. */
interface Stretch {
  readonly at: number;
  readonly piece: Piece;
  readonly from: number;
  readonly length: number;
}

/** Neighbouring parts of one message as the model reads them: one after the other. */
interface Joined {
  readonly segment: Segment;
  readonly stretches: readonly Stretch[];
}

/** Parts of one message that follow each other. */
function groupsOf(pieces: readonly Piece[]): Piece[][] {
  const groups: Piece[][] = [];
  let before: string | null = null;
  for (const piece of pieces) {
    const key = piece.kind === 'tool_call' || piece.json ? null : (PART.exec(piece.path)?.[1] ?? null);
    const last = groups.at(-1);
    const goes = key !== null && key === before && last?.[0]?.author === piece.author;
    if (goes && last !== undefined) last.push(piece);
    else if (key !== null) groups.push([piece]);
    before = key;
  }
  return groups.filter((group) => group.length > 1);
}

/** The stretches of a group around its seams. A long part ends one joined text and begins the next. */
function runsOf(group: readonly Piece[]): Omit<Stretch, 'at'>[][] {
  const runs: Omit<Stretch, 'at'>[][] = [];
  let run: Omit<Stretch, 'at'>[] = [];
  let chars = 0;
  for (const piece of group) {
    const { length } = piece.text;
    if (chars > MOST_CHARS) break;
    chars += Math.min(length, REACH * 2);
    if (length <= REACH * 2) {
      run.push({ piece, from: 0, length });
      continue;
    }
    run.push({ piece, from: 0, length: REACH });
    runs.push(run);
    run = [{ piece, from: length - REACH, length: REACH }];
  }
  runs.push(run);
  return runs.filter((each) => each.length > 1);
}

function join(run: readonly Omit<Stretch, 'at'>[], glue: string, index: number): Joined {
  let text = '';
  const stretches = run.map((stretch) => {
    if (text !== '') text += glue;
    const at = text.length;
    text += stretch.piece.text.slice(stretch.from, stretch.from + stretch.length);
    return { ...stretch, at };
  });
  const { author, kind, label } = (run[0] as Stretch).piece;
  return {
    segment: { index, text, author, kind, ...(label === undefined ? {} : { label }) },
    stretches,
  };
}

/** Every seam between the parts of a message, read without a gap and with a blank. Empty for most requests. */
export function joinedParts(pieces: readonly Piece[]): readonly Joined[] {
  if (pieces.length < 2) return [];
  const joined: Joined[] = [];
  for (const group of groupsOf(pieces)) {
    for (const run of runsOf(group))
      for (const glue of ['', ' ']) joined.push(join(run, glue, joined.length));
  }
  return joined;
}

/** The finding in each of the parts that it runs over. */
function apart(finding: PolicyFinding, { stretches }: Joined): PolicyFinding[] {
  const parts: PolicyFinding[] = [];
  for (const { at, piece, from, length } of stretches) {
    const start = Math.max(finding.start, at);
    const end = Math.min(finding.end, at + length);
    if (start >= end) continue;
    parts.push({ ...finding, segment: piece.index, start: from + start - at, end: from + end - at });
  }
  return parts;
}

const placeOf = ({ segment, start, end, check }: PolicyFinding): string =>
  `${check} ${segment} ${start} ${end}`;

/**
 * Adds to a decision on single parts what shows only where they meet: finds that run over a seam, and what blocks
 * when the parts are read as one. What one part shows by itself has been found there.
 */
export function withSeams(alone: Decision, together: Decision, joined: readonly Joined[]): Decision {
  const known = new Set(alone.findings.map(placeOf));
  const blocking = new Set(
    alone.findings.filter(({ action }) => action === 'block').map(({ check }) => check),
  );
  const added: PolicyFinding[] = [];
  for (const finding of together.findings) {
    const seam = joined[finding.segment];
    const parts = seam === undefined ? [] : apart(finding, seam);
    if (parts.length < 2 && (finding.action !== 'block' || blocking.has(finding.check))) continue;
    for (const part of parts) {
      if (known.has(placeOf(part))) continue;
      known.add(placeOf(part));
      added.push(part);
    }
  }
  const errors = together.errors.length === 0 ? alone.errors : [...alone.errors, ...together.errors];
  const timings = [...alone.timings, ...together.timings];
  if (added.length === 0) return { ...alone, errors, timings };
  const findings = [...alone.findings, ...added].sort((a, b) => a.segment - b.segment || a.start - b.start);
  let { verdict, wouldBe, coaching } = alone;
  for (const { action, enforced } of added) {
    wouldBe = stronger(action, wouldBe);
    if (!enforced) continue;
    if (stronger(action, verdict) !== verdict) coaching = together.coaching;
    verdict = stronger(action, verdict);
  }
  return { verdict, wouldBe, coaching, findings, errors, timings };
}
