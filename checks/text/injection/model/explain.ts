import type { Span } from '../../normalise/index.ts';
import type { Detection, DetectorText } from '../detector.ts';
import type { Candidate } from './candidate.ts';
import { originOf } from './candidate.ts';
import { leftEarly } from './encoder/protocol.ts';
import type { LinearStage } from './linear.ts';
import { KINDS, type Kind, ORIGINS } from './manifest.ts';

/** What decided about a text. */
export type Stage = 'linear' | 'encoder' | 'shed';

const ATTEMPT: Readonly<Record<Kind, string>> = {
  direct: 'an attempt to change what the assistant does',
  buried: 'orders to the assistant within other content',
  extraction: 'an attempt to get at what the assistant keeps to itself',
  jailbreak: 'an attempt to free the assistant of its rules',
  obfuscated: 'an attack in disguise',
};

const DECIDED: Readonly<Record<Stage, string>> = {
  linear: 'clear to the fast stage',
  encoder: 'found by the encoder',
  shed: 'found by the rules and the fast stage, since the encoder did not answer',
};

/** Sentences of a stretch, each with the white space behind it. */
export function sentencesOf(text: string, { start, end }: Span): Span[] {
  const spans: Span[] = [];
  const ends = /[.!?…]["')\]]{0,3}(?=\s)|[。！？]|\n/g;
  let from = start;
  for (const match of text.slice(start, end).matchAll(ends)) {
    const to = start + match.index + match[0].length;
    if (to - from < 12) continue;
    spans.push({ start: from, end: to });
    from = to;
  }
  if (from < end) spans.push({ start: from, end });
  return spans;
}

/** The sentence of a window that the linear stage finds most suspect, without the white space around it. */
export function narrowed(candidate: Candidate, text: DetectorText, linear: LinearStage): Span {
  const { view } = candidate;
  const origin = originOf(text);
  let best: Span = candidate;
  let highest = Number.NEGATIVE_INFINITY;
  for (const span of sentencesOf(view.text, candidate)) {
    const logit = linear.logits(view.text.slice(span.start, span.end))[origin];
    if (logit <= highest) continue;
    highest = logit;
    best = span;
  }
  const piece = view.text.slice(best.start, best.end);
  const start = best.start + piece.length - piece.trimStart().length;
  return { start, end: Math.max(start, best.start + piece.trimEnd().length) };
}

/** Entities and escapes are how documents are stored, no disguise. */
function disguiseOf({ view }: Candidate): readonly string[] {
  return view.how.every((step) => step === 'escapes') ? [] : view.how;
}

/** The kind that the encoder's `kind` logits, behind those of `origin`, are highest for. */
function likeliest(row: Float32Array): Kind {
  let best = 0;
  for (let i = 1; i < KINDS.length; i += 1) {
    if ((row[ORIGINS.length + i] as number) > (row[ORIGINS.length + best] as number)) best = i;
  }
  return KINDS[best] as Kind;
}

function kindOf(verdict: Verdict, text: DetectorText): Kind {
  if (disguiseOf(verdict.worst).length > 0 || text.rules?.kind === 'obfuscated') return 'obfuscated';
  if (text.segment.author === 'third_party' || text.rules?.kind === 'buried') return 'buried';
  if (verdict.row !== null && !leftEarly(verdict.row)) return likeliest(verdict.row);
  return text.rules?.kind ?? 'direct';
}

/** What the stages came to on a text that is to be reported. */
export interface Verdict {
  readonly worst: Candidate;
  /** The encoder's logits of the worst window; null where it did not read it. */
  readonly row: Float32Array | null;
  readonly stage: Stage;
  readonly probability: number;
  readonly score: number;
  /** Doubtful windows that the encoder did not read, where the text is reported for these. */
  readonly unread: number;
}

/** A probability as a message says it, in whole percent unless it is nearly sure. */
export const percent = (probability: number): string => {
  const value = 100 * probability;
  return value > 99.5 && value < 100 ? value.toFixed(1) : String(Math.round(value));
};

function messageOf(verdict: Verdict, kind: Kind, text: DetectorText): string {
  const { worst, stage, probability } = verdict;
  const { rules } = text;
  const how = disguiseOf(worst);
  const where = worst.piece === null ? '' : ` in ${worst.piece}`;
  const once = how.length > 0 ? `, once ${how.join(', then ')} is undone` : '';
  if (verdict.unread > 0) return unreadMessage(verdict);
  const taken = `The trained detector takes this for ${ATTEMPT[kind]}${where}${once}: probability ${percent(probability)}%, ${DECIDED[stage]}.`;
  return rules === null || rules.score < 0.5 ? taken : `${rules.message} ${taken}`;
}

function unreadMessage({ unread, probability }: Verdict): string {
  return (
    `More windows of this text look doubtful to the fast stage than the encoder reads of one text: ${unread} were left ` +
    'unread, and an attack may stand among them. What was read comes to a probability of ' +
    `${percent(probability)}%. Send the text in parts, or leave out what repeats.`
  );
}

/** A verdict as a finding: what, where in the original text, which stage, and how it was hidden. */
export function detectionOf(verdict: Verdict, text: DetectorText, linear: LinearStage): Detection {
  const { worst } = verdict;
  const { rules, segment } = text;
  const narrow = narrowed(worst, text, linear);
  const window = worst.view.spanOf(worst.start, worst.end);
  const within =
    rules !== null && rules.score >= 0.5 && rules.start >= window.start && rules.end <= window.end;
  const { start, end } = within ? rules : worst.view.spanOf(narrow.start, narrow.end);
  const kind = kindOf(verdict, text);
  return {
    segment: segment.index,
    start,
    end,
    score: verdict.score,
    probability: verdict.probability,
    kind,
    message: messageOf(verdict, kind, text),
  };
}
