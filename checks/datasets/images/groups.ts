import { type Box, type Candidate, createBest, mixtureOf, strengthOf } from './candidates.ts';

/** Fewest rows that must share a pattern. */
export const FEWEST_ROWS = 5;
/** Least share of the rows with a pattern that got it together with the label. */
export const LEAST_MIXTURE = 0.75;
/** Candidates kept. */
const MOST_KEPT = 400;
/** A candidate's strength must exceed the logarithm of the patterns looked at by this. */
const MARGIN = 10;

export interface Judged {
  readonly labels: Int32Array;
  /** Per row: probability of its given label by its looks. */
  readonly expected: Float32Array;
}

/** Groups rows by what they show at one place, and keeps the groups that a trigger may have made. */
export interface Grouper {
  /** `keys[i]` is what row `rows[i]` shows there; 0 takes the row out. */
  readonly group: (keys: Uint32Array, rows: Int32Array, box: Box) => void;
  /** Patterns shared by enough rows so far. */
  readonly tested: () => number;
  /** Those that are stronger than chance would make any of the tested ones, strongest first. */
  readonly found: () => readonly Candidate[];
}

/** One look is O(rows); memory O(rows) beside the candidates kept. */
export function createGrouper({ labels, expected }: Judged, most: number): Grouper {
  const bits = Math.max(4, Math.ceil(Math.log2(2 * most)));
  const mask = (1 << bits) - 1;
  const slots = new Int32Array(1 << bits);
  const groupOf = new Int32Array(most);
  const keyOf = new Uint32Array(most + 1);
  const count = new Int32Array(most + 1);
  const leader = new Int32Array(most + 1);
  const lead = new Int32Array(most + 1);
  const labelled = new Int32Array(most + 1);
  const expectedSum = new Float64Array(most + 1);
  const best = createBest(MOST_KEPT);
  let tested = 0;

  /** Group numbers from 1; the leading label by the vote of Boyer and Moore (1981). Gives how many groups there are. */
  const assign = (keys: Uint32Array, rows: Int32Array): number => {
    slots.fill(0);
    let groups = 0;
    for (let at = 0; at < rows.length; at++) {
      const key = keys[at] as number;
      groupOf[at] = 0;
      if (key === 0) continue;
      let slot = (Math.imul(key, 0x9e3779b1) >>> (32 - bits)) & mask;
      let group = slots[slot] as number;
      while (group !== 0 && keyOf[group] !== key) {
        slot = (slot + 1) & mask;
        group = slots[slot] as number;
      }
      const label = labels[rows[at] as number] as number;
      if (group === 0) {
        group = ++groups;
        slots[slot] = group;
        keyOf[group] = key;
        count[group] = 1;
        leader[group] = label;
        lead[group] = 1;
      } else {
        count[group] = (count[group] as number) + 1;
        if (leader[group] === label) lead[group] = (lead[group] as number) + 1;
        else if (lead[group] === 0) {
          leader[group] = label;
          lead[group] = 1;
        } else lead[group] = (lead[group] as number) - 1;
      }
      groupOf[at] = group;
    }
    return groups;
  };

  const tally = (rows: Int32Array, groups: number): void => {
    labelled.fill(0, 0, groups + 1);
    expectedSum.fill(0, 0, groups + 1);
    for (let at = 0; at < rows.length; at++) {
      const group = groupOf[at] as number;
      const row = rows[at] as number;
      if (labels[row] !== leader[group]) continue;
      labelled[group] = (labelled[group] as number) + 1;
      expectedSum[group] = (expectedSum[group] as number) + (expected[row] as number);
    }
  };

  const members = (rows: Int32Array, group: number): Int32Array =>
    rows.filter((row, at) => groupOf[at] === group && labels[row] === leader[group]);

  const group = (keys: Uint32Array, rows: Int32Array, box: Box): void => {
    const groups = assign(keys, rows);
    let promising = 0;
    for (let g = 1; g <= groups; g++) {
      if ((count[g] as number) < FEWEST_ROWS) continue;
      tested++;
      if ((lead[g] as number) > 0) promising++;
    }
    if (promising === 0) return;
    tally(rows, groups);
    for (let g = 1; g <= groups; g++) {
      const sharing = count[g] as number;
      if (sharing < FEWEST_ROWS || (lead[g] as number) <= 0) continue;
      const known = { sharing, labelled: labelled[g] as number, expected: expectedSum[g] as number };
      if (known.labelled < FEWEST_ROWS || mixtureOf(known) < LEAST_MIXTURE) continue;
      const strength = strengthOf(known);
      if (strength < MARGIN) continue;
      best.offer(strength, () => ({
        label: leader[g] as number,
        rows: members(rows, g),
        sharing,
        strength,
        box,
        kind: 'place',
      }));
    }
  };

  const found = (): readonly Candidate[] => {
    const least = Math.log(Math.max(1, tested)) + MARGIN;
    return best.list().filter(({ strength }) => strength >= least);
  };
  return { group, tested: () => tested, found };
}
