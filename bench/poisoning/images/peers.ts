import { principal, project } from '@bartizan/checks/datasets/activations/index.ts';
import { type Labels, neighbourDisagreement } from '@bartizan/checks/datasets/labels/index.ts';
import { findNeighbours, finish } from '@bartizan/checks/datasets/neighbours/index.ts';
import type { Images, Matrix } from '@bartizan/checks/datasets/types.ts';

export type Bytes = Images & { readonly values: Uint8Array };
type Method = (images: Bytes, labels: Labels) => ArrayLike<number>;

const asMatrix = ({ rows, values }: Bytes): Matrix => ({
  rows,
  columns: values.length / rows,
  values: Float32Array.from(values),
});

/** Squared projection on the first singular direction of each class's pixels. */
const spectralPixels: Method = (images, labels) => {
  const matrix = asMatrix(images);
  const scores = new Float64Array(images.rows);
  labels.names.forEach((_, label) => {
    const rows = Int32Array.from(labels.values.keys()).filter((row) => labels.values[row] === label);
    const found = finish(principal(matrix, { count: 1, seed: 1, rows }));
    const along = new Float64Array(1);
    for (const row of rows) {
      project(found, { values: matrix.values, at: row * matrix.columns }, along, 0);
      scores[row] = (along[0] as number) ** 2;
    }
  });
  return scores;
};

/** Share of the ten nearest pictures, by pixels, with another label. */
const neighbourLabels: Method = (images, labels) =>
  neighbourDisagreement(finish(findNeighbours(asMatrix(images), { k: 10, search: 'exact' })), labels);

/** The largest z-score of the association of a lit pixel (above 127) with the row's label. */
const pixelScores: Method = ({ rows, values }, labels) => {
  const size = values.length / rows;
  const classes = labels.names.length;
  const counts = new Float64Array(size * classes);
  const totals = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    const label = labels.values[row] as number;
    totals[label] = (totals[label] as number) + 1;
    for (let p = 0; p < size; p++)
      if ((values[row * size + p] as number) > 127)
        counts[p * classes + label] = (counts[p * classes + label] as number) + 1;
  }
  const z = counts.map((count, at) => {
    const from = at - (at % classes);
    const lit = counts.subarray(from, from + classes).reduce((sum, value) => sum + value, 0);
    const share = (totals[at % classes] as number) / rows;
    return lit === 0 ? 0 : (count - lit * share) / Math.sqrt(lit * share * (1 - share));
  });
  return Float64Array.from({ length: rows }, (_, row) => {
    let most = 0;
    for (let p = 0; p < size; p++)
      if ((values[row * size + p] as number) > 127)
        most = Math.max(most, z[p * classes + (labels.values[row] as number)] as number);
    return most;
  });
};

/** The plain methods of the literature, on pixels. */
export const PEERS: Readonly<Record<string, Method>> = Object.freeze({
  'spectral signature, pixels': spectralPixels,
  'neighbours with another label, pixels': neighbourLabels,
  'pixel–label z-score': pixelScores,
});
