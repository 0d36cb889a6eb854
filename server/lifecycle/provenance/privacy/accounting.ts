import { Worker } from 'node:worker_threads';
import { AppError } from '../../../kernel/error.ts';

export interface DpSgd {
  readonly sigma: number;
  readonly rate: number;
  readonly steps: number;
  readonly delta: number;
}

export interface TrainingSpend {
  readonly rdp: number;
  readonly pld: number;
}

const WORKER = new URL('./accounting-worker.ts', import.meta.url);
const TIME_MS = 30_000;
const AT_ONCE = 2;
let running = 0;

/** What training by DP-SGD spends, worked out beside the process: it takes up to some seconds of a core. */
export async function spendOfTraining(training: DpSgd): Promise<TrainingSpend> {
  if (running >= AT_ONCE)
    throw new AppError('too_many_requests', 'other accounts are being worked out', {
      hint: 'Try again in a moment.',
    });
  running += 1;
  const worker = new Worker(WORKER, {
    workerData: training,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  const timer = setTimeout(() => void worker.terminate(), TIME_MS);
  try {
    return await new Promise<TrainingSpend>((resolve, reject) => {
      worker.once('message', (told: TrainingSpend | { readonly refused: string }) => {
        if ('refused' in told) reject(new AppError('invalid_input', told.refused));
        else resolve(told);
      });
      worker.once('error', reject);
      worker.once('exit', () =>
        reject(
          new AppError('invalid_input', 'this takes too long to work out', {
            hint: 'Use fewer steps, or a larger noise multiplier.',
          }),
        ),
      );
    });
  } finally {
    clearTimeout(timer);
    running -= 1;
    await worker.terminate();
  }
}
