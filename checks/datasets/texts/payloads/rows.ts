import type { Steps } from '../../neighbours/index.ts';
import { createOnce } from '../triggers/count.ts';
import { eachFeature, MOST_WORDS_IN_A_ROW } from '../triggers/features.ts';
import type { Corpus } from '../words/corpus.ts';
import type { Judged } from './judge.ts';

/** Units whose documents are gathered at most: those in most documents for their chance. */
const MOST_UNITS = 2000;
/** Share of its documents that a unit must have for itself to be told beside a stronger one. */
const OWN = 0.5;

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
  const taken = new Set<number>();
  const kept: Payload[] = [];
  for (const found of strongest) {
    const own = rows.get(found.unit.hash) ?? [];
    if (own.length < least) continue;
    if (own.filter((row) => !taken.has(row)).length < OWN * own.length) continue;
    for (const row of own) taken.add(row);
    kept.push({ ...found, rows: Int32Array.from(own) });
  }
  return kept.sort((a, b) => b.rows.length - a.rows.length || a.unit.hash - b.unit.hash);
}
