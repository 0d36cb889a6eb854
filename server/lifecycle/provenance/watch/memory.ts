import type {
  DripAlarm,
  DripDay,
  DripReference,
  DripState,
  DripStream,
} from '@bartizan/checks/datasets/drift/index.ts';

/** Days or batches that usual shares are learnt from before a source is watched. */
export const LEARNING_DAYS = 20;

/** What the watch of a dataset remembers, as JSON between versions. Holds values of records: never shown as it is. */
export interface WatchMemory {
  readonly version: 1;
  /** What days are counted by. */
  readonly reference: DripReference;
  /** Rows among which copies are looked for, by source and where none is known: larger days hold more copies by chance. */
  readonly chunks: Readonly<Record<string, number>>;
  readonly chunk: number;
  /** Sources that are told apart; further ones are watched together. */
  readonly sources: readonly string[];
  /** Up to the day before `today`. */
  readonly before: DripState;
  /** The newest day, to which more may come. */
  readonly today: {
    readonly name: string;
    readonly day: number;
    readonly reports: readonly DripDay[];
  } | null;
  /** Number of the newest day. */
  readonly day: number;
}

/**
 * Of hundreds of counts that are learnt in some weeks and watched for years, none may be learnt too low: 3.5 standard errors
 * are passed by 1 in 4,000.
 */
export const WATCH_OPTIONS = Object.freeze({ learningDays: LEARNING_DAYS, mostCounts: 60_000, caution: 3.5 });

/** ln(e^a + e^b). */
const logAdd = (a: number, b: number): number =>
  a === Number.NEGATIVE_INFINITY ? b : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

/** ln of a count's e-detector: the mean over the shares that are bet on. */
function evidenceOf({ logs }: DripStream): number {
  const sum = logs.reduce<number>(
    (all, log) => logAdd(all, log ?? Number.NEGATIVE_INFINITY),
    Number.NEGATIVE_INFINITY,
  );
  return sum - Math.log(Math.max(1, logs.length));
}

/** A source as its counts stand. */
export interface SourceStanding {
  readonly source: string;
  /** The e-detector's value, as it is compared with the threshold. */
  readonly evidence: number;
  /** Days that it was learnt from. */
  readonly learnt: number;
  /** Counts that are above their usual share, the strongest first; `since` is the number of a day. */
  readonly counts: DripAlarm['counts'];
}

const MOST_NAMED = 5;

/** How the sources of a state stand: what the monitor compares with its threshold, and what carries it. O(counts). */
export function standingsOf({ streams }: DripState): readonly SourceStanding[] {
  const share = Math.log(Math.max(1, streams.length));
  return [...Map.groupBy(streams, ({ source }) => source)].map(([source, own]) => {
    const watched = own.filter(({ logs }) => logs.length > 0);
    const log = watched.reduce((sum, stream) => logAdd(sum, evidenceOf(stream)), Number.NEGATIVE_INFINITY);
    const rising = watched
      .filter((stream) => evidenceOf(stream) > 0 && stream.run.total > 0 && stream.run.gain > 0)
      .toSorted((a, b) => evidenceOf(b) - evidenceOf(a))
      .slice(0, MOST_NAMED);
    return {
      source,
      evidence: Math.exp(Math.min(700, log - share)),
      learnt: Math.max(0, ...own.map(({ days }) => days)),
      counts: rising.map(({ name, hits, total, run }) => {
        const usual = (hits + 0.5) / (total + 1);
        return {
          name,
          usual,
          now: run.hits / run.total,
          excess: Math.max(0, run.hits - usual * run.total),
          since: run.since,
        };
      }),
    };
  });
}
