import type { Random } from '../../../statistics/random.ts';
import type { Labels } from '../../labels/index.ts';
import type { Corpus } from '../words/corpus.ts';
import type { Content } from './content.ts';

/** Documents of the label, and of the others, that the scale is fitted on at most. */
const ENOUGH = 1500;
const ROUNDS = 50;
/** Most that one document can say. */
const MOST = 3;

/** Logarithm of how much likelier a judgement is of another label's document than of the label's, −3 to 3. */
export type Doubt = (judgement: number) => number;

/**
 * What a judgement of a document's content is worth as evidence that its label is another's, for one label: a logistic
 * curve through the judgements of documents drawn by lot, each judged without itself.
 */
export function calibrate(
  content: Content,
  corpus: Corpus,
  { labels, label, random }: { labels: Labels; label: number; random: Random },
): Doubt {
  const groups: [number[], number[]] = [[], []];
  const order = random.shuffle(Int32Array.from({ length: corpus.documents }, (_, row) => row));
  for (const document of order) {
    const group = groups[labels.values[document] === label ? 1 : 0] as number[];
    if (group.length >= ENOUGH) continue;
    group.push(content.judge(Int32Array.of(document), label)[0] as number);
    if (groups[0].length >= ENOUGH && groups[1].length >= ENOUGH) break;
  }
  const [slope, shift] = fit(groups);
  return (judgement) => Math.max(-MOST, Math.min(MOST, -(slope * judgement + shift)));
}

/** Slope and shift of a logistic curve between two groups that weigh the same (Newton's method, a little ridge). */
function fit(groups: readonly [readonly number[], readonly number[]]): readonly [number, number] {
  let [slope, shift] = [0.5, 0];
  for (let round = 0; round < ROUNDS; round++) {
    let [ga, gb, haa, hab, hbb] = [-0.002 * slope, -0.002 * shift, 0.002, 0, 0.002];
    for (const target of [0, 1] as const)
      for (const x of groups[target]) {
        const p = 1 / (1 + Math.exp(-(slope * x + shift)));
        const weight = 1 / groups[target].length;
        const h = weight * p * (1 - p);
        ga += weight * (target - p) * x;
        gb += weight * (target - p);
        haa += h * x * x;
        hab += h * x;
        hbb += h;
      }
    const determinant = haa * hbb - hab * hab;
    const [da, db] = [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant];
    slope = Math.max(0, Math.min(20, slope + da));
    shift += db;
    if (Math.abs(da) + Math.abs(db) < 1e-8) break;
  }
  return [slope, shift];
}
