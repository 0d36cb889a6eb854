import type { Buffer } from 'node:buffer';
import { fileReport } from '@bartizan/checks/artifacts/report/json.ts';
import { scanArtifact } from '@bartizan/checks/artifacts/scan.ts';
import { bytesSource } from '@bartizan/checks/artifacts/source/bytes.ts';
import { mutated } from './artifact-mutations.ts';
import { type ArtifactSeed, maliciousFile } from './artifact-seeds.ts';
import type { Random } from './mutate.ts';

/** Time that one small input may take, in milliseconds; of the processor alone where the machine was busy. */
const SLOW_MS = 4_000;
const MOST_MESSAGE = 2_000;
/** Resident memory that the process may grow by over all inputs. */
const MOST_GROWTH_MIB = 700;
const VERDICTS: ReadonlySet<string> = new Set(['malicious', 'suspicious', 'clean', 'error', 'skipped']);
const LIMITS = Object.freeze({ depth: 5, entries: 5_000, expandedBytes: 16 * 2 ** 20, opcodes: 2_000_000 });

/** What broke a promise, with the input that did it. */
export interface ArtifactFault {
  readonly index: number;
  readonly what: string;
  readonly inputBase64: string;
}

/** Random numbers of input `index` of a series: the same whenever it is made again. */
export function randomOf(seed: number, index: number): Random {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Input `index` of a series; three in ten act when loaded, so that "clean" would be wrong. */
export function inputOf(
  seeds: readonly ArtifactSeed[],
  seed: number,
  index: number,
): { readonly content: Buffer; readonly isMalicious: boolean } {
  const random = randomOf(seed, index);
  const isMalicious = random() < 0.3;
  return { content: isMalicious ? maliciousFile(random) : mutated(seeds, random), isMalicious };
}

/** Processor time for judging an input once more. */
async function cpuMs(content: Buffer): Promise<number> {
  const began = process.cpuUsage();
  await scanArtifact(bytesSource(content), { limits: LIMITS });
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000;
}

/** Judges one input and tells which promise is broken; undefined when none is. */
export async function brokenPromise(content: Buffer, isMalicious: boolean): Promise<string | undefined> {
  const began = performance.now();
  try {
    const outcome = await scanArtifact(bytesSource(content), { limits: LIMITS });
    const report = fileReport('input', outcome);
    const tookMs = performance.now() - began;
    if (tookMs > SLOW_MS && (await cpuMs(content)) > SLOW_MS) return `took ${Math.round(tookMs)} ms`;
    if (!VERDICTS.has(report.verdict)) return `verdict ${report.verdict}`;
    for (const { message, offset } of [...outcome.findings, ...outcome.errors]) {
      if (message.length > MOST_MESSAGE) return `a message of ${message.length} characters`;
      if (!Number.isFinite(offset) || offset < 0) return `offset ${offset} of "${message.slice(0, 80)}"`;
    }
    if (content.length % 61 === 0) JSON.stringify(report);
    if (isMalicious && (report.verdict === 'clean' || report.verdict === 'skipped')) {
      return `a file that acts when loaded is called ${report.verdict}`;
    }
    return undefined;
  } catch (error) {
    return `threw ${String((error as Error).stack ?? error).slice(0, 600)}`;
  }
}

export interface ArtifactFuzzReport {
  readonly inputs: number;
  readonly faults: readonly ArtifactFault[];
  readonly growthMib: number;
}

/** Judges the inputs from `from` to `to` of a series. `done` is told after each how many there were. */
export async function fuzzArtifacts(
  seeds: readonly ArtifactSeed[],
  { seed, from, to }: { readonly seed: number; readonly from: number; readonly to: number },
  done: (index: number, fault: ArtifactFault | undefined) => void = () => {},
): Promise<ArtifactFuzzReport> {
  const startRss = process.memoryUsage.rss();
  const faults: ArtifactFault[] = [];
  let growthMib = 0;
  for (let index = from; index < to; index += 1) {
    const { content, isMalicious } = inputOf(seeds, seed, index);
    let what = await brokenPromise(content, isMalicious);
    if (index % 512 === 0) {
      growthMib = Math.max(growthMib, (process.memoryUsage.rss() - startRss) / 2 ** 20);
      if (growthMib > MOST_GROWTH_MIB) what ??= `memory grew by ${Math.round(growthMib)} MiB`;
    }
    const fault = what === undefined ? undefined : { index, what, inputBase64: content.toString('base64') };
    if (fault !== undefined) faults.push(fault);
    done(index, fault);
  }
  return { inputs: to - from, faults, growthMib: Math.round(growthMib) };
}
