import {
  DETECTOR_POINTS,
  type DetectorComparisonChange,
  type DetectorComparisonResult,
  type DetectorOrigin,
  type DetectorPoint,
} from '@bartizan/contracts';
import { quantile, shareOf } from './wilson.ts';
import type { Answer, Both } from './worker/protocol.ts';

type Which = 'live' | 'candidate';
const WHICH: readonly Which[] = ['live', 'candidate'];
/** The operating point at which changes are listed. */
const LISTED = 'balanced';
export const MOST_CHANGES = 2_000;

type PerPoint = Record<DetectorPoint, number>;
const zeros = (): PerPoint => ({ strict: 0, balanced: 0, quiet: 0 });

function counts() {
  return {
    blocked: zeros(),
    recall: zeros(),
    falseAlarms: zeros(),
    ms: [] as number[],
    settled: 0,
  };
}

const shares = (of: PerPoint, total: number) =>
  DETECTOR_POINTS.map((point) => ({ point, ...shareOf(of[point], total) }));

const told = ({ attack, probability }: Answer) => ({ attack: attack[LISTED], probability });

/** Counts what two models say of texts, interactions and corrections. */
export function createTally() {
  const of = { live: counts(), candidate: counts() };
  const agreement = DETECTOR_POINTS.map((point) => ({
    point,
    both: 0,
    neither: 0,
    onlyLive: 0,
    onlyCandidate: 0,
  }));
  const texts: Record<DetectorOrigin, number> = { user: 0, third_party: 0 };
  const corrections = { attack: 0, harmless: 0 };
  const listed: DetectorComparisonChange[] = [];
  let interactions = 0;
  let notEvaluable = 0;
  let notJudged = 0;
  let changes = 0;

  function agree({ live, candidate }: Both): void {
    for (const at of agreement) {
      const [a, b] = [live.attack[at.point], candidate.attack[at.point]];
      if (a && b) at.both += 1;
      else if (a) at.onlyLive += 1;
      else if (b) at.onlyCandidate += 1;
      else at.neither += 1;
    }
  }

  return {
    /** Whatever was judged, once: how long it took. */
    judged(both: Both | null): void {
      if (both === null) {
        notJudged += 1;
        return;
      }
      for (const which of WHICH) of[which].ms.push(both[which].ms);
    },

    /** A text of an interaction that was not met before in one; those are listed about which the two differ. */
    text(place: Omit<DetectorComparisonChange, Which>, both: Both | null): void {
      if (both === null) return;
      texts[place.origin] += 1;
      agree(both);
      for (const which of WHICH) if (both[which].settled) of[which].settled += 1;
      if (both.live.attack[LISTED] === both.candidate.attack[LISTED]) return;
      changes += 1;
      if (listed.length >= MOST_CHANGES) return;
      listed.push({ ...place, live: told(both.live), candidate: told(both.candidate) });
    },

    interaction(judged: readonly (Both | null)[]): void {
      interactions += 1;
      for (const which of WHICH) {
        for (const point of DETECTOR_POINTS) {
          if (judged.some((both) => both?.[which].attack[point])) of[which].blocked[point] += 1;
        }
      }
    },

    notEvaluable(): void {
      notEvaluable += 1;
    },

    correction(label: 'attack' | 'harmless', both: Both | null): void {
      if (both === null) return;
      corrections[label] += 1;
      const into = label === 'attack' ? 'recall' : 'falseAlarms';
      for (const which of WHICH) {
        for (const point of DETECTOR_POINTS) if (both[which].attack[point]) of[which][into][point] += 1;
      }
    },

    result(durationMs: number): {
      readonly result: DetectorComparisonResult;
      readonly changes: readonly DetectorComparisonChange[];
    } {
      const judged = texts.user + texts.third_party;
      const modelOf = (which: Which) => ({
        blocked: shares(of[which].blocked, interactions),
        recall: shares(of[which].recall, corrections.attack),
        falseAlarms: shares(of[which].falseAlarms, corrections.harmless),
        latencyMs: { p50: quantile(of[which].ms, 0.5), p99: quantile(of[which].ms, 0.99) },
        settledByLinear: shareOf(of[which].settled, judged),
      });
      const result = {
        interactions,
        notEvaluable,
        texts,
        notJudged,
        corrections,
        agreement,
        live: modelOf('live'),
        candidate: modelOf('candidate'),
        changes,
        durationMs,
      };
      return { result, changes: listed };
    },
  };
}
export type Tally = ReturnType<typeof createTally>;
