/**
 * Differential privacy: `node bench/poisoning/privacy.ts [--python PYTHON] [--quick] [--json]`. ε of training runs by both
 * accountants, beside dp-accounting where `--python` names an interpreter that has it, and the time of exact noise.
 * `--data` is taken like the other benches take it; nothing here is read from it.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  discreteGaussian,
  discreteLaplace,
  gaussianSigma,
  parseRational,
  pooled,
  releaseStatistic,
  trainingEpsilon,
  trainingRdpEpsilon,
} from '@bartizan/checks/privacy/index.ts';
import { seededBits } from '@bartizan/checks/privacy/testing/random.ts';
import { type PeerFigures, peerFigures, type Run } from './privacy/peers.ts';

type Row = Record<string, string | number | null>;

export interface BenchOptions {
  readonly data: string | null;
  readonly seed: number;
  readonly quick: boolean;
  /** An interpreter with dp-accounting, for the comparison. */
  readonly python?: string;
}

const RUNS: readonly Run[] = [
  { sigma: 1.5, rate: 0.04, steps: 2250, delta: 1e-5 },
  { sigma: 1, rate: 0.01, steps: 1000, delta: 1e-5 },
  { sigma: 2.5, rate: 0.01, steps: 50, delta: 1e-5 },
  { sigma: 0.6, rate: 0.001, steps: 10_000, delta: 1e-6 },
  { sigma: 10, rate: 0.1, steps: 100, delta: 1e-6 },
  { sigma: 1.5, rate: 0.04, steps: 2, delta: 1e-5 },
  { sigma: 4, rate: 0.5, steps: 100, delta: 1e-9 },
  { sigma: 0.7, rate: 0.004, steps: 100_000, delta: 1e-5 },
  { sigma: 50, rate: 0.5, steps: 3, delta: 1e-5 },
];

/** Milliseconds of the fastest of three. */
function timed(work: () => void): number {
  const times = [0, 1, 2].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.min(...times);
}

function runRow(run: Run, peer: PeerFigures | undefined): Row {
  const start = performance.now();
  const { epsilon, method } = trainingEpsilon(run, run.delta);
  const seconds = (performance.now() - start) / 1000;
  return {
    what: `σ ${run.sigma}, q ${run.rate}, ${run.steps} steps, δ ${run.delta}`,
    epsilon,
    method,
    rdp: trainingRdpEpsilon(run, run.delta).epsilon,
    seconds,
    peerEpsilon: peer?.pld ?? null,
    peerRdp: peer?.rdp ?? null,
    peerSeconds: peer?.seconds ?? null,
    overPeer: peer === undefined ? null : epsilon / peer.pld - 1,
  };
}

function noiseRows(seed: number, count: number): Row[] {
  const random = pooled({ bytes: (size: number) => randomBytes(size) });
  const draws = (draw: () => bigint) => () => {
    for (let turn = 0; turn < count; turn++) draw();
  };
  const scale = parseRational('10');
  const variance = parseRational('100');
  const values = Float64Array.from({ length: 100_000 }, (_, place) => (place * 7919) % 1000);
  const release = (kind: 'mean' | 'quantile') => () => {
    const common = { column: 'value', bounds: [0, 1000] as [number, number], epsilon: '0.5' };
    releaseStatistic(
      kind === 'mean' ? { kind, ...common } : { kind, quantile: 0.5, ...common },
      { kind: 'number', values },
      { random: seededBits(seed), neighbours: 'add-remove' },
    );
  };
  return [
    {
      what: 'discrete Laplace, µs',
      value: (1000 * timed(draws(() => discreteLaplace(random, scale)))) / count,
    },
    {
      what: 'discrete Gaussian, µs',
      value: (1000 * timed(draws(() => discreteGaussian(random, variance)))) / count,
    },
    { what: 'mean of 100,000, ms', value: timed(release('mean')) },
    { what: 'median of 100,000, ms', value: timed(release('quantile')) },
    { what: 'analytic Gaussian σ at ε 1, δ 1e-5', value: gaussianSigma(1, 1e-5) },
  ];
}

/** Runs and noise, as rows; quick takes the first three runs and fewer draws. */
export async function benchPrivacy(
  options: BenchOptions,
): Promise<{ name: string; rows: readonly Row[]; notes: readonly string[] }> {
  const runs = options.quick ? RUNS.slice(0, 3) : RUNS;
  const peers = options.python === undefined ? [] : await peerFigures(options.python, runs);
  return {
    name: 'privacy',
    rows: [
      ...runs.map((run, place) => runRow(run, peers[place])),
      ...noiseRows(options.seed, options.quick ? 2000 : 20_000),
    ],
    notes: [
      'ε is an upper bound, the larger of adding and removing a record. The PRV accountant gives 6.7774 as upper bound for the first run.',
      'The peer is dp-accounting with a step of 1e-4, pessimistic; it gives the larger Rényi values at fractional orders, where it leaves out the signs of its series.',
    ],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values: flags } = parseArgs({
    options: {
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
      python: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { data = null, seed, quick, python } = flags;
  const report = await benchPrivacy({
    data,
    seed: Number(seed),
    quick,
    ...(python === undefined ? {} : { python }),
  });
  if (flags.json) console.log(JSON.stringify(report));
  else {
    console.table(report.rows);
    for (const note of report.notes) console.log(note);
  }
}
