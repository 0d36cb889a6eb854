import { type CheckOutcome, type DatasetFinding, MAX_ROWS_NAMED, type Reason } from '../../types.ts';
import { quote } from '../triggers/phrase.ts';
import type { Corpus } from '../words/corpus.ts';
import { BACKDOOR_MAPS } from '../words/maps.ts';
import { byKind, type Kind, kindOf, scoring } from './kinds.ts';
import type { Payload } from './rows.ts';

export const REPEATED_PAYLOAD = 'datasets/repeated-payload';

const MOST_FINDINGS = 30;
/** Phrases that are read for what they say, and characters of them. */
const MOST_READ = 400;
const WHOLE = 400;

interface Reported {
  readonly texts: readonly (string | null)[];
  readonly corpus: Corpus;
  readonly found: readonly Payload[];
  readonly least: number;
  readonly most: number;
  /** Whether not all words and phrases were looked at. */
  readonly full: boolean;
}

export function payloadOutcome({ texts, corpus, found, least, most, full }: Reported): CheckOutcome {
  const scores = new Float32Array(texts.length);
  const reasons = new Map<number, Reason[]>();
  const judged = found
    .map((payload, place) => ({
      payload,
      kind: kindOf(payload, place < MOST_READ ? wordsOf(payload, corpus, texts, WHOLE) : ''),
    }))
    .sort(byKind);
  const scoreOf = scoring(judged, texts.length);
  let notes = 0;
  const findings = judged.slice(0, MOST_FINDINGS).map(({ payload, kind }) => {
    const phrase = wordsOf(payload, corpus, texts);
    const score = scoreOf(payload, kind);
    const message = `has “${phrase}”, which ${payload.rows.length} otherwise unrelated documents have`;
    for (const row of payload.rows) {
      scores[row] = Math.max(scores[row] as number, score);
      if (score > 0.5) reasons.set(row, [...(reasons.get(row) ?? []), { check: REPEATED_PAYLOAD, message }]);
    }
    notes += Number(score <= 0.5);
    return findingOf(payload, { phrase, kind, all: texts.length, named: score > 0.5 });
  });
  const suspects = [...reasons]
    .map(([row, own]) => ({ row, score: scores[row] as number, reasons: own }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
  const blindSpots = [
    `A payload in fewer than ${least} documents, or in more than ${Math.floor(most)}, is not looked for here.`,
    'A payload that is put in other words each time is not found, nor is one whose documents are all of one subject.',
  ];
  if (notes > 0)
    blindSpots.push(
      `${notes === 1 ? 'One repeated phrase is' : `${notes} repeated phrases are`} told as a note and no document is named for ` +
        'it: headings, signatures, licence lines and the rare words of a subject look the same as a payload that stands ' +
        'on a line or in a sentence of its own. Read what the notes quote.',
    );
  if (full)
    blindSpots.push('So many words and phrases are repeated here that not all of them were looked at.');
  if (corpus.cut) blindSpots.push(`Only the first ${corpus.most} words of each text are read.`);
  return { scores, suspects, findings, blindSpots };
}

function wordsOf(
  { unit, before, after }: Payload,
  corpus: Corpus,
  texts: readonly (string | null)[],
  longest?: number,
): string {
  const document = unit.sampled[0] as number;
  const [from, to] = [corpus.offsets[document] as number, corpus.offsets[document + 1] as number];
  const start = Math.max(from, (unit.places[0] as number) - before);
  const end = Math.min(to, (unit.places[0] as number) + unit.width + after);
  return quote(texts[document] ?? '', { from: start - from, count: end - start, most: corpus.most, longest });
}

const SEVERITY: Readonly<Record<Kind, DatasetFinding['severity']>> = {
  gibberish: 'critical',
  order: 'critical',
  alone: 'high',
  inserted: 'high',
  edge: 'medium',
  sentence: 'medium',
  layout: 'info',
};

const ADDED: Readonly<Record<Kind, string>> = {
  gibberish: ' What follows it are words without connection.',
  order: ' It gives orders to a model that reads it.',
  alone: ' Hardly any other document has a word as rare.',
  inserted: '',
  edge: ' It is first or last in each, where a signature or greeting would be too: read some of them.',
  sentence: ' It is a sentence of its own, as a signature or a notice would be too: read some of them.',
  layout: ' It stands as a heading, a table, a signature or a usual opening does: read some of them.',
};

interface Shown {
  readonly phrase: string;
  readonly kind: Kind;
  readonly all: number;
  readonly named: boolean;
}

function findingOf(payload: Payload, { phrase, kind, all, named }: Shown): DatasetFinding {
  const { rows, misfit, relation, layout } = payload;
  const single = kind === 'inserted' && layout.parts < 2;
  return {
    check: REPEATED_PAYLOAD,
    title: `“${phrase}” in ${rows.length} unrelated documents`,
    severity: !named ? 'info' : single ? 'medium' : SEVERITY[kind],
    message:
      `${rows.length} of ${all} documents have “${phrase}” and no more else in common than documents drawn by lot. A few ` +
      `hundred such documents can teach a model a trigger, however large the dataset.${ADDED[kind]}`,
    rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
    count: rows.length,
    precision: null,
    evidence: {
      phrase,
      documents: rows.length,
      misfit,
      sharedWordsBesideChance: relation,
      followedByGibberish: kind === 'gibberish',
    },
    maps: BACKDOOR_MAPS,
  };
}
