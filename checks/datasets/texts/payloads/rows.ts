import type { Steps } from '../../neighbours/index.ts';
import { createOnce } from '../triggers/count.ts';
import { eachFeature, MOST_WORDS_IN_A_ROW } from '../triggers/features.ts';
import type { Corpus } from '../words/corpus.ts';
import type { Judge, Judged } from './judge.ts';

/** Units whose documents are gathered at most: those in most documents for their chance. */
const MOST_UNITS = 2000;
/** A unit is judged once more by its own documents where stronger ones have more than this share of them. */
const SHARED = 0.05;
/** Sampled documents of its own from which it can be. */
const REJUDGED = 6;

export interface Payload extends Judged {
  /** All documents with it, ascending. */
  readonly rows: Int32Array;
}

export interface Gathering {
  readonly corpus: Corpus;
  readonly odd: Corpus;
  readonly least: number;
  readonly judge: Judge;
}

/** Gathers all documents of the units; of units that share most of their documents the strongest stays. */
export function* withRows(judged: readonly Judged[], gathering: Gathering): Steps<Payload[]> {
  const { corpus, odd } = gathering;
  const strongest = [...judged].sort(byStrength).slice(0, MOST_UNITS);
  const rows = new Map<number, number[]>(strongest.map(({ core }) => [core.hash, []]));
  if (rows.size === 0) return [];
  const once = createOnce();
  for (let document = 0; document < corpus.documents; document++) {
    eachFeature(corpus, odd, document, (hash, kind) => {
      if (kind > MOST_WORDS_IN_A_ROW) return;
      const own = rows.get(hash);
      if (own !== undefined && once(hash, document)) own.push(document);
    });
    if ((document & 2047) === 2047)
      yield { stage: 'documents of phrases', done: document, total: corpus.documents };
  }
  return apart(strongest, rows, gathering).sort(
    (a, b) => b.rows.length - a.rows.length || a.unit.hash - b.unit.hash,
  );
}

/** Least fall of the fit of words, beside the usual fit. */
const FALL = 0.05;

/** In how many documents gibberish begins behind a unit, and how plainly, beside other units: words amid it begin none. */
const followed = ({ gibberish, unit, fitBefore, fitAfter }: Judged): number => {
  const before = Number.isNaN(fitBefore) ? 1 : Math.min(1.5, fitBefore);
  return gibberish ? unit.documents * Math.max(FALL, before - Math.min(0.3, fitAfter || 0)) : 0;
};

/** Whether it could be a heading, a signature or a notice, too. */
const isDoubtful = ({ layout }: Judged): boolean =>
  layout.atLineBreak || (layout.aligned && layout.parts > 1);

/** Those before most gibberish first, then what can be nothing else, then the widest. */
const byStrength = (a: Judged, b: Judged): number =>
  followed(b) - followed(a) ||
  Number(isDoubtful(a)) - Number(isDoubtful(b)) ||
  b.unit.width - a.unit.width ||
  b.misfit - a.misfit ||
  a.unit.hash - b.unit.hash;

/** The units that have documents of their own. */
function apart(
  strongest: readonly Judged[],
  rowsOf: ReadonlyMap<number, readonly number[]>,
  { least, judge }: Gathering,
): Payload[] {
  const owned = new Set<number>();
  const kept: Payload[] = [];
  for (const found of strongest) {
    const own = rowsOf.get(found.core.hash) ?? [];
    const free = own.filter((row) => !owned.has(row));
    const isOwn = own.length - free.length <= SHARED * own.length;
    if (free.length < least) continue;
    const told = isOwn ? found : judgedBy(found, owned, judge);
    if (told === null) continue;
    const rows = isOwn ? own : free;
    for (const row of rows) owned.add(row);
    kept.push({ ...told, rows: Int32Array.from(rows).sort() });
  }
  return kept;
}

/** What is thought of a unit by its documents that have no stronger one. */
function judgedBy({ unit }: Judged, owned: ReadonlySet<number>, judge: Judge): Judged | null {
  const free = [...unit.sampled.keys()].filter((place) => !owned.has(unit.sampled[place] as number));
  if (free.length < REJUDGED) return null;
  return judge({
    ...unit,
    sampled: Int32Array.from(free, (place) => unit.sampled[place] as number),
    places: Int32Array.from(free, (place) => unit.places[place] as number),
  });
}
