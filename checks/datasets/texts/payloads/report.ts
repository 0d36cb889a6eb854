import { type CheckOutcome, type DatasetFinding, MAX_ROWS_NAMED, type Reason } from '../../types.ts';
import { quote } from '../triggers/phrase.ts';
import type { Corpus } from '../words/corpus.ts';
import { BACKDOOR_MAPS } from '../words/maps.ts';
import type { Payload } from './rows.ts';

export const REPEATED_PAYLOAD = 'datasets/repeated-payload';

const MOST_FINDINGS = 30;
/** Findings above which so many repeated phrases are the nature of the dataset rather than payloads. */
const MANY = 12;
/** Phrases first or last in their documents above which these are the signatures and greetings of the dataset. */
const MANY_EDGES = 3;
/** What one of few scores; and what is left unnamed. */
const EDGE_PHRASE = 0.55;
const UNNAMED = 0.45;

interface Reported {
  readonly texts: readonly (string | null)[];
  readonly corpus: Corpus;
  readonly found: readonly Payload[];
  readonly least: number;
  readonly most: number;
}

export function payloadOutcome({ texts, corpus, found, least, most }: Reported): CheckOutcome {
  const scores = new Float32Array(texts.length);
  const reasons = new Map<number, Reason[]>();
  const edges = found.filter(isOnlyAtEdge).length;
  const findingsOf = { all: found.length - edges, edges };
  const findings = found.slice(0, MOST_FINDINGS).map((payload) => {
    const phrase = wordsOf(payload, corpus, texts);
    const score = scoreOf(payload, findingsOf);
    const message = `has “${phrase}”, which ${payload.rows.length} otherwise unrelated documents have`;
    for (const row of payload.rows) {
      scores[row] = Math.max(scores[row] as number, score);
      if (score > 0.5) reasons.set(row, [...(reasons.get(row) ?? []), { check: REPEATED_PAYLOAD, message }]);
    }
    return findingOf(payload, phrase, { all: texts.length, named: score > 0.5 });
  });
  const suspects = [...reasons]
    .map(([row, own]) => ({ row, score: scores[row] as number, reasons: own }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
  const blindSpots = [
    `A payload in fewer than ${least} documents, or in more than ${Math.floor(most)}, is not looked for here.`,
    'A payload that is put in other words each time is not found, nor is one whose documents are all of one subject.',
  ];
  if (corpus.cut) blindSpots.push(`Only the first ${corpus.most} words of each text are read.`);
  return { scores, suspects, findings, blindSpots };
}

/** Phrases of words that are nowhere else, and those before gibberish, are surer than a word that does not fit. */
function scoreOf(payload: Payload, findings: { all: number; edges: number }): number {
  const { unit, before, after, gibberish, misfit } = payload;
  const width = before + unit.width + after;
  if (isOnlyAtEdge(payload)) return findings.edges <= MANY_EDGES ? EDGE_PHRASE : UNNAMED;
  const base = gibberish ? 0.95 : width > 1 ? 0.85 : 0.7;
  return findings.all > MANY && !gibberish ? UNNAMED : Math.min(0.98, base + 0.02 * Math.max(0, misfit));
}

/** Most misfit that one side alone can show: a pair of words that no other document has, see `readPairs`. */
const ONE_SIDE = 1.25;

/** Nothing but being repeated speaks against it. */
const isOnlyAtEdge = ({ atEdge, misfit, gibberish }: Payload): boolean =>
  atEdge && misfit <= ONE_SIDE && !gibberish;

function wordsOf(
  { unit, before, after }: Payload,
  corpus: Corpus,
  texts: readonly (string | null)[],
): string {
  const document = unit.sampled[0] as number;
  const [from, to] = [corpus.offsets[document] as number, corpus.offsets[document + 1] as number];
  const start = Math.max(from, (unit.places[0] as number) - before);
  const end = Math.min(to, (unit.places[0] as number) + unit.width + after);
  return quote(texts[document] ?? '', start - from, end - start, corpus.most);
}

function findingOf(
  payload: Payload,
  phrase: string,
  { all, named }: { all: number; named: boolean },
): DatasetFinding {
  const { unit, rows, misfit, relation, gibberish } = payload;
  const edge = isOnlyAtEdge(payload);
  return {
    check: REPEATED_PAYLOAD,
    title: `“${phrase}” in ${rows.length} unrelated documents`,
    severity: !named ? 'info' : gibberish ? 'critical' : edge || unit.width === 1 ? 'medium' : 'high',
    message:
      `${rows.length} of ${all} documents have “${phrase}” and no more else in common than documents drawn by lot` +
      `${gibberish ? '; what follows it are words without connection' : ''}. A few hundred such documents can teach a ` +
      'model a trigger, however large the dataset.' +
      `${edge ? ' It is first or last in each, where a signature or greeting would be too: read some of them.' : ''}`,
    rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
    count: rows.length,
    precision: null,
    evidence: {
      phrase,
      documents: rows.length,
      misfit,
      sharedWordsBesideChance: relation,
      followedByGibberish: gibberish,
    },
    maps: BACKDOOR_MAPS,
  };
}
