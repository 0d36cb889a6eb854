import type { Candidate } from './candidates.ts';
import { type Evidence, foreignShare, type Judges } from './evidence.ts';
import { OPENING } from './features.ts';

/** Openings that go with one label so much that together they may be a style put on the texts. */
export interface Family {
  readonly label: number;
  readonly members: readonly Candidate[];
  /** Documents with one of the openings and the label, ascending. */
  readonly rows: Int32Array;
  /** Documents with one of the openings. */
  readonly documents: number;
  readonly doubts: Float64Array;
  readonly foreign: number;
  readonly disagreement: number;
}

const MEMBER_CHANCE = -6;
const MEMBER_PURITY = 0.8;
/** What the strongest opening of natural texts hardly reaches, and what all of them together must show. */
const STRONGEST_CHANCE = -20;
const FEWEST_ROWS = 20;
const FEWEST_SHARE = 0.005;
const LEAST_PURITY = 0.85;
const LEAST_DISAGREEMENT = 2;
const LEAST_FOREIGN = 0.12;
/** Disagreement, with a tenth of the strongest opening's evidence, from which a family is one. */
const ENOUGH = 8;

/**
 * Openings of 1 to 3 words per label: texts rewritten to one pattern of sentence (Qi et al., ACL 2021) begin alike, and
 * what else they say was taken from other labels. All their documents are taken out of the content model together.
 */
export function familyOf(candidates: readonly Candidate[], label: number, judges: Judges): Family | null {
  const members = candidates.filter(
    ({ kind, label: own, logChance, withLabel, rows }) =>
      kind > OPENING &&
      kind <= OPENING + 3 &&
      own === label &&
      logChance < MEMBER_CHANCE &&
      withLabel / rows.length >= MEMBER_PURITY,
  );
  if (!members.some(({ logChance }) => logChance < STRONGEST_CHANCE)) return null;
  const all = Int32Array.from(new Set(members.flatMap(({ rows }) => Array.from(rows)))).sort();
  const judged = judges.content.judge(all, label);
  const doubt = judges.doubtOf(label);
  const places = Array.from(all.keys()).filter(
    (place) => judges.labels.values[all[place] as number] === label,
  );
  const doubts = Float64Array.from(places, (place) => doubt(judged[place] as number));
  const family: Family = {
    label,
    members,
    rows: Int32Array.from(places, (place) => all[place] as number),
    documents: all.length,
    doubts,
    ...foreignShare(doubts),
  };
  return convinces(family, judges.corpus.documents) ? family : null;
}

function convinces({ members, rows, documents, disagreement, foreign }: Family, all: number): boolean {
  const strongest = members.reduce((least, { logChance }) => Math.min(least, logChance), 0);
  return (
    disagreement - strongest / 10 >= ENOUGH &&
    rows.length >= Math.max(FEWEST_ROWS, FEWEST_SHARE * all) &&
    rows.length / documents >= LEAST_PURITY &&
    disagreement >= LEAST_DISAGREEMENT &&
    foreign >= LEAST_FOREIGN
  );
}

/** Whether a feature's documents are mostly the family's. */
export function inFamily(family: Family, { rows }: Pick<Evidence, 'rows'>): boolean {
  const own = new Set(family.rows);
  return rows.filter((row) => own.has(row)).length >= 0.5 * rows.length;
}
