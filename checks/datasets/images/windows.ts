import type { Progress } from '../neighbours/index.ts';
import { createEdges, type Edges } from './edges.ts';
import { FEWEST_ROWS, type Grouper } from './groups.ts';
import type { Pixels } from './pixels.ts';

/** Numbers held at once for each kind of key. */
const BLOCK_NUMBERS = 4_000_000;
/** Looks at one place in one picture that a search may take: beyond them fewer sizes, then fewer rows. */
const MOST_LOOKS = 9e8;

export interface Plan {
  readonly rows: Int32Array;
  /** Sides of the windows. */
  readonly sizes: readonly number[];
}

/** What of the search fits the time. */
export function planWindows({ rows, height, width }: Pixels): Plan {
  const side = Math.min(height, width);
  const plans = [[1, 2, 3, 4, 5, 6], [1, 3, 5], [3]].map((sizes) => sizes.filter((k) => k <= side));
  const looks = (sizes: readonly number[], count: number): number =>
    2.5 * sizes.length * height * width * count;
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const sizes = plans.find((some) => some.length > 0 && looks(some, rows) <= MOST_LOOKS);
  if (sizes !== undefined) return { rows: all, sizes };
  const least = [Math.min(3, side)];
  const stride = Math.ceil(looks(least, rows) / MOST_LOOKS);
  return { rows: all.filter((row) => row % stride === 0), sizes: least };
}

/** Keys of all windows with their upper left corner in a block of columns of one row: per column and picture. */
interface Keys {
  /** Per size: the very bytes; 0 never. */
  readonly exact: readonly Uint32Array[];
  /** Per size: 2 bits per level; 0 never. */
  readonly coarse: readonly Uint32Array[];
  /** Bit k: the window of the k-th size stands out from what is around it. */
  readonly apart: Uint8Array;
}

/**
 * Looks at every window of every picture: rows with the very same bytes at the same place, with the same bytes that
 * stand out from their surroundings, and with the same bytes roughly. O(n · pixels · sizes).
 */
export function* searchWindows(
  pixels: Pixels,
  { rows, sizes }: Plan,
  grouper: Grouper,
): Generator<Progress, void, void> {
  const { height, width } = pixels;
  const block = Math.max(1, Math.min(width, Math.floor(BLOCK_NUMBERS / rows.length)));
  const keys: Keys = {
    exact: sizes.map(() => new Uint32Array(block * rows.length)),
    coarse: sizes.map(() => new Uint32Array(block * rows.length)),
    apart: new Uint8Array(block * rows.length),
  };
  const scratch = new Uint32Array(rows.length);
  const edges = createEdges(pixels);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column += block) {
      const columns = Math.min(block, width - column);
      fillKeys(pixels, { rows, sizes }, { row, column, columns, edges }, keys);
      for (let c = 0; c < columns; c++) {
        groupPlace({ pixels, plan: { rows, sizes }, keys, grouper, scratch }, row, column + c, c);
        yield { stage: 'windows', done: row * width + column + c, total: height * width };
      }
    }
}

interface Place {
  readonly pixels: Pixels;
  readonly plan: Plan;
  readonly keys: Keys;
  readonly grouper: Grouper;
  readonly scratch: Uint32Array;
}

function groupPlace(place: Place, row: number, column: number, at: number): void {
  const { pixels, plan, keys, grouper, scratch } = place;
  const count = plan.rows.length;
  plan.sizes.forEach((size, s) => {
    if (row + size > pixels.height || column + size > pixels.width) return;
    const box = { row, column, height: size, width: size };
    const exact = (keys.exact[s] as Uint32Array).subarray(at * count, (at + 1) * count);
    grouper.group(exact, plan.rows, { box, apart: false });
    let standing = 0;
    for (let i = 0; i < count; i++) {
      const apart = ((keys.apart[at * count + i] as number) >> s) & 1;
      scratch[i] = apart === 1 ? (exact[i] as number) : 0;
      standing += apart;
    }
    if (standing >= FEWEST_ROWS) grouper.group(scratch, plan.rows, { box, apart: true });
    if (size % 2 === 1)
      grouper.group((keys.coarse[s] as Uint32Array).subarray(at * count, (at + 1) * count), plan.rows, {
        box,
        apart: false,
      });
  });
}

interface Span {
  readonly row: number;
  readonly column: number;
  readonly columns: number;
  readonly edges: Edges;
}

const mix = (hash: number, value: number): number => {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
};

function fillKeys(pixels: Pixels, { rows, sizes }: Plan, span: Span, keys: Keys): void {
  const { width, height, channels, values } = pixels;
  const largest = sizes.at(-1) as number;
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * pixels.size;
    span.edges.read(rows[i] as number, { from: span.row, to: span.row + largest + 1 });
    for (let c = 0; c < span.columns; c++) {
      const column = span.column + c;
      const cell = c * rows.length + i;
      let [exact, coarse, next] = [0x811c9dc5, 0x811c9dc5, 0];
      const most = Math.min(largest, height - span.row, width - column);
      for (let k = 1; k <= most; k++) {
        for (let step = 0; step < 2 * k - 1; step++) {
          const y = span.row + (step < k ? k - 1 : step - k);
          const x = column + (step < k ? step : k - 1);
          for (let at = from + (y * width + x) * channels, end = at + channels; at < end; at++) {
            exact = mix(exact, values[at] as number);
            coarse = mix(coarse, ((values[at] as number) + 32) >> 6);
          }
        }
        if (sizes[next] !== k) continue;
        (keys.exact[next] as Uint32Array)[cell] = exact | 1;
        (keys.coarse[next] as Uint32Array)[cell] = coarse | 1;
        next++;
      }
      let bits = 0;
      for (let s = 0; s < next; s++)
        if (span.edges.apart(span.row, column, sizes[s] as number)) bits |= 1 << s;
      keys.apart[cell] = bits;
    }
  }
}
