import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Training } from '@bartizan/checks/privacy/index.ts';

export type Run = Training & { readonly delta: number };

export interface PeerFigures {
  readonly rdp: number;
  readonly pld: number;
  readonly seconds: number;
}

/** What dp-accounting gives for the runs, in one thread. Error with its message where it does not run. */
export async function peerFigures(python: string, runs: readonly Run[]): Promise<PeerFigures[]> {
  const script = fileURLToPath(new URL('peer.py', import.meta.url));
  const child = spawn(python, [script], {
    env: { ...process.env, OMP_NUM_THREADS: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 600_000,
  });
  let [out, said] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdin.end(
    runs.map(({ sigma, rate, steps, delta }) => `${sigma} ${rate} ${steps} ${delta}\n`).join(''),
  );
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`dp-accounting did not run (${code}): ${said.slice(-400)}`);
  return out
    .trim()
    .split('\n')
    .map((line) => {
      const [rdp = Number.NaN, pld = Number.NaN, seconds = Number.NaN] = line.split(' ').map(Number);
      return { rdp, pld, seconds };
    });
}
