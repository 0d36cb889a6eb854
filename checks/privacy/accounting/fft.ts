/**
 * In place, the discrete Fourier transform Σ x_j e^{∓2πijk/n} (minus where `inverse` is false), not divided by n. Length a
 * power of two, 2 or more; RangeError otherwise. Twiddles are each computed by themselves, so that the relative error in
 * L2 is at most some 5u log₂ n, u = 2⁻⁵³ (Higham, Accuracy and Stability, §24.1).
 */
export function fft(real: Float64Array, imaginary: Float64Array, inverse = false): void {
  const n = real.length;
  if (n < 2 || (n & (n - 1)) !== 0 || imaginary.length !== n)
    throw new RangeError('A transform has a length that is a power of two');
  reorder(real, imaginary);
  const [cosines, sines] = twiddles(n, inverse ? 1 : -1);
  for (let half = 1; half < n; half *= 2) {
    const stride = n / (2 * half);
    for (let start = 0; start < n; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const a = start + k;
        const b = a + half;
        const c = cosines[k * stride] as number;
        const d = sines[k * stride] as number;
        const p = (real[b] as number) * c - (imaginary[b] as number) * d;
        const q = (real[b] as number) * d + (imaginary[b] as number) * c;
        real[b] = (real[a] as number) - p;
        imaginary[b] = (imaginary[a] as number) - q;
        real[a] = (real[a] as number) + p;
        imaginary[a] = (imaginary[a] as number) + q;
      }
    }
  }
}

function twiddles(n: number, sign: 1 | -1): readonly [cosines: Float64Array, sines: Float64Array] {
  const [cosines, sines] = [new Float64Array(n / 2), new Float64Array(n / 2)];
  for (let k = 0; k < n / 2; k++) {
    cosines[k] = Math.cos((2 * Math.PI * k) / n);
    sines[k] = sign * Math.sin((2 * Math.PI * k) / n);
  }
  return [cosines, sines];
}

function reorder(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const [x, y] = [real[i] as number, imaginary[i] as number];
    real[i] = real[j] as number;
    imaginary[i] = imaginary[j] as number;
    real[j] = x;
    imaginary[j] = y;
  }
}
