import type { Steps } from '../../neighbours/index.ts';
import type { CheckOutcome } from '../../types.ts';

/** A check of payloads that names more than this share, for so many reasons of which none explains most, names usual words. */
const MOST_SHARE = 0.05;
const MANY = 5;
const EXPLAINED = 0.5;
const DOUBTED = 0.5;
/** What the scores of a check are worth that named half of the dataset. */
const LEFT = 0.45;

/** The outcome of a check of payloads; where it names much for many reasons, with no one payload that explains most of it, its findings are notes and no record is named. */
export function* tempered(steps: Steps<CheckOutcome>): Steps<CheckOutcome> {
  const outcome = yield* steps;
  const named = outcome.scores.reduce((sum, score) => sum + Number(score >= DOUBTED), 0);
  const accusing = outcome.findings.filter(({ severity }) => severity !== 'info');
  const largest = Math.max(0, ...accusing.map(({ count }) => count));
  if (named <= MOST_SHARE * outcome.scores.length || accusing.length < MANY) return outcome;
  if (largest >= EXPLAINED * named) return outcome;
  return {
    scores: outcome.scores.map((score) => LEFT * score),
    suspects: [],
    findings: outcome.findings.map((finding) => ({ ...finding, severity: 'info' })),
    blindSpots: [
      ...outcome.blindSpots,
      `So many records (${named}) share rare words here that a payload among them would not stand out.`,
    ],
  };
}
