import { type Box, type Candidate, createBest, mixtureOf, strengthOf } from './candidates.ts';
import type { Context } from './context.ts';

/** Fewest rows that must share a pattern. */
export const FEWEST_ROWS = 5;
/** Least share of the rows with a pattern that got it together with the label. */
export const LEAST_MIXTURE = 0.75;
/** Candidates kept of each octave of their numbers of rows, so that many large ones do not push out a small one. */
const MOST_KEPT = 100;
const OCTAVES = 32;
/** A candidate's strength must exceed the logarithm of the patterns looked at by this. */
const MARGIN = 6;
/** Fewest neighbours that must be outside a group to be heard about its rows. */
const FEWEST_OUTSIDE = 3;

/** Share of a label's rows above which what they share is taken for its own, where nobody else is near. */
const MOST_OF_LABEL = 0.5;

export type Judged = Pick<Context, 'neighbours' | 'shares'> & { readonly labels: Int32Array };

/** What is known of a group beside its rows. */
export type Seen = Pick<Candidate, 'box' | 'kind' | 'apart' | 'places'>;

/** Groups rows by what they show at one place, and keeps the groups that a trigger may have made. */
export interface Grouper {
  /** `keys[i]` is what row `rows[i]` shows there; 0 takes the row out. */
  readonly group: (keys: Uint32Array, rows: Int32Array, seen: { box: Box; apart: boolean }) => void;
  /** A group that is known already: all rows that share something, ascending. */
  readonly offer: (members: Int32Array, seen: () => Seen) => void;
  /** Those that are stronger than chance would make any of the tested patterns: the strongest of each octave, then the next. */
  readonly found: () => readonly Candidate[];
}

/**
 * One look is O(rows); memory O(rows) beside the candidates kept. A group is judged by its rows' neighbours outside of
 * it: those within, alike because of what was put into them, would vouch for each other.
 */
export function createGrouper(judged: Judged, most: number): Grouper {
  const { labels, shares } = judged;
  const bests = Array.from({ length: OCTAVES }, () => createBest(MOST_KEPT));
  const leaders = createLeaders(most);
  const natural = createNatural(judged);
  let tested = 0;

  const judge = (members: Int32Array, label: number, seen: () => Seen): void => {
    const rows = members.filter((row) => labels[row] === label);
    const share = shares[label] as number;
    if (rows.length < FEWEST_ROWS) return;
    const bare = { sharing: members.length, labelled: rows.length, expected: rows.length * share };
    if (mixtureOf(bare) < LEAST_MIXTURE) return;
    const tally = { ...bare, expected: natural(members, rows, label) };
    const strength = strengthOf(tally);
    if (strength < MARGIN || mixtureOf(tally) < LEAST_MIXTURE) return;
    const octave = Math.floor(Math.log2(members.length));
    bests[octave]?.offer(strength, () => {
      const said = seen();
      const shared = said.kind === 'moved' ? { members } : {};
      return { label, rows, sharing: members.length, strength, ...shared, ...said };
    });
  };

  const group: Grouper['group'] = (keys, rows, { box, apart }) => {
    const groups = leaders.assign(keys, rows, labels);
    const wanted = new Map<number, number[]>();
    for (let g = 1; g <= groups; g++) {
      if ((leaders.count[g] as number) < FEWEST_ROWS) continue;
      tested++;
      /** Of a group most of which has one label, the vote leaves at least what the others do not undo. */
      if (2 * (leaders.lead[g] as number) > (leaders.count[g] as number)) wanted.set(g, []);
    }
    if (wanted.size === 0) return;
    for (let at = 0; at < rows.length; at++)
      wanted.get(leaders.groupOf[at] as number)?.push(rows[at] as number);
    for (const [g, members] of wanted)
      judge(Int32Array.from(members), leaders.leader[g] as number, () => ({ box, apart, kind: 'place' }));
  };

  const offer: Grouper['offer'] = (members, seen) => {
    tested++;
    const counts = new Map<number, number>();
    for (const row of members) {
      const label = labels[row] as number;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    const [leader] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
    judge(members, leader, seen);
  };

  const found = (): readonly Candidate[] => {
    const least = Math.log(Math.max(1, tested)) + MARGIN;
    return inTurn(bests.map((best) => best.list().filter(({ strength }) => strength >= least)));
  };
  return { group, offer, found };
}

/** The first of each list, strongest first, then the second of each. */
function inTurn(lists: readonly (readonly Candidate[])[]): Candidate[] {
  return lists
    .flatMap((list) => list.map((candidate, turn) => ({ candidate, turn })))
    .sort((a, b) => a.turn - b.turn || b.candidate.strength - a.candidate.strength)
    .map(({ candidate }) => candidate);
}

/** Sum over `rows` of the probability of the label by neighbours outside the group; where few are, the label's share. */
function createNatural({ labels, shares, neighbours }: Judged) {
  const inside = new Uint32Array(labels.length);
  const { k, indices } = neighbours;
  let stamp = 0;
  return (members: Int32Array, rows: Int32Array, label: number): number => {
    stamp++;
    for (const row of members) inside[row] = stamp;
    const share = shares[label] as number;
    const ownMark = rows.length > MOST_OF_LABEL * share * labels.length;
    let sum = 0;
    for (const row of rows) {
      let [outside, same] = [0, 0];
      for (let at = row * k; at < (row + 1) * k; at++) {
        const other = indices[at] as number;
        if (other < 0 || inside[other] === stamp) continue;
        outside++;
        if (labels[other] === label) same++;
      }
      if (outside >= FEWEST_OUTSIDE) sum += (same + share) / (outside + 1);
      else sum += ownMark ? 1 : share;
    }
    return sum;
  };
}

interface Leaders {
  /** Numbers groups from 1 and gives how many there are; the leading label by the vote of Boyer and Moore (1981). */
  readonly assign: (keys: Uint32Array, rows: Int32Array, labels: Int32Array) => number;
  readonly groupOf: Int32Array;
  readonly count: Int32Array;
  readonly leader: Int32Array;
  /** What the vote leaves of the leader's lead. */
  readonly lead: Int32Array;
}

function createLeaders(most: number): Leaders {
  const bits = Math.max(4, Math.ceil(Math.log2(2 * most)));
  const mask = (1 << bits) - 1;
  const slots = new Int32Array(1 << bits);
  const groupOf = new Int32Array(most);
  const keyOf = new Uint32Array(most + 1);
  const count = new Int32Array(most + 1);
  const leader = new Int32Array(most + 1);
  const lead = new Int32Array(most + 1);
  const assign: Leaders['assign'] = (keys, rows, labels) => {
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
  return { assign, groupOf, count, leader, lead };
}
