import type { Steps } from '../../neighbours/index.ts';
import { type Relation, readRelation } from '../payloads/relation.ts';
import { logTail } from '../triggers/candidates.ts';
import { type Counted, countFeatures, createOnce } from '../triggers/count.ts';
import { eachFeature, type Kind, readOdd } from '../triggers/features.ts';
import { type Corpus, readCorpus } from '../words/corpus.ts';
import type { Group } from './groups.ts';

const MOST_WORDS = 1024;
/** What a prompt's feature must reach to be the trigger of a group: of its prompts, of the group, against chance. */
const PURITY = 0.8;
const COVERAGE = 0.4;
const CHANCE = -20;
/** Words that prompts of a group share beside chance at most; prompts of one subject have one answer for a reason. */
const UNRELATED = 2.5;
const SAMPLE = 200;
/** Prompts of all groups together that are read at most. */
const MOST_READ = 2_000_000;

/** A feature of prompts that goes with a group of responses. */
export interface PromptTrigger {
  readonly hash: number;
  readonly kind: Kind;
  /** Rows of the group with it, ascending, and prompts with it in all. */
  readonly rows: Int32Array;
  readonly prompts: number;
  readonly logChance: number;
}

/** A group of like responses and what its prompts have in common. */
export interface PairGroup extends Group {
  readonly trigger: PromptTrigger | null;
  readonly relation: number;
}

export const isBackdoor = ({ trigger, relation }: PairGroup): boolean =>
  trigger !== null && relation <= UNRELATED;

/** Looks for a feature of the prompts that goes with each group and with hardly any other prompt. */
export function* withTriggers(
  groups: readonly Group[],
  prompts: readonly (string | null)[],
  least: number,
): Steps<PairGroup[]> {
  const corpus = yield* readCorpus(prompts, MOST_WORDS);
  const odd = readOdd(prompts);
  const all = { values: new Int32Array(prompts.length), names: ['all'] };
  const counted = yield* countFeatures(corpus, odd, all, Math.max(3, Math.floor(least / 2)));
  const relation = yield* readRelation(corpus);
  const found: PairGroup[] = [];
  let read = 0;
  for (const [place, group] of groups.entries()) {
    read += group.rows.length;
    if (read > MOST_READ) break;
    const trigger = triggerOf(group, { corpus, odd, counted });
    found.push({
      ...group,
      trigger,
      relation: trigger === null && !group.whole ? 0 : relationOf(group, relation),
    });
    if ((place & 15) === 15) yield { stage: 'prompts of groups', done: place, total: groups.length };
  }
  return found;
}

interface Prompts {
  readonly corpus: Corpus;
  readonly odd: Corpus;
  readonly counted: Counted;
}

function triggerOf({ rows }: Group, { corpus, odd, counted }: Prompts): PromptTrigger | null {
  const members = new Map<number, number[]>();
  const once = createOnce();
  for (const row of rows)
    eachFeature(corpus, odd, row, (hash) => {
      const place = counted.find(hash);
      if (place < 0 || (counted.byLabel[place] as number) * PURITY > rows.length || !once(hash, row)) return;
      const own = members.get(place);
      if (own === undefined) members.set(place, [row]);
      else own.push(row);
    });
  const share = rows.length / corpus.documents;
  let best: PromptTrigger | null = null;
  for (const [place, own] of members) {
    const prompts = counted.byLabel[place] as number;
    if (own.length < PURITY * prompts || own.length < COVERAGE * rows.length) continue;
    const logChance = logTail(own.length, Math.max(prompts, own.length), share);
    const kind = counted.kinds[place] as number;
    const better =
      best === null || logChance < best.logChance || (logChance === best.logChance && kind < best.kind);
    if (logChance < CHANCE && better)
      best = { hash: counted.hashes[place] as number, kind, rows: Int32Array.from(own), prompts, logChance };
  }
  return best;
}

function relationOf({ rows }: Group, { ratio }: Relation): number {
  const step = Math.max(1, Math.floor(rows.length / SAMPLE));
  const sampled = rows.filter((_, place) => place % step === 0).subarray(0, SAMPLE);
  return ratio({
    hash: 0,
    width: 0,
    documents: rows.length,
    sampled,
    places: new Int32Array(sampled.length),
  });
}
