import { type Dense, dense } from './dense.ts';

/** Added to the diagonal, as a share of its mean. */
const RIDGE = 1e-9;

/** The inverse of the transposed lower Cholesky factor L of G + ridge, so that X · L⁻ᵀ is orthonormal where XᵀX = G. */
export function inverseFactor({ rows: n, values: g }: Dense): Dense {
  const l = new Float64Array(n * n);
  let trace = 0;
  for (let i = 0; i < n; i++) trace += g[i * n + i] as number;
  const ridge = Math.max(Number.MIN_VALUE, (RIDGE * trace) / n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = (g[i * n + j] as number) + (i === j ? ridge : 0);
      for (let k = 0; k < j; k++) sum -= (l[i * n + k] as number) * (l[j * n + k] as number);
      l[i * n + j] = i === j ? Math.sqrt(Math.max(sum, ridge)) : sum / (l[j * n + j] as number);
    }
  const result = dense(n, n);
  for (let column = 0; column < n; column++)
    for (let i = column; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++)
        sum -= (l[i * n + k] as number) * (result.values[column * n + k] as number);
      result.values[column * n + i] = sum / (l[i * n + i] as number);
    }
  return result;
}
