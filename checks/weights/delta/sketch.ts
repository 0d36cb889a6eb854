/**
 * Randomised low-rank approximation of a matrix that is only seen row by row: Halko, Martinsson and Tropp, "Finding
 * structure with randomness" (2011), algorithm 4.1 for the range and 5.1 for the values, without power iterations:
 * Y = AΩ in a first pass, Q = orth(Y), B = QᵀA in a second one; the eigenvalues of BBᵀ are the squares of the
 * approximate singular values, each at most the true one.
 */
export interface RowSketch {
  /** First pass: rows `from` on, each of `columns` numbers. */
  addRows(rows: Float64Array, from: number): void;
  /** Between the passes. */
  orthonormalise(): void;
  /** Second pass over the same rows. */
  project(rows: Float64Array, from: number): void;
  /** Approximate singular values, falling. */
  values(): Float64Array;
}

export interface SketchSize {
  readonly rows: number;
  readonly columns: number;
  /** Singular values to look for, oversampling included. */
  readonly size: number;
  readonly seed: number;
}

export function createSketch({ rows, columns, size, seed }: SketchSize): RowSketch {
  const omega = gaussians(columns * size, seed);
  const y = new Float64Array(rows * size);
  const b = new Float64Array(size * columns);
  return Object.freeze({
    addRows(block: Float64Array, from: number) {
      forRows(block, columns, (start, row) => {
        const at = (from + row) * size;
        for (let column = 0; column < columns; column += 1) {
          const value = block[start + column] as number;
          if (value === 0) continue;
          const base = column * size;
          for (let index = 0; index < size; index += 1) {
            y[at + index] = (y[at + index] as number) + value * (omega[base + index] as number);
          }
        }
      });
    },
    orthonormalise: () => gramSchmidt(y, rows, size),
    project(block: Float64Array, from: number) {
      forRows(block, columns, (start, row) => {
        const at = (from + row) * size;
        for (let index = 0; index < size; index += 1) {
          const weight = y[at + index] as number;
          if (weight === 0) continue;
          const base = index * columns;
          for (let column = 0; column < columns; column += 1) {
            b[base + column] = (b[base + column] as number) + weight * (block[start + column] as number);
          }
        }
      });
    },
    values() {
      const gram = new Float64Array(size * size);
      for (let i = 0; i < size; i += 1) {
        for (let j = i; j < size; j += 1) {
          let sum = 0;
          for (let column = 0; column < columns; column += 1) {
            sum += (b[i * columns + column] as number) * (b[j * columns + column] as number);
          }
          gram[i * size + j] = sum;
          gram[j * size + i] = sum;
        }
      }
      return eigenvalues(gram, size)
        .map((value) => Math.sqrt(Math.max(0, value)))
        .sort()
        .toReversed();
    },
  });
}

/** Rows without a number other than zero are passed over. */
function forRows(block: Float64Array, columns: number, visit: (start: number, row: number) => void): void {
  for (let row = 0; row * columns < block.length; row += 1) {
    const start = row * columns;
    let isZero = true;
    for (let column = 0; column < columns && isZero; column += 1) isZero = block[start + column] === 0;
    if (!isZero) visit(start, row);
  }
}

/** Modified Gram-Schmidt over the columns, twice; columns that vanish become zero. */
function gramSchmidt(y: Float64Array, rows: number, size: number): void {
  const first = columnNorms(y, rows, size);
  const largest = Math.max(...first);
  for (let round = 0; round < 2; round += 1) {
    for (let j = 0; j < size; j += 1) {
      for (let i = 0; i < j; i += 1) {
        let dot = 0;
        for (let at = 0; at < rows * size; at += size) dot += (y[at + i] as number) * (y[at + j] as number);
        if (dot === 0) continue;
        for (let at = 0; at < rows * size; at += size)
          y[at + j] = (y[at + j] as number) - dot * (y[at + i] as number);
      }
      let norm = 0;
      for (let at = 0; at < rows * size; at += size) norm += (y[at + j] as number) ** 2;
      norm = Math.sqrt(norm);
      const scale = norm > (round === 0 ? largest * 1e-10 : 0.5) ? 1 / norm : 0;
      for (let at = 0; at < rows * size; at += size) y[at + j] = (y[at + j] as number) * scale;
    }
  }
}

function columnNorms(y: Float64Array, rows: number, size: number): number[] {
  return Array.from({ length: size }, (_, j) => {
    let norm = 0;
    for (let at = 0; at < rows * size; at += size) norm += (y[at + j] as number) ** 2;
    return Math.sqrt(norm);
  });
}

/** Eigenvalues of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, section 8.5). */
export function eigenvalues(matrix: Float64Array, size: number): Float64Array {
  const a = matrix.slice();
  const at = (i: number, j: number) => a[i * size + j] as number;
  for (let sweep = 0; sweep < 30; sweep += 1) {
    let off = 0;
    let diagonal = 0;
    for (let i = 0; i < size; i += 1) {
      diagonal += at(i, i) ** 2;
      for (let j = i + 1; j < size; j += 1) off += at(i, j) ** 2;
    }
    if (off <= 1e-24 * diagonal) break;
    for (let p = 0; p < size; p += 1) {
      for (let q = p + 1; q < size; q += 1) rotate(a, size, p, q);
    }
  }
  return Float64Array.from({ length: size }, (_, i) => at(i, i));
}

function rotate(a: Float64Array, size: number, p: number, q: number): void {
  const apq = a[p * size + q] as number;
  if (apq === 0) return;
  const theta = ((a[q * size + q] as number) - (a[p * size + p] as number)) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < size; k += 1) {
    const [kp, kq] = [a[k * size + p] as number, a[k * size + q] as number];
    a[k * size + p] = c * kp - s * kq;
    a[k * size + q] = s * kp + c * kq;
  }
  for (let k = 0; k < size; k += 1) {
    const [pk, qk] = [a[p * size + k] as number, a[q * size + k] as number];
    a[p * size + k] = c * pk - s * qk;
    a[q * size + k] = s * pk + c * qk;
  }
}

/** Normal numbers, the same ones for the same seed (mulberry32, Box and Muller). */
function gaussians(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()),
  );
}
