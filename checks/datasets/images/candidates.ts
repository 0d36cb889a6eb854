import type { Filter } from './waves.ts';

/** Where in the picture something was seen. */
export interface Box {
  readonly row: number;
  readonly column: number;
  readonly height: number;
  readonly width: number;
}

/** Pictures that share something, nearly all with one label, though few of them look like that label. */
export interface Candidate {
  readonly label: number;
  /** The rows with that label, ascending. */
  readonly rows: Int32Array;
  /** How many rows share it, whatever their label. */
  readonly sharing: number;
  /** Logarithm of the likelihood ratio of "put there with this label" to "there by nature". */
  readonly strength: number;
  /** Null where it is at no fixed place. */
  readonly box: Box | null;
  readonly kind: 'place' | 'moved' | 'overlay';
  /** Whether only windows that stand out from what is around them count. */
  readonly apart?: boolean;
  /** Where the rows do not follow from a place: all that share it, ascending. */
  readonly members?: Int32Array;
  /** Where each of the members has it, for what moves. */
  readonly places?: ReadonlyMap<number, readonly Box[]>;
  /** How an overlay is measured and taken off. */
  readonly filter?: Filter;
}

export interface Tally {
  /** Rows that share the pattern. */
  readonly sharing: number;
  /** Of them, those with the label. */
  readonly labelled: number;
  /** Sum over those of the probability that they have that label by nature, 0..`labelled`. */
  readonly expected: number;
}

/**
 * `sharing` × Kullback–Leibler divergence of the share that has the label from the share that looks like it: the log
 * likelihood ratio of the best mixture of rows that were given the label with the pattern, and rows that have it by
 * nature. 0 where no more have the label than look like it.
 */
export function strengthOf({ sharing, labelled, expected }: Tally): number {
  if (labelled === 0 || expected >= labelled) return 0;
  const natural = Math.max(1e-6, expected / labelled);
  const share = labelled / sharing;
  if (share <= natural) return 0;
  const others = sharing - labelled;
  return (
    labelled * Math.log(share / natural) + (others > 0 ? others * Math.log((1 - share) / (1 - natural)) : 0)
  );
}

/** Share of the rows with the pattern that got it together with the label, 0..1: the best mixture. */
export function mixtureOf({ sharing, labelled, expected }: Tally): number {
  if (labelled === 0) return 0;
  const natural = Math.min(1, expected / labelled);
  return natural >= 1 ? 0 : Math.max(0, (labelled / sharing - natural) / (1 - natural));
}

export interface Best {
  readonly offer: (strength: number, make: () => Candidate) => void;
  /** Strongest first. */
  readonly list: () => readonly Candidate[];
}

/** Keeps the `most` strongest candidates. */
export function createBest(most: number): Best {
  let kept: Candidate[] = [];
  let least = 0;
  const trim = (): void => {
    kept.sort((a, b) => b.strength - a.strength);
    kept = kept.slice(0, most);
    least = kept.length < most ? 0 : (kept.at(-1)?.strength ?? 0);
  };
  return {
    offer: (strength, make) => {
      if (strength <= least) return;
      kept.push(make());
      if (kept.length >= 2 * most) trim();
    },
    list: () => {
      trim();
      return kept;
    },
  };
}
