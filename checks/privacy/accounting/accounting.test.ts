import { describe, expect, it, vi } from 'vitest';
import { parseRational, toNumber } from '../rational.ts';
import { compose } from './compose.ts';
import { discreteGaussianDelta, discreteGaussianVariance } from './discrete-gaussian.ts';
import { fft } from './fft.ts';
import {
  composedGaussianDelta,
  gaussianDelta,
  gaussianSigma,
  sampledGaussianDelta,
  sampledGaussianSigma,
} from './gaussian.ts';
import { stepLosses } from './losses.ts';
import { rdpEpsilon, sampledGaussianRdp, sampledGaussianRdpUpper, trainingRdpEpsilon } from './rdp.ts';
import { erfc, logErfc } from './special.ts';
import { calibrateNoise, trainingEpsilon } from './training.ts';
import { advancedComposition, zcdpBudget, zcdpEpsilon } from './zcdp.ts';

/** Many draws take their time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

/** Equal to so many digits, relatively. */
const near = (value: number, expected: number, relative: number): void =>
  expect(Math.abs(value / expected - 1)).toBeLessThan(relative);

describe('the complementary error function', () => {
  it.each([
    [-1, 1.842700792949715],
    [0.5, 0.4795001221869535],
    [1.19, 0.09239171402831498],
    [1.21, 0.0870444920273306],
    [5, 1.5374597944280351e-12],
    [26, 5.663192408856143e-296],
  ])('at %d', (x, expected) => {
    near(erfc(x), expected, 5e-15);
    near(logErfc(x), Math.log(expected), 1e-14);
  });
});

describe('Gaussian noise', () => {
  it.each([
    [1, 1e-5, 3.730631635],
    [0.5, 1e-5, 7.031826676],
    [1, 1e-6, 4.224678889],
    [8, 1e-6, 0.652935384],
  ])('at ε %d, δ %d', (epsilon, delta, sigma) => {
    near(gaussianSigma(epsilon, delta), sigma, 1e-9);
    expect(gaussianDelta(gaussianSigma(epsilon, delta), epsilon)).toBeLessThanOrEqual(delta);
  });

  it('of σ = √3 in 3 runs is one of 1', () => {
    near(composedGaussianDelta(Math.sqrt(3), 3, 1), 0.1269367375, 1e-9);
  });

  it('on a sample, one step', () => {
    near(sampledGaussianSigma(1, 1e-5, 0.01), 0.67379294682, 1e-7);
  });

  it('stays finite at the ends', () => {
    expect(gaussianDelta(1e12, 1)).toBe(0);
    expect(gaussianDelta(1e-5, 1)).toBe(1);
    expect(() => gaussianSigma(0, 1e-5)).toThrow();
    expect(() => gaussianSigma(1, 0)).toThrow();
  });

  it.each([1n, 3n, 1000n, 10n ** 9n])('of whole numbers and sensitivity %s keeps its δ', (sensitivity) => {
    const variance = discreteGaussianVariance(parseRational('1'), parseRational('1e-5'), sensitivity);
    expect(discreteGaussianDelta(toNumber(variance), Number(sensitivity), 1)).toBeLessThanOrEqual(1e-5);
    near(Math.sqrt(toNumber(variance)) / Number(sensitivity), 3.730631635, 0.01);
  });
});

describe('Rényi accounting', () => {
  const run = { sigma: 2.5, rate: 0.01, steps: 50 };

  it('gives the values of dp-accounting 0.6.0 for orders 1.5, 2.5, 5, 50 and 100', () => {
    const expected = [6.70579741e-4, 1.0854871e-3, 2.18075656e-3, 2.38460375e-2, 167.416308];
    for (const [place, order] of [1.5, 2.5, 5, 50, 100].entries())
      near(sampledGaussianRdpUpper(run, order), expected[place] ?? 0, 5e-9);
  });

  it.each([1.5, 2.5, 3.9, 7.3])('at fractional order %d is the integral that defines it', (order) => {
    const { sigma, rate } = run;
    // Trapezoids on a smooth integrand that ends in zeros are exact to rounding.
    let sum = 0;
    const width = 0.01;
    for (let x = -40; x <= 80; x += width) {
      const ratio = rate * Math.expm1((2 * x - 1) / (2 * sigma * sigma));
      const density = Math.exp((-x * x) / (2 * sigma * sigma)) / (sigma * Math.sqrt(2 * Math.PI));
      sum += density * Math.expm1(order * Math.log1p(ratio)) * width;
    }
    near(sampledGaussianRdp(run, order), (50 * Math.log1p(sum)) / (order - 1), 1e-8);
    expect(sampledGaussianRdpUpper(run, order)).toBeGreaterThanOrEqual(
      sampledGaussianRdp(run, order) * (1 - 1e-9),
    );
  });

  it('is continuous from fractional to whole orders', () => {
    near(sampledGaussianRdp(run, 4.000001), sampledGaussianRdp(run, 4), 1e-5);
  });

  it('turns Rényi privacy of 1.1 at orders 2 to 32 into ε', () => {
    const orders = Array.from({ length: 31 }, (_, place) => place + 2);
    near(
      rdpEpsilon(
        orders,
        orders.map(() => 1.1),
        1e-5,
      ).epsilon,
      1.32783806176,
      1e-11,
    );
  });

  it('of a long run needs fractional orders', () => {
    const long = { sigma: 1.5, rate: 0.04, steps: 2250 };
    near(trainingRdpEpsilon(long, 1e-5).epsilon, 7.32911117143, 2e-11);
    const whole = trainingRdpEpsilon(long, 1e-5, [2, 3, 4, 5, 6, 7, 8]).epsilon;
    near(whole, 7.32988, 1e-6);
  });

  it('refuses what makes no sense', () => {
    expect(() => sampledGaussianRdp({ ...run, rate: 0 }, 2)).toThrow('rate');
    expect(() => sampledGaussianRdp({ ...run, sigma: 0 }, 2)).toThrow('noise');
    expect(() => sampledGaussianRdp({ ...run, steps: 1.5 }, 2)).toThrow('steps');
    expect(() => sampledGaussianRdp(run, 1)).toThrow('order');
    expect(() => rdpEpsilon([2], [], 1e-5)).toThrow();
    expect(() => rdpEpsilon([2], [1], 0)).toThrow();
  });
});

describe('numerical composition', () => {
  it.each(['remove', 'add'] as const)(
    '%s: is an upper bound within 0.1% of what Gaussians exactly have',
    (direction) => {
      const training = { sigma: 5, rate: 1, steps: 10 };
      const losses = stepLosses(training, direction, { step: 1e-3, reach: 9 });
      const curve = compose(losses, { runs: 10, tilt: 5, bottom: -8, length: 2 ** 14 });
      for (const epsilon of [0, 0.5, 1, 2, 3]) {
        const exact = composedGaussianDelta(5, 10, epsilon);
        expect(curve.deltaAt(epsilon)).toBeGreaterThanOrEqual(exact);
        near(curve.deltaAt(epsilon), exact, 1e-3);
      }
    },
  );

  it.each(['remove', 'add'] as const)('%s: keeps the exact curve of one sampled step', (direction) => {
    const training = { sigma: 1.5, rate: 0.04, steps: 1 };
    const losses = stepLosses(training, direction, { step: 1e-4, reach: 9 });
    const curve = compose(losses, { runs: 1, tilt: 3, bottom: -1, length: 2 ** 17 });
    for (const epsilon of [0.01, 0.03, 0.1, 0.3, 1]) {
      const exact = sampledGaussianDelta(1.5, 0.04, epsilon);
      if (direction === 'remove') {
        expect(curve.deltaAt(epsilon)).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
        near(curve.deltaAt(epsilon), exact, 1e-3);
      } else expect(curve.deltaAt(epsilon)).toBeLessThanOrEqual(exact);
    }
  });

  it('of a long run is within 1% of what the PRV accountant gives, and below Rényi', () => {
    const { epsilon, method } = trainingEpsilon({ sigma: 1.5, rate: 0.04, steps: 2250 }, 1e-5);
    expect(method).toBe('pld');
    near(epsilon, 6.777395712150674, 0.01);
    // dp-accounting 0.6.0's privacy loss distributions, pessimistic, with a step of 1e-4.
    near(epsilon, 6.768787373891152, 1e-4);
  });

  it('grows with steps and shrinks with noise', () => {
    const of = (sigma: number, steps: number) => trainingEpsilon({ sigma, rate: 0.02, steps }, 1e-6).epsilon;
    const [less, base, more] = [of(2, 100), of(1.5, 100), of(1.5, 200)];
    expect(less).toBeLessThan(base);
    expect(base).toBeLessThan(more);
  });

  it('falls back to Rényi where losses are too large to tell', () => {
    expect(trainingEpsilon({ sigma: 0.05, rate: 0.1, steps: 10 }, 1e-5)).toMatchObject({ method: 'rdp' });
  });

  it('finds the noise for a target', () => {
    const target = { epsilon: 2, delta: 1e-5, rate: 0.02, steps: 200 };
    const sigma = calibrateNoise(target);
    const of = (noise: number) => trainingEpsilon({ sigma: noise, rate: 0.02, steps: 200 }, 1e-5).epsilon;
    expect(of(sigma)).toBeLessThanOrEqual(2);
    expect(of(sigma * 0.998)).toBeGreaterThan(2);
    near(calibrateNoise({ epsilon: 1, delta: 1e-5, rate: 0.01, steps: 1 }), 0.67379294682, 1e-7);
    expect(() => calibrateNoise({ ...target, epsilon: 0 })).toThrow('ε');
  }, 60_000);
});

describe('the Fourier transform', () => {
  it('goes there and back, and refuses other lengths', () => {
    const values = Float64Array.from({ length: 64 }, (_, place) => Math.sin(place * place));
    const [real, imaginary] = [values.slice(), new Float64Array(64)];
    fft(real, imaginary);
    near(
      real[0] ?? 0,
      values.reduce((sum, value) => sum + value, 0),
      1e-12,
    );
    fft(real, imaginary, true);
    for (let place = 0; place < 64; place++)
      expect(real[place] ?? 0).toBeCloseTo(64 * (values[place] ?? 0), 10);
    expect(() => fft(new Float64Array(3), new Float64Array(3))).toThrow(RangeError);
  });
});

describe('concentrated privacy', () => {
  it('turns ρ into the ε of the best order, and back', () => {
    // Never below the exact curve of Gaussian noise of that ρ, and near it.
    for (const sigma of [0.7, 1, 5, 50]) {
      const rho = 1 / (2 * sigma * sigma);
      const epsilon = zcdpEpsilon(rho, 1e-6);
      expect(gaussianDelta(sigma, epsilon)).toBeLessThanOrEqual(1e-6);
      expect(gaussianDelta(sigma, epsilon * 0.85)).toBeGreaterThan(1e-6);
      near(zcdpBudget(epsilon, 1e-6), rho, 1e-9);
    }
    expect(() => zcdpEpsilon(-1, 0.1)).toThrow();
  });

  it('of many small releases is less than their sum', () => {
    expect(
      advancedComposition(
        Array.from({ length: 1000 }, () => 0.01),
        1e-6,
      ),
    ).toBeLessThan(2);
    expect(advancedComposition([1], 1e-6)).toBeCloseTo(1, 9);
  });
});
