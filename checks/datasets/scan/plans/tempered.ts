import type { Steps } from '../../neighbours/index.ts';
import type { CheckOutcome } from '../../types.ts';

/** A payload is in few records: a check of payloads that names more than this share, for so many reasons, names usual words. */
const MOST_SHARE = 0.05;
const MANY = 5;
const DOUBTED = 0.5;
/** What the scores of a check are worth that named half of the dataset. */
const LEFT = 0.45;

/** The outcome of a check of payloads; where it names too much to be believed, its findings are notes and no record is named. */
export function* tempered(steps: Steps<CheckOutcome>): Steps<CheckOutcome> {
  const outcome = yield* steps;
  const named = outcome.scores.reduce((sum, score) => sum + Number(score >= DOUBTED), 0);
  if (named <= MOST_SHARE * outcome.scores.length || outcome.findings.length < MANY) return outcome;
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
