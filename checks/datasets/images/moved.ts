import type { Progress } from '../neighbours/index.ts';
import type { Box } from './candidates.ts';
import { createEdges } from './edges.ts';
import { FEWEST_ROWS, type Grouper } from './groups.ts';
import type { Pixels } from './pixels.ts';

/** Sides of the windows that are sought wherever they are. */
const SIDES = [2, 3, 4, 5, 6, 8] as const;
/** Smaller windows are alike roughly all over natural pictures. */
const LEAST_ROUGH = 3;
/** Windows kept of each kind, and buckets in which all are counted first. */
const MOST_KEPT = 1_000_000;
const BUCKETS = 2 ** 24;
/** Pixels of all pictures together that are looked at. */
const MOST_PIXELS = 4e8;
const SLICE_ROWS = 200;

interface Look {
  readonly side: number;
  readonly rough: boolean;
}

interface Windows {
  readonly look: Look;
  /** Of each window its key, its row, and the place of its upper left corner in the picture. */
  readonly numbers: number[];
}

/**
 * Windows that stand out from what is around them and show the same wherever they are, exactly and roughly: a patch that
 * was put at a place of its own in each picture. O(n · pixels · sides).
 */
export function* searchMoved(
  pixels: Pixels,
  rows: Int32Array,
  grouper: Grouper,
): Generator<Progress, void, void> {
  const { height, width } = pixels;
  const stride = Math.max(1, Math.ceil((rows.length * height * width) / MOST_PIXELS));
  const some = rows.filter((_, at) => at % stride === 0);
  const looks = SIDES.filter((side) => side < Math.min(height, width)).flatMap((side) => [
    { side, rough: false },
    ...(side < LEAST_ROUGH ? [] : [{ side, rough: true }]),
  ]);
  const counts = new Uint8Array(BUCKETS);
  const found = looks.map((look): Windows => ({ look, numbers: [] }));
  yield* eachWindow(pixels, some, looks, (_row, _corner, _at, key) => {
    const bucket = key >>> 8;
    if ((counts[bucket] as number) < FEWEST_ROWS) counts[bucket] = (counts[bucket] as number) + 1;
  });
  yield* eachWindow(pixels, some, looks, (row, corner, at, key) => {
    const { numbers } = found[at] as Windows;
    if ((counts[key >>> 8] as number) >= FEWEST_ROWS && numbers.length < 3 * MOST_KEPT)
      numbers.push(key, row, corner);
  });
  for (const windows of found) {
    groupWindows(windows, width, grouper);
    yield { stage: 'moved windows', done: windows.look.side, total: SIDES.at(-1) as number };
  }
}

/** Visits the windows that stand apart; `at` is the place of the look. */
function* eachWindow(
  pixels: Pixels,
  rows: Int32Array,
  looks: readonly Look[],
  visit: (row: number, corner: number, at: number, key: number) => void,
): Generator<Progress, void, void> {
  const { height, width } = pixels;
  const edges = createEdges(pixels);
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n] as number;
    edges.read(row);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let at = 0; at < looks.length; at++) {
          const look = looks[at] as Look;
          if (y + look.side > height || x + look.side > width) break;
          if (!edges.apart(y, x, look.side)) continue;
          const corner = y * width + x;
          visit(row, corner, at, keyOf(pixels, row, corner, look));
        }
    if (n % SLICE_ROWS === SLICE_ROWS - 1) yield { stage: 'moved windows', done: n, total: rows.length };
  }
}

function keyOf(
  { width, channels, size, values }: Pixels,
  row: number,
  corner: number,
  { side, rough }: Look,
): number {
  let hash = 0x811c9dc5 ^ (2 * side + Number(rough));
  for (let y = 0; y < side; y++) {
    const from = row * size + (corner + y * width) * channels;
    for (let at = from; at < from + side * channels; at++) {
      const value = values[at] as number;
      const mixed = Math.imul(hash ^ (rough ? (value + 32) >> 6 : value), 0x9e3779b1);
      hash = mixed ^ (mixed >>> 15);
    }
  }
  return (hash | 1) >>> 0;
}

function groupWindows({ look, numbers }: Windows, width: number, grouper: Grouper): void {
  const count = numbers.length / 3;
  const [keyAt, rowAt] = [0, 1].map((part) => (at: number) => numbers[3 * at + part] as number) as [
    (at: number) => number,
    (at: number) => number,
  ];
  const order = Uint32Array.from({ length: count }, (_, at) => at).sort(
    (a, b) => keyAt(a) - keyAt(b) || rowAt(a) - rowAt(b),
  );
  for (let from = 0, to = 0; from < count; from = to) {
    const key = keyAt(order[from] as number);
    while (to < count && keyAt(order[to] as number) === key) to++;
    if (to - from < FEWEST_ROWS) continue;
    const own = order.subarray(from, to);
    const members = Int32Array.from(new Set(Array.from(own, rowAt)));
    if (members.length < FEWEST_ROWS) continue;
    grouper.offer(members, () => {
      const places = new Map<number, Box[]>();
      for (const at of own) {
        const corner = numbers[3 * at + 2] as number;
        const box = {
          row: Math.floor(corner / width),
          column: corner % width,
          height: look.side,
          width: look.side,
        };
        places.set(rowAt(at), [...(places.get(rowAt(at)) ?? []), box]);
      }
      return { box: null, kind: 'moved', places };
    });
  }
}
