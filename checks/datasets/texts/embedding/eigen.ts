import { type Dense, dense } from './dense.ts';

const SWEEPS = 30;

export interface Eigen {
  /** Largest first. */
  readonly values: Float64Array;
  /** One eigenvector a column, in the order of the values. */
  readonly vectors: Dense;
}

/** Eigenvalues and vectors of a symmetric matrix by Jacobi's cyclic rotations. O(n³), some 10 sweeps; n up to about 500. */
export function symmetricEigen(matrix: Dense): Eigen {
  const n = matrix.rows;
  const a = Float64Array.from(matrix.values);
  const v = dense(n, n);
  for (let i = 0; i < n; i++) v.values[i * n + i] = 1;
  const scale = a.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = 0; q < p; q++) off += (a[p * n + q] as number) ** 2;
    if (off <= 1e-18 * scale) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v.values, n, [p, q]);
  }
  const order = Int32Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => (a[j * n + j] as number) - (a[i * n + i] as number) || i - j,
  );
  const vectors = dense(n, n);
  order.forEach((from, to) => {
    for (let row = 0; row < n; row++) vectors.values[row * n + to] = v.values[row * n + from] as number;
  });
  return { values: Float64Array.from(order, (i) => a[i * n + i] as number), vectors };
}

function rotate(a: Float64Array, v: Float64Array, n: number, [p, q]: readonly [number, number]): void {
  const apq = a[p * n + q] as number;
  if (apq === 0) return;
  const theta = ((a[q * n + q] as number) - (a[p * n + p] as number)) / (2 * apq);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [kp, kq] = [a[k * n + p] as number, a[k * n + q] as number];
    a[k * n + p] = c * kp - s * kq;
    a[k * n + q] = s * kp + c * kq;
  }
  for (let k = 0; k < n; k++) {
    const [pk, qk] = [a[p * n + k] as number, a[q * n + k] as number];
    a[p * n + k] = c * pk - s * qk;
    a[q * n + k] = s * pk + c * qk;
    const [vp, vq] = [v[k * n + p] as number, v[k * n + q] as number];
    v[k * n + p] = c * vp - s * vq;
    v[k * n + q] = s * vp + c * vq;
  }
}
