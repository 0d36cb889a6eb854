import { fork } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScanFailureKind, ScanJob, ScanProgress, ScanResult } from './job.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const HEAP_MIB = 4096;
const TIMEOUT_MS = 3_600_000;

/** A scan that gave no result; the message says what to do. */
export class ScanFailure extends Error {
  readonly kind: ScanFailureKind;
  constructor(kind: ScanFailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ScanFailure';
    this.kind = kind;
  }
}

export interface RunScanOptions {
  readonly onProgress?: (progress: ScanProgress) => void;
  /** Ends the worker at once. */
  readonly signal?: AbortSignal;
}

export interface ScanRun {
  readonly result: ScanResult;
  /** Of all rows, 0..1. */
  readonly scores: Float64Array;
}

/** What the worker says. */
export type WorkerMessage =
  | { readonly is: 'progress'; readonly progress: ScanProgress }
  | { readonly is: 'done' }
  | { readonly is: 'failed'; readonly kind: ScanFailureKind; readonly message: string };

/**
 * Runs a scan in a process of its own and gives its result. The process ends with this one, when `signal` is aborted,
 * and when its time is up; what it wrote is removed. Rejects with ScanFailure.
 */
export async function runScan(job: ScanJob, options: RunScanOptions = {}): Promise<ScanRun> {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-scan-'));
  try {
    await inProcess(job, folder, options);
    const [text, bytes] = await Promise.all([
      readFile(join(folder, 'result.json'), 'utf8'),
      readFile(join(folder, 'scores.f64')),
    ]);
    const scores = new Float64Array(bytes.length / 8);
    new Uint8Array(scores.buffer).set(bytes);
    return { result: JSON.parse(text) as ScanResult, scores };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function inProcess(job: ScanJob, folder: string, { onProgress, signal }: RunScanOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new ScanFailure('stopped', 'The scan was stopped.'));
      return;
    }
    const { timeoutMs = TIMEOUT_MS, heapMiB = HEAP_MIB } = job.limits ?? {};
    const child = fork(MAIN, [folder], {
      execArgv: [`--max-old-space-size=${heapMiB}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let failure: ScanFailure | null = null;
    let done = false;
    let said = '';
    const stop = (reason: ScanFailure): void => {
      failure ??= reason;
      child.kill('SIGKILL');
    };
    const onAbort = (): void => stop(new ScanFailure('stopped', 'The scan was stopped.'));
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(
      () => stop(new ScanFailure('limit', `The scan was not done within ${timeoutMs / 1000} s.`)),
      timeoutMs,
    );
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    child.on('message', (message: WorkerMessage) => {
      if (message.is === 'progress') onProgress?.(message.progress);
      else if (message.is === 'done') done = true;
      else failure ??= new ScanFailure(message.kind, message.message);
    });
    child.on('error', (error) => {
      failure ??= new ScanFailure('fault', `The scan could not be started: ${error.message}`, {
        cause: error,
      });
    });
    child.on('close', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (done && failure === null) resolve();
      else reject(failure ?? died(said, heapMiB));
    });
    child.send(job);
  });
}

/** A worker that ended without a word: out of memory as a rule. */
function died(said: string, heapMiB: number): ScanFailure {
  if (/heap out of memory|allocation failed/i.test(said))
    return new ScanFailure(
      'limit',
      `The scan needs more than ${heapMiB} MiB of memory for these data: scan fewer rows or columns.`,
    );
  const lines = said.trim().split('\n');
  const last = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  return new ScanFailure(
    'fault',
    `The process of the scan ended before it was done.${last === '' ? '' : ` ${last}`}`,
  );
}
