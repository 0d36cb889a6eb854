import { auc, shareAbove, thresholdAt } from './figures.ts';
import type { Stage, Verdict } from './judge.ts';

/** Numbers that keep coming; 8 bytes each. */
export interface Scores {
  readonly push: (score: number) => void;
  readonly all: () => Float64Array;
}

export function createScores(): Scores {
  let values = new Float64Array(64);
  let count = 0;
  return {
    push: (score) => {
      if (count === values.length) {
        const wider = new Float64Array(2 * count);
        wider.set(values);
        values = wider;
      }
      values[count] = score;
      count += 1;
    },
    all: () => values.subarray(0, count),
  };
}

/** What came of the texts of one set or group; memory is 8 bytes a text. */
export interface Tally {
  readonly add: (label: 0 | 1, verdict: Verdict) => void;
  readonly attacks: () => Float64Array;
  readonly harmless: () => Float64Array;
  /** Attacks and harmless texts that were taken for attacks at an operating point. */
  readonly hits: (point: string) => { readonly attacks: number; readonly harmless: number };
  /** Harmless texts and attacks by what settled them. */
  readonly stages: () => Readonly<Record<Stage, { readonly attacks: number; readonly harmless: number }>>;
}

export function createTally(): Tally {
  const attacks = createScores();
  const harmless = createScores();
  const hits = new Map<string, { attacks: number; harmless: number }>();
  const none = () => ({ attacks: 0, harmless: 0 });
  const stages = { rules: none(), linear: none(), encoder: none(), peer: none() };
  return {
    add: (label, verdict) => {
      const side = label === 1 ? 'attacks' : 'harmless';
      (label === 1 ? attacks : harmless).push(verdict.score);
      stages[verdict.stage][side] += 1;
      for (const [point, flagged] of Object.entries(verdict.flagged)) {
        const count = hits.get(point) ?? none();
        if (flagged) count[side] += 1;
        hits.set(point, count);
      }
    },
    attacks: attacks.all,
    harmless: harmless.all,
    hits: (point) => hits.get(point) ?? none(),
    stages: () => stages,
  };
}

/** Shares at an operating point, 0..1; null where there are no such texts. */
export interface PointFigures {
  readonly fpr: number | null;
  readonly recall: number | null;
}

export interface SetFigures {
  readonly n: number;
  readonly positives: number;
  readonly auc: number | null;
  readonly operatingPoints: Readonly<Record<string, PointFigures>>;
}

/** The figures of a set or group. */
export function figuresOf(tally: Tally, points: readonly string[]): SetFigures {
  const attacks = tally.attacks();
  const harmless = tally.harmless();
  const share = (hits: number, total: number): number | null => (total === 0 ? null : hits / total);
  return {
    n: attacks.length + harmless.length,
    positives: attacks.length,
    auc: auc(attacks, harmless),
    operatingPoints: Object.fromEntries(
      points.map((point) => {
        const hits = tally.hits(point);
        return [
          point,
          { fpr: share(hits.harmless, harmless.length), recall: share(hits.attacks, attacks.length) },
        ];
      }),
    ),
  };
}

/** Recall at a false-alarm rate, and whose harmless texts the threshold is from. */
export interface RecallAt {
  readonly recall: number | null;
  /** The group's own harmless texts; else those of all sets, since its own are too few for such a rate. */
  readonly own: boolean;
}

/** Recall at the threshold where `rate` (0..1) of the harmless texts are flagged: of the group's own, where there are enough. */
export function recallAt(tally: Tally, pooled: Tally, rate: number): RecallAt {
  const own = tally.harmless().length >= 1 / rate;
  const threshold = thresholdAt((own ? tally : pooled).harmless(), rate);
  return { recall: threshold === null ? null : shareAbove(tally.attacks(), threshold), own };
}
