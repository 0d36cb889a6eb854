/**
 * `node tests/fuzz/run-artifacts.ts [--inputs N] [--seed N] [--state FILE] [--until TIME]`: judges mutated model files,
 * ten million unless told otherwise. With `--state` it goes on where it was stopped; the count stands in that file and
 * faults beside it. A thread does the work and this one sees that it gets on.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { artifactSeeds } from './artifact-seeds.ts';
import { type ArtifactFault, fuzzArtifacts, inputOf } from './artifacts.ts';

const HUNG_MS = 120_000;
const EVERY_MS = 5_000;

interface Work {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly shared: SharedArrayBuffer;
}

interface State {
  readonly seed: number;
  readonly inputs: number;
  readonly faults: number;
  readonly seconds: number;
}

/** Enough to find a fault by; deeper traces cost more than the scan. */
Error.stackTraceLimit = 4;

async function work({ seed, from, to, shared }: Work): Promise<void> {
  const count = new Float64Array(shared);
  await fuzzArtifacts(await artifactSeeds(), { seed, from, to }, (index, fault) => {
    count[0] = index + 1;
    if (fault !== undefined) parentPort?.postMessage(fault);
  });
}

function readState(path: string | undefined, seed: number): State {
  if (path === undefined || !existsSync(path)) return { seed, inputs: 0, faults: 0, seconds: 0 };
  const known = JSON.parse(readFileSync(path, 'utf8')) as State;
  return { seed: known.seed, inputs: known.inputs, faults: known.faults, seconds: known.seconds };
}

function supervise(): void {
  const { values: flags } = parseArgs({
    options: {
      inputs: { type: 'string', default: '10000000' },
      seed: { type: 'string', default: '1' },
      state: { type: 'string' },
      until: { type: 'string' },
    },
  });
  const begun = readState(flags.state, Number(flags.seed));
  const to = Number(flags.inputs);
  const untilMs = flags.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(flags.until);
  const shared = new SharedArrayBuffer(8);
  const count = new Float64Array(shared);
  count[0] = begun.inputs;
  const startedMs = performance.now();
  let faults = begun.faults;
  let movedMs = startedMs;
  let last = begun.inputs;
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { seed: begun.seed, from: begun.inputs, to, shared } satisfies Work,
  });
  const save = (): void => {
    const inputs = count[0] ?? 0;
    const seconds = begun.seconds + (performance.now() - startedMs) / 1000;
    const state = {
      seed: begun.seed,
      inputs,
      faults,
      seconds: Math.round(seconds),
      perSecond: Math.round(inputs / seconds),
    };
    if (flags.state !== undefined) writeFileSync(flags.state, `${JSON.stringify(state)}\n`);
    else process.stdout.write(`${JSON.stringify(state)}\n`);
  };
  const fault = (found: ArtifactFault): void => {
    faults += 1;
    if (flags.state !== undefined) appendFileSync(`${flags.state}.faults`, `${JSON.stringify(found)}\n`);
    process.stdout.write(`fault at ${found.index}: ${found.what.slice(0, 300)}\n`);
  };
  worker.on('message', fault);
  const watch = setInterval(async () => {
    save();
    const now = performance.now();
    if (count[0] !== last) [last, movedMs] = [count[0] ?? 0, now];
    if (now - movedMs > HUNG_MS) {
      const index = count[0] ?? 0;
      const { content } = inputOf(await artifactSeeds(), begun.seed, index);
      fault({ index, what: 'hangs', inputBase64: content.toString('base64') });
      await end();
    } else if (Date.now() > untilMs) await end();
  }, EVERY_MS);
  async function end(): Promise<void> {
    clearInterval(watch);
    save();
    await worker.terminate();
    process.exitCode = faults === 0 ? 0 : 1;
  }
  worker.on('error', (error) => {
    process.stdout.write(`the thread ended: ${error.stack}\n`);
    faults += 1;
  });
  worker.on('exit', end);
}

if (isMainThread) supervise();
else await work(workerData as Work);
