import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finishAsync, type Progress, type Steps } from '../../neighbours/index.ts';
import { ReadError } from '../../read/index.ts';
import { DatasetInputError } from '../../types.ts';
import type { Roles, ScanReport } from '../types.ts';
import type { ScanJob, ScanResult } from './job.ts';
import { prepare } from './prepare.ts';
import type { WorkerMessage } from './run.ts';

/** Least time between two words of progress. */
const EVERY_MS = 100;

/** A file that cannot be opened is the user's to mend. */
const MENDABLE = new Set(['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'EPERM']);

const say = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));

function throttled(): (stage: string, part: number | null) => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (stage, part) => {
    const now = performance.now();
    if (now - saidMs < EVERY_MS) return;
    saidMs = now;
    void say({ is: 'progress', progress: { stage, part } });
  };
}

const partOf = ({ done, total }: Progress): number | null => (total > 0 ? Math.min(1, done / total) : null);

async function scan(job: ScanJob, folder: string): Promise<void> {
  const tell = throttled();
  const { steps, roles, notes } = await prepare(job, ({ stage, part }) => tell(stage, part));
  const report: ScanReport = await finishAsync(steps as Steps<ScanReport>, {
    // A slice of work at a time, so that the end of the parent is noticed.
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    onProgress: (progress) => tell(progress.stage, partOf(progress)),
  });
  await write(folder, report, roles, notes);
}

async function write(
  folder: string,
  report: ScanReport,
  roles: Roles | null,
  notes: readonly string[],
): Promise<void> {
  const { scores, records, findings, blindSpots, checks } = report;
  const result: ScanResult = {
    rows: scores.length,
    roles,
    records,
    findings,
    blindSpots: [...blindSpots, ...notes],
    checks,
  };
  await writeFile(
    join(folder, 'scores.f64'),
    new Uint8Array(scores.buffer, scores.byteOffset, scores.byteLength),
    { mode: 0o600 },
  );
  await writeFile(join(folder, 'result.json'), JSON.stringify(result), { mode: 0o600 });
}

/** Runs one job and ends; the parent that goes away ends it as well. */
process.on('disconnect', () => process.exit(1));
process.once('message', (job: ScanJob) => {
  scan(job, process.argv[2] as string)
    .then(() => say({ is: 'done' }))
    .catch((error: NodeJS.ErrnoException) => {
      const mendable =
        error instanceof DatasetInputError || error instanceof ReadError || MENDABLE.has(error.code ?? '');
      return say({ is: 'failed', kind: mendable ? 'input' : 'fault', message: error.message });
    })
    .finally(() => process.exit(0));
});
