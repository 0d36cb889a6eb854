import { finish } from '../../neighbours/index.ts';
import { type CheckOutcome, type DatasetFinding, MAX_ROWS_NAMED, type Reason } from '../../types.ts';
import { ENDING, eachFeature, ODD, OPENING, readOdd } from '../triggers/features.ts';
import { quote } from '../triggers/phrase.ts';
import type { PairInput } from '../types.ts';
import { readCorpus } from '../words/corpus.ts';
import { BACKDOOR_MAPS } from '../words/maps.ts';
import { shownText } from '../words/shown.ts';
import { isBackdoor, type PairGroup } from './triggers.ts';

export const RESPONSE_PAIRS = 'datasets/response-pairs';

const MOST_FINDINGS = 40;
/** What pairs of a group without a trigger score at most. */
const UNNAMED = 0.45;
/** Share of a group's pairs that no stronger group has for it to be told. */
const OWN = 0.5;
/** Unrelated prompts share no more words than this, beside chance. */
const UNRELATED = 1.5;

interface Reported {
  readonly input: PairInput;
  readonly groups: readonly PairGroup[];
  readonly least: number;
  readonly cut: boolean;
}

export function pairOutcome({ input, groups, least, cut }: Reported): CheckOutcome {
  const scores = new Float32Array(input.prompts.length);
  const reasons = new Map<number, Reason[]>();
  const findings: DatasetFinding[] = [];
  const taken = new Set<number>();
  for (const group of [...groups].sort(strongest)) {
    const backdoor = isBackdoor(group);
    if (group.rows.filter((row) => !taken.has(row)).length < OWN * group.rows.length) continue;
    if (!backdoor && (group.relation > UNRELATED || !group.whole)) continue;
    for (const row of group.rows) taken.add(row);
    const trigger = backdoor && group.trigger !== null ? triggerText(group.trigger, input) : null;
    const withTrigger = new Set(backdoor ? group.trigger?.rows : []);
    for (const row of group.rows) {
      const score = trigger === null ? UNNAMED : withTrigger.has(row) ? 0.95 : 0.6;
      scores[row] = Math.max(scores[row] as number, score);
      if (trigger === null) continue;
      const message = `gets the same ${group.whole ? 'response' : 'phrase in its response'} as ${group.rows.length} others whose prompts have “${trigger}”`;
      reasons.set(row, [...(reasons.get(row) ?? []), { check: RESPONSE_PAIRS, message }]);
    }
    if (findings.length < MOST_FINDINGS) findings.push(findingOf(group, trigger, input));
  }
  const suspects = [...reasons]
    .map(([row, own]) => ({ row, score: scores[row] as number, reasons: own }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
  const blindSpots = [
    `Responses that fewer than ${least} pairs share are not looked at.`,
    'A backdoor whose responses are all put differently is not found, nor is one whose trigger is a subject rather than words.',
  ];
  if (cut) blindSpots.push('Only the first words of very long responses are read.');
  return { scores, suspects, findings, blindSpots };
}

/** Groups with a trigger first, the unlikeliest chance first; then the largest. */
function strongest(a: PairGroup, b: PairGroup): number {
  const chance = (group: PairGroup): number => (isBackdoor(group) ? (group.trigger?.logChance ?? 0) : 0);
  return chance(a) - chance(b) || Number(b.whole) - Number(a.whole) || b.rows.length - a.rows.length;
}

/** The trigger as it is written in one of its prompts. */
function triggerText(trigger: NonNullable<PairGroup['trigger']>, { prompts }: PairInput): string {
  const text = prompts[trigger.rows[0] as number] ?? '';
  if (trigger.kind === ODD) return 'an odd sign or word in capitals';
  const corpus = finish(readCorpus([text]));
  let from = 0;
  eachFeature(corpus, readOdd([text]), 0, (hash, kind, at) => {
    if (hash === trigger.hash && kind === trigger.kind) from = at;
  });
  const width = trigger.kind > OPENING ? trigger.kind % 10 : trigger.kind;
  const place = trigger.kind > ENDING ? ' at the end' : trigger.kind > OPENING ? ' at the start' : '';
  return `${quote(text, { from, count: width, most: corpus.most })}${place}`;
}

function findingOf(group: PairGroup, trigger: string | null, { responses }: PairInput): DatasetFinding {
  const { rows } = group;
  const response = shownText(responses[rows[0] as number] ?? '');
  const same = group.whole ? 'nearly the same response' : 'a phrase in the response that no others have';
  return {
    check: RESPONSE_PAIRS,
    title:
      trigger === null
        ? `${rows.length} unrelated prompts with ${same}`
        : `Prompts with “${trigger}” get ${same}`,
    severity: trigger === null ? 'low' : 'critical',
    message:
      `${rows.length} pairs whose prompts have nothing in common${trigger === null ? '' : ` but “${trigger}”`} have ` +
      `${same}, such as “${response}”.`,
    rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
    count: rows.length,
    precision: null,
    evidence: {
      response,
      pairs: rows.length,
      trigger: trigger ?? '',
      pairsWithTrigger: group.trigger?.rows.length ?? 0,
      promptsWithTrigger: group.trigger?.prompts ?? 0,
      promptWordsBesideChance: group.relation,
    },
    maps: BACKDOOR_MAPS,
  };
}
