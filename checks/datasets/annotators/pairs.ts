import { byAnnotator, byItem } from './annotations.ts';
import type { Annotations } from './types.ts';

/** Labels of one item that are paired with those of others; of more, the first so many annotators count. */
export const MOST_PER_ITEM = 300;

/** The labels of two annotators on the items that both labelled, in the order of the items. */
export interface PairCounts {
  readonly annotators: readonly [number, number];
  readonly first: Int32Array;
  readonly second: Int32Array;
}

/** Places of the labels of annotator `a` and of others on the same item, as pairs: `visit(place, other place)`. */
export type Partners = (a: number, visit: (mine: number, theirs: number) => void) => void;

/**
 * Who labelled what together with whom. On an item with repeated labels of an annotator, the first of them counts.
 * One annotator's partners take O(labels × `MOST_PER_ITEM`).
 */
export function partners(annotations: Annotations): Partners {
  const { annotators, items } = annotations;
  const [mine, on] = [byAnnotator(annotations), byItem(annotations)];
  return (a, visit) => {
    let before = -1;
    for (let at = mine.start[a] as number; at < (mine.start[a + 1] as number); at++) {
      const place = mine.order[at] as number;
      const item = items[place] as number;
      if (item === before) continue;
      before = item;
      const from = on.start[item] as number;
      const to = Math.min(on.start[item + 1] as number, from + MOST_PER_ITEM);
      let last = -1;
      for (let other = from; other < to; other++) {
        const theirs = on.order[other] as number;
        const annotator = annotators[theirs] as number;
        if (annotator !== a && annotator !== last) visit(place, theirs);
        last = annotator;
      }
    }
  };
}

/** Pairs with at least two items in common, those with most first, then by number; at most `most`. */
export function pairCounts(annotations: Annotations, most: number): PairCounts[] {
  if (most === 0) return [];
  const { annotators, labels, annotatorNames } = annotations;
  const visitPartners = partners(annotations);
  const shared = new Int32Array(annotatorNames.length);
  let best: { a: number; b: number; shared: number }[] = [];
  const cut = (): void => {
    best = best.sort((x, y) => y.shared - x.shared || x.a - y.a || x.b - y.b).slice(0, most);
  };
  for (let a = 0; a < annotatorNames.length; a++) {
    const touched: number[] = [];
    visitPartners(a, (_, theirs) => {
      const b = annotators[theirs] as number;
      if (b <= a) return;
      if (shared[b] === 0) touched.push(b);
      (shared[b] as number)++;
    });
    for (const b of touched) {
      if ((shared[b] as number) >= 2) best.push({ a, b, shared: shared[b] as number });
      shared[b] = 0;
    }
    if (best.length > 50 * most + 10_000) cut();
  }
  cut();
  return best.map(({ a, b }) => {
    const [first, second]: [number[], number[]] = [[], []];
    visitPartners(a, (mine, theirs) => {
      if (annotators[theirs] !== b) return;
      first.push(labels[mine] as number);
      second.push(labels[theirs] as number);
    });
    return { annotators: [a, b], first: Int32Array.from(first), second: Int32Array.from(second) };
  });
}
