import type { Labels, Probabilities } from '../labels/index.ts';

/** Share of the records that are said to be of a class which are its surest. */
const SUREST = 0.15;
const LEAST = 50;
/** Records of any class's noise that each class's own is mixed with. */
const PRIOR = 20;

/**
 * Label noise p(given | true), true label by given label, each row summing to 1, from the records of each class that the
 * judge is surest of (anchor points: Patrini et al., CVPR 2017, section 4.1): those are of their class beyond doubt, so
 * what share of them has another label is noise, while elsewhere it may as well be that the classes overlap. Classes with
 * few such records borrow from the others. O(n log n + n · classes).
 */
export function anchorNoise({ rows, classes, values }: Probabilities, labels: Labels): Float64Array {
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (let row = 0; row < rows; row++) members[likeliest(values, row * classes, classes)]?.push(row);
  const counts = new Float64Array(classes * classes);
  const totals = new Float64Array(classes);
  let [off, all] = [0, 0];
  members.forEach((own, truth) => {
    const most = Math.min(own.length, Math.max(LEAST, Math.ceil(SUREST * own.length)));
    const sureness = (row: number): number => values[row * classes + truth] as number;
    const surest = own.sort((a, b) => sureness(b) - sureness(a) || a - b).slice(0, most);
    for (const row of surest) {
      const at = truth * classes + (labels.values[row] as number);
      counts[at] = (counts[at] as number) + 1;
      off += Number(labels.values[row] !== truth);
    }
    totals[truth] = surest.length;
    all += surest.length;
  });
  const share = (off + 0.5) / (all + 1);
  return counts.map((count, at) => {
    const truth = Math.floor(at / classes);
    const usual = at % classes === truth ? 1 - share : share / (classes - 1);
    return (count + PRIOR * usual) / ((totals[truth] as number) + PRIOR);
  });
}

function likeliest(values: ArrayLike<number>, start: number, classes: number): number {
  let best = 0;
  for (let each = 1; each < classes; each++)
    if ((values[start + each] as number) > (values[start + best] as number)) best = each;
  return best;
}
