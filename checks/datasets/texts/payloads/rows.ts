import type { Steps } from '../../neighbours/index.ts';
import { createOnce } from '../triggers/count.ts';
import { eachFeature, MOST_WORDS_IN_A_ROW } from '../triggers/features.ts';
import type { Corpus } from '../words/corpus.ts';
import type { Judged } from './judge.ts';

/** Units whose documents are gathered at most: those in most documents for their chance. */
const MOST_UNITS = 2000;
/** Share of its documents that a unit must have for itself to be told beside a stronger one. */
const OWN = 0.5;
/** A word with a sign beside it may stand in some documents without: it is in this share of those with, and these times as many. */
const SAME = 0.9;
const WIDER = 1.25;

export interface Payload extends Judged {
  /** All documents with it, ascending. */
  readonly rows: Int32Array;
}

/** Gathers all documents of the units; of units that share most of their documents the widest stays. */
export function* withRows(
  judged: readonly Judged[],
  { corpus, odd, least }: { readonly corpus: Corpus; readonly odd: Corpus; readonly least: number },
): Steps<Payload[]> {
  const strongest = [...judged]
    .sort((a, b) => b.unit.width - a.unit.width || b.misfit - a.misfit || a.unit.hash - b.unit.hash)
    .slice(0, MOST_UNITS);
  const rows = new Map<number, number[]>(strongest.map(({ unit }) => [unit.hash, []]));
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
  return apart(strongest, rows, least).sort(
    (a, b) => b.rows.length - a.rows.length || a.unit.hash - b.unit.hash,
  );
}

/** The units that have documents of their own, a word with a sign also with those where it is without. */
function apart(
  strongest: readonly Judged[],
  rows: ReadonlyMap<number, readonly number[]>,
  least: number,
): Payload[] {
  const owner = new Map<number, number>();
  const kept: { found: Judged; size: number; own: number[] }[] = [];
  for (const found of strongest) {
    const own = rows.get(found.unit.hash) ?? [];
    if (own.length < least) continue;
    const free = own.filter((row) => !owner.has(row));
    if (free.length >= OWN * own.length) {
      for (const row of own) owner.set(row, kept.length);
      kept.push({ found, size: own.length, own: [...own] });
      continue;
    }
    const place = mostOf(own, owner);
    const whole = kept[place];
    if (whole === undefined || wordsIn(whole.found) !== 2 || own.length > WIDER * whole.size) continue;
    if (own.filter((row) => owner.get(row) === place).length < SAME * whole.size) continue;
    for (const row of free) owner.set(row, place);
    whole.own.push(...free);
  }
  return kept.map(({ found, own }) => ({ ...found, rows: Int32Array.from(own).sort() }));
}

const wordsIn = ({ unit, before, after }: Judged): number => before + unit.width + after;

/** The owner of most of these rows; −1 where none has one. */
function mostOf(rows: readonly number[], owner: ReadonlyMap<number, number>): number {
  const counts = new Map<number, number>();
  for (const row of rows) {
    const of = owner.get(row);
    if (of !== undefined) counts.set(of, (counts.get(of) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? -1;
}
