import { assertLabels, LABEL_MAPS, type Labels } from '../labels/index.ts';
import { findNeighbours } from '../neighbours/index.ts';
import { type DatasetFinding, DatasetInputError, MAX_ROWS_NAMED, type Suspect } from '../types.ts';
import { imageFeatureSteps } from './features.ts';
import { type Pixels, pixelsOf } from './pixels.ts';
import { shownClass } from './report.ts';
import { type CheckImageDuplicates, IMAGE_DUPLICATES } from './types.ts';

const USUAL_NEAR = 0.02;
const NEIGHBOURS = 10;
/** Least correlation of the bytes of two pictures that count as nearly the same, and the largest root mean square difference in levels. */
const LEAST_CORRELATION = 0.98;
const MOST_DIFFERENCE = 14;
/** How bad a copy is: one of a group whose labels agree, and one of a group whose labels do not. */
const COPY_SCORE = 0.3;
const FLOOD_SCORE = 0.7;
const CONFLICT_SCORE = 0.9;
/** Copies of one picture from which they are a flood. */
const FLOOD_ROWS = 10;

/**
 * Groups of pictures that are the same byte for byte, or whose features are near and whose bytes correlate. Copies with
 * one label score .3; those of a flood of ten and more .7; a copy whose group has more than one label .9, unless it has
 * the label of most. O(n · d) and one search for ten neighbours; a group is found through a chain of near pairs.
 */
export const checkImageDuplicates: CheckImageDuplicates = function* (images, labels, options = {}) {
  const { near = USUAL_NEAR, seed = 0 } = options;
  if (!(near >= 0 && near <= 1))
    throw new DatasetInputError(`A distance of near pictures is 0 to 1, not ${String(near)}.`);
  const pixels = pixelsOf(images);
  if (labels !== null) assertLabels(labels, pixels.rows);
  const parents = Int32Array.from({ length: pixels.rows }, (_, row) => row);
  joinSame(pixels, parents);
  const features = yield* imageFeatureSteps(pixels);
  const neighbours = yield* findNeighbours(features, {
    k: Math.min(NEIGHBOURS, pixels.rows - 1),
    metric: 'cosine',
    seed,
  });
  for (let at = 0; at < neighbours.indices.length; at++) {
    const [row, other] = [Math.floor(at / neighbours.k), neighbours.indices[at] as number];
    if (other < 0 || (neighbours.distances[at] as number) > near) continue;
    if (rootOf(parents, row) !== rootOf(parents, other) && nearlySame(pixels, row, other))
      join(parents, row, other);
    if (at % 100_000 === 99_999) yield { stage: 'duplicates', done: row, total: pixels.rows };
  }
  const groups = groupsOf(parents);
  const judged = groups.map((rows) => judge(rows, labels));
  const scores = new Float32Array(pixels.rows);
  for (const { rows, scores: own } of judged)
    rows.forEach((row, at) => {
      scores[row] = own[at] as number;
    });
  return {
    scores,
    suspects: suspectsOf(judged),
    findings: findingsOf(judged, pixels.rows),
    blindSpots: [
      'Copies that were mirrored, turned, cut or moved by more than a pixel or so are not seen as copies.',
      ...(labels === null
        ? ['Without labels, copies that contradict each other cannot be told from others.']
        : []),
    ],
  };
};

function rootOf(parents: Int32Array, row: number): number {
  let root = row;
  while (parents[root] !== root) {
    parents[root] = parents[parents[root] as number] as number;
    root = parents[root] as number;
  }
  return root;
}

function join(parents: Int32Array, a: number, b: number): void {
  const [first, second] = [rootOf(parents, a), rootOf(parents, b)];
  parents[Math.max(first, second)] = Math.min(first, second);
}

/** Joins rows with the very same bytes, compared byte for byte where a hash (FNV-1a) agrees. */
function joinSame(pixels: Pixels, parents: Int32Array): void {
  const { rows, size, values } = pixels;
  const firsts = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    let hash = 0x811c9dc5;
    for (let at = row * size, end = at + size; at < end; at++)
      hash = Math.imul(hash ^ (values[at] as number), 0x01000193);
    const known = firsts.get(hash);
    if (known === undefined) {
      firsts.set(hash, [row]);
      continue;
    }
    const same = known.find((first) => sameBytes(pixels, first, row));
    if (same !== undefined) join(parents, same, row);
    else if (known.length < 50) known.push(row);
  }
}

function sameBytes({ size, values }: Pixels, a: number, b: number): boolean {
  for (let p = 0; p < size; p++) if (values[a * size + p] !== values[b * size + p]) return false;
  return true;
}

function nearlySame({ size, values }: Pixels, a: number, b: number): boolean {
  let [sumA, sumB, squareA, squareB, product] = [0, 0, 0, 0, 0];
  for (let p = 0; p < size; p++) {
    const [x, y] = [values[a * size + p] as number, values[b * size + p] as number];
    sumA += x;
    sumB += y;
    squareA += x * x;
    squareB += y * y;
    product += x * y;
  }
  const difference = Math.sqrt(Math.max(0, (squareA + squareB - 2 * product) / size));
  const spread = Math.sqrt(
    Math.max(0, squareA - (sumA * sumA) / size) * Math.max(0, squareB - (sumB * sumB) / size),
  );
  const correlation = spread > 0 ? (product - (sumA * sumB) / size) / spread : 1;
  return difference <= MOST_DIFFERENCE && correlation >= LEAST_CORRELATION;
}

function groupsOf(parents: Int32Array): Int32Array[] {
  const lists = new Map<number, number[]>();
  for (let row = 0; row < parents.length; row++) {
    const root = rootOf(parents, row);
    const list = lists.get(root);
    if (list === undefined) lists.set(root, [row]);
    else list.push(row);
  }
  return [...lists.values()].filter((rows) => rows.length > 1).map((rows) => Int32Array.from(rows));
}

interface Group {
  readonly rows: Int32Array;
  readonly scores: Float32Array;
  /** Names of the labels where there is more than one. */
  readonly conflict: readonly string[] | null;
}

function judge(rows: Int32Array, labels: Labels | null): Group {
  const usual = rows.length >= FLOOD_ROWS ? FLOOD_SCORE : COPY_SCORE;
  const counts = new Map<number, number>();
  for (const row of rows) {
    const label = labels?.values[row] ?? 0;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  if (labels === null || counts.size === 1)
    return { rows, scores: new Float32Array(rows.length).fill(usual), conflict: null };
  const most = Math.max(...counts.values());
  const leaders = [...counts.values()].filter((count) => count === most).length;
  const scores = Float32Array.from(rows, (row) =>
    leaders === 1 && counts.get(labels.values[row] as number) === most ? usual : CONFLICT_SCORE,
  );
  return { rows, scores, conflict: [...counts.keys()].slice(0, 5).map((label) => shownClass(labels, label)) };
}

function suspectsOf(groups: readonly Group[]): Suspect[] {
  return groups
    .flatMap(({ rows, scores, conflict }) =>
      Array.from(rows, (row, at): Suspect => {
        const other = rows[at === 0 ? 1 : 0] as number;
        const said =
          conflict === null ? '' : `; their labels are ${conflict.map((name) => `“${name}”`).join(', ')}`;
        const message = `(nearly) the same picture as row ${other}, ${rows.length} in all${said}`;
        return { row, score: scores[at] as number, reasons: [{ check: IMAGE_DUPLICATES, message }] };
      }),
    )
    .filter(({ score }) => score > 0.5)
    .sort((a, b) => b.score - a.score || a.row - b.row);
}

function findingsOf(groups: readonly Group[], rows: number): DatasetFinding[] {
  const conflicts = groups.filter(({ conflict }) => conflict !== null);
  const floods = groups.filter(({ rows: own }) => own.length >= FLOOD_ROWS);
  const others = groups.filter((group) => !conflicts.includes(group) && !floods.includes(group));
  const made = (
    some: readonly Group[],
    severity: DatasetFinding['severity'],
    [title, message]: [string, string],
  ) => {
    if (some.length === 0) return [];
    const named = some.flatMap((group) => [...group.rows]).sort((a, b) => a - b);
    return [
      {
        check: IMAGE_DUPLICATES,
        title,
        severity,
        message: `${named.length} of ${rows} pictures are in ${some.length} groups of copies. ${message}`,
        rows: named.slice(0, MAX_ROWS_NAMED),
        count: named.length,
        precision: null,
        evidence: { groups: some.length, largest: Math.max(...some.map((group) => group.rows.length)) },
        maps: LABEL_MAPS,
      } satisfies DatasetFinding,
    ];
  };
  return [
    ...made(conflicts, 'medium', [
      'The same picture with different labels',
      'At most one label of each can be right.',
    ]),
    ...made(floods, 'medium', ['Many copies of one picture', 'A model learns them as often as they occur.']),
    ...made(others, 'info', [
      'Copies of pictures',
      'Keep them out of test data if they are in training data.',
    ]),
  ];
}
