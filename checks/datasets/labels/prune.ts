import { wholeNumbers } from './calibrate.ts';
import { rowsPerClass } from './joint.ts';
import type { ConfidentJoint, Labels, Probabilities, Pruning } from './types.ts';

/** By this much a given label may be less likely than the model's own class and still be the model's choice. */
const SLACK = 1e-6;

/**
 * Rows that are label errors by the joint, ascending (Northcutt et al., section 3.2; named as in the `Pruning` type).
 * Rows whose given label is the model's own choice are never among them, and each class keeps at least one row.
 * O(n log n · classes).
 */
export function labelErrors(
  probabilities: Probabilities,
  labels: Labels,
  joint: ConfidentJoint,
  pruning: Pruning,
): Int32Array {
  const marked = MARK[pruning](probabilities, labels, joint);
  const rows: number[] = [];
  marked.forEach((mark, row) => {
    if (mark === 1 && !isOwnChoice(probabilities, row, labels.values[row] as number)) rows.push(row);
  });
  return Int32Array.from(rows);
}

type Mark = (probabilities: Probabilities, labels: Labels, joint: ConfidentJoint) => Uint8Array;

const MARK: Readonly<Record<Pruning, Mark>> = {
  'noise-rate': markByNoiseRate,
  class: markByClass,
  both: (probabilities, labels, joint) => {
    const byClass = markByClass(probabilities, labels, joint);
    return markByNoiseRate(probabilities, labels, joint).map((mark, row) => mark & (byClass[row] as number));
  },
  joint: (probabilities, _labels, joint) => {
    const marked = new Uint8Array(probabilities.rows);
    for (const row of joint.offDiagonal) marked[row] = 1;
    return marked;
  },
};

function isOwnChoice({ classes, values }: Probabilities, row: number, label: number): boolean {
  const own = (values[row * classes + label] as number) + SLACK;
  for (let c = 0; c < classes; c++) {
    const value = values[row * classes + c] as number;
    if (value > own || (value === own && c < label)) return false;
  }
  return true;
}

/** For every pair of given and other class: the rows furthest on the other's side, as many as the joint counts. */
function markByNoiseRate(probabilities: Probabilities, labels: Labels, joint: ConfidentJoint): Uint8Array {
  const { rows, classes, values } = probabilities;
  const marked = new Uint8Array(rows);
  const wanted = countsToPrune(joint);
  rowsByClass(labels).forEach((members, given) => {
    if (members.length <= 1) return;
    for (let other = 0; other < classes; other++) {
      const count = wanted[given * classes + other] as number;
      if (other === given || count === 0) continue;
      const margins = Float64Array.from(
        members,
        (row) => (values[row * classes + given] as number) - (values[row * classes + other] as number),
      );
      for (const place of lowest(margins, count)) marked[members[place] as number] = 1;
    }
  });
  return marked;
}

/** For every given class: the rows least sure of it, as many as the joint counts as of other classes. */
function markByClass(probabilities: Probabilities, labels: Labels, joint: ConfidentJoint): Uint8Array {
  const { rows, classes, values } = probabilities;
  const marked = new Uint8Array(rows);
  const wanted = countsToPrune(joint);
  rowsByClass(labels).forEach((members, given) => {
    if (members.length <= 1) return;
    const count = members.length - (wanted[given * classes + given] as number);
    const own = Float64Array.from(members, (row) => values[row * classes + given] as number);
    for (const place of lowest(own, count)) marked[members[place] as number] = 1;
  });
  return marked;
}

/** Places of the `count` lowest numbers, equal ones by place. */
function lowest(numbers: Float64Array, count: number): Int32Array {
  if (count <= 0) return new Int32Array(0);
  const cut = numbers.slice().sort()[Math.min(count, numbers.length) - 1] as number;
  const places = Int32Array.from(numbers.keys()).filter((place) => (numbers[place] as number) <= cut);
  return places.sort((a, b) => (numbers[a] as number) - (numbers[b] as number) || a - b).subarray(0, count);
}

function rowsByClass(labels: Labels): Int32Array[] {
  const groups = Array.from(rowsPerClass(labels), (count) => new Int32Array(count));
  const filled = new Int32Array(groups.length);
  labels.values.forEach((label, row) => {
    const place = filled[label] as number;
    (groups[label] as Int32Array)[place] = row;
    filled[label] = place + 1;
  });
  return groups;
}

/** The calibrated joint, changed where a class would lose its last row: it keeps one. */
function countsToPrune({ calibrated, classes }: ConfidentJoint): Int32Array {
  const result = calibrated.slice();
  for (let given = 0; given < classes; given++) {
    const line = result.subarray(given * classes, (given + 1) * classes);
    if ((line[given] as number) >= 1) continue;
    const others = line.filter((count) => count > 0).length;
    if (others === 0) continue;
    const total = line.reduce((sum, count) => sum + count, 0);
    const kept = Float64Array.from(line, (count, c) => (c === given ? 1 : (count / total) * (total - 1)));
    line.set(wholeNumbers(kept));
  }
  return result;
}
