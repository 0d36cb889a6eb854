import type { Trigger } from './cover.ts';
import type { Decision } from './decide.ts';
import type { Judges } from './evidence.ts';
import { ODD } from './features.ts';
import { phraseOf } from './phrase.ts';

/** Words told beside a sign at most. */
const MOST = 8;
/** Share of the documents of a word that must have the sign too, and share of them that must add to the words before. */
const WITH = 0.8;
const NEW = 0.5;

/**
 * Words that go with the label of a sign in its own documents: white space that a tool left behind says less of a
 * backdoor than the words it stands beside. The surest first; none for a trigger that is words itself.
 */
export function wordsBeside(
  { evidence: { candidate, rows } }: Trigger,
  {
    decisions,
    judges,
    texts,
  }: { decisions: readonly Decision[]; judges: Judges; texts: readonly (string | null)[] },
): string[] {
  if (candidate.kind !== ODD) return [];
  const own = new Set(rows);
  const told = new Set<number>();
  const words: string[] = [];
  const beside = decisions
    .filter(({ logOdds, evidence }) => {
      if (logOdds <= 0 || evidence.candidate.kind === ODD || evidence.candidate.label !== candidate.label)
        return false;
      return evidence.rows.filter((row) => own.has(row)).length >= WITH * evidence.rows.length;
    })
    .sort((a, b) => b.logOdds - a.logOdds);
  for (const { evidence } of beside) {
    if (words.length === MOST) break;
    const added = evidence.rows.filter((row) => !told.has(row)).length;
    if (added === 0 || added < NEW * evidence.rows.length) continue;
    for (const row of evidence.rows) told.add(row);
    words.push(phraseOf(evidence.candidate, evidence.rows, judges, texts).shown);
  }
  return words;
}
