import type { Span } from '../../normalise/index.ts';
import type { Candidate } from './candidate.ts';
import { textOf } from './candidate.ts';
import { SILENT } from './manifest.ts';

/** Stretches that a text is divided into, each of which has its say before another has a second one. */
const STRETCHES = 16;

export interface Choice {
  readonly chosen: readonly Candidate[];
  /** Different doubtful candidates that were left out. */
  readonly unread: number;
}

export interface ChoiceOptions {
  /** From this logit of the linear stage on a candidate is doubtful. */
  readonly doubtful: number;
  /** So many are chosen at least, doubtful or not, and so many doubtful ones at most. */
  readonly least: number;
  readonly most: number;
}

/** Of candidates with the same text the first. */
function distinct(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return candidates.filter((candidate) => {
    const text = textOf(candidate);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/**
 * So many of the candidates, the most suspect first, but the best of each stretch of each view before the second best of
 * any: decoys in one place do not crowd out what stands elsewhere.
 */
function spread(candidates: readonly Candidate[], most: number): Candidate[] {
  if (candidates.length <= most) return [...candidates];
  const stretches = new Map<Candidate['view'], Candidate[][]>();
  for (const candidate of candidates.toSorted((a, b) => b.logit - a.logit)) {
    const { view, start } = candidate;
    const of = stretches.get(view) ?? Array.from({ length: STRETCHES }, () => []);
    stretches.set(view, of);
    of[Math.floor((STRETCHES * start) / (view.text.length + 1))]?.push(candidate);
  }
  const rounds = [...stretches.values()].flat();
  const chosen: Candidate[] = [];
  for (let round = 0; chosen.length < most; round += 1) {
    const best = rounds.flatMap((of) => of[round] ?? []).toSorted((a, b) => b.logit - a.logit);
    chosen.push(...best.slice(0, most - chosen.length));
  }
  return chosen;
}

/** The most suspect so many, in no order: one pass, since nothing is doubtful in most long texts. */
function highest(candidates: readonly Candidate[], most: number): Candidate[] {
  const kept: Candidate[] = [];
  let lowest = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    if (kept.length < most) kept.push(candidate);
    else if (candidate.logit > lowest) kept[kept.findIndex(({ logit }) => logit === lowest)] = candidate;
    else continue;
    if (kept.length === most) lowest = Math.min(...kept.map(({ logit }) => logit));
  }
  return kept;
}

/** Which of a text's windows, or of its parts, the encoder is to read. */
export function choose(candidates: readonly Candidate[], options: ChoiceOptions): Choice {
  const { doubtful, least, most } = options;
  if (candidates.length <= least) return { chosen: candidates, unread: 0 };
  const doubted = distinct(candidates.filter(({ logit }) => logit >= doubtful));
  if (doubted.length >= least) {
    return { chosen: spread(doubted, most), unread: Math.max(0, doubted.length - most) };
  }
  const rest = candidates.filter(({ logit }) => logit < doubtful);
  return { chosen: [...doubted, ...highest(rest, least - doubted.length)], unread: 0 };
}

/** The tightest windows that hold what the rules found: there the encoder has a say, whatever the linear stage thinks. */
export function heldWithin(
  windows: readonly Candidate[],
  rules: (Span & { readonly score: number }) | null,
  most: number,
): Candidate[] {
  if (rules === null || rules.score < SILENT) return [];
  const middle = (rules.start + rules.end) / 2;
  return windows
    .map((candidate) => ({ candidate, span: candidate.view.spanOf(candidate.start, candidate.end) }))
    .filter(({ span }) => span.start <= middle && middle <= span.end)
    .toSorted((a, b) => a.span.end - a.span.start - (b.span.end - b.span.start))
    .slice(0, most)
    .map(({ candidate }) => candidate);
}
