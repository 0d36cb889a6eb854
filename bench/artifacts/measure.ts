import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

export interface Measurement {
  readonly seconds: number;
  /** Largest resident memory of the process and its children that was seen, in MiB; null where the system has no figures. */
  readonly peakMib: number | null;
  /** Null when it was stopped at the time limit. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MOST_OUTPUT = 32 * 2 ** 20;
const SAMPLE_MS = 20;

/** Runs a program to its end, or `limitMs`, and measures it from outside, start-up included. */
export function measure(command: string, args: readonly string[], limitMs: number): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    // Some scanners leave reports where they run.
    const child = spawn(command, args, { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let stdout = '';
    let stderr = '';
    let peakKib = 0;
    let timedOut = false;
    child.stdout.on('data', (chunk: Buffer) => {
      if (stdout.length < MOST_OUTPUT) stdout += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (stderr.length < MOST_OUTPUT) stderr += chunk.toString('utf8');
    });
    const sampling = setInterval(() => {
      peakKib = Math.max(peakKib, residentKib(child.pid));
    }, SAMPLE_MS);
    const limit = setTimeout(() => {
      timedOut = true;
      // The whole group: a tool may have started others.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, limitMs);
    const end = () => {
      clearInterval(sampling);
      clearTimeout(limit);
    };
    child.on('error', (error) => {
      end();
      reject(error);
    });
    child.on('close', (code) => {
      end();
      resolve({
        seconds: (performance.now() - startedMs) / 1000,
        peakMib: peakKib === 0 ? null : Math.round(peakKib / 1024),
        exitCode: timedOut ? null : code,
        stdout,
        stderr,
      });
    });
  });
}

/** High-water mark of a process and its children, from Linux' process table. */
function residentKib(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return 0;
  try {
    const own = /VmHWM:\s{1,20}(\d{1,15}) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter((child) => child !== '');
    return Number(own) + children.reduce((sum, child) => sum + residentKib(Number(child)), 0);
  } catch {
    return 0;
  }
}
