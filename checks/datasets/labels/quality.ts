import { rowsPerClass } from './joint.ts';
import { shownName } from './suspects.ts';
import type { ClassQuality, ConfidentJoint, Labels } from './types.ts';

/** What each given class is worth, most noisy first; classes without rows are left out. O(n + classes²). */
export function classQualities(
  labels: Labels,
  joint: ConfidentJoint,
  quality: Float32Array,
  errors: Int32Array,
): ClassQuality[] {
  const { classes, inverse } = joint;
  const counts = rowsPerClass(labels);
  const sums = new Float64Array(classes);
  labels.values.forEach((label, row) => {
    sums[label] = (sums[label] as number) + (quality[row] as number);
  });
  const suspected = new Int32Array(classes);
  for (const row of errors) {
    const label = labels.values[row] as number;
    suspected[label] = (suspected[label] as number) + 1;
  }
  return labels.names
    .map((_, label) => {
      const line = inverse.subarray(label * classes, (label + 1) * classes);
      const other = largestOther(line, label);
      return {
        name: shownName(labels, label),
        rows: counts[label] as number,
        suspected: suspected[label] as number,
        quality: (sums[label] as number) / (counts[label] as number),
        noise: 1 - (line[label] as number),
        mostly: other === null ? null : shownName(labels, other),
      };
    })
    .filter(({ rows }) => rows > 0)
    .sort((a, b) => b.noise - a.noise);
}

function largestOther(line: Float64Array, label: number): number | null {
  let best: number | null = null;
  line.forEach((share, c) => {
    if (c !== label && share > 0 && (best === null || share > (line[best] as number))) best = c;
  });
  return best;
}
