import {
  type FileReport,
  failedReport,
  fileReport,
  skippedReport,
} from '@bartizan/checks/artifacts/report/json.ts';
import { scanArtifact } from '@bartizan/checks/artifacts/scan.ts';
import { createBesides } from './beside.ts';
import { openFileSource } from './file-source.ts';
import { createProgress, type Progress } from './progress.ts';
import { type Found, walk, words } from './walk.ts';

export interface ScanPathsOptions {
  /** Most time for one file, in milliseconds; 0 for no limit. */
  readonly timeoutMs: number;
  readonly weights: boolean;
  readonly progress?: (totalBytes: number) => Progress;
}

/** Judges files and folders, one file after the other. Throws when a path that was asked for is not there. */
export async function scanPaths(paths: readonly string[], options: ScanPathsOptions): Promise<FileReport[]> {
  const found = paths.flatMap((path) => walk(path));
  const total = found.reduce((sum, item) => sum + (item.is === 'file' ? item.size : 0), 0);
  const progress = (options.progress ?? createProgress)(total);
  const reports: FileReport[] = [];
  let doneBytes = 0;
  for (const item of found) {
    if (item.is === 'file') {
      reports.push(
        await scanFile(item, options, (reached) => progress.update(doneBytes + reached, item.path)),
      );
      doneBytes += item.size;
    } else {
      reports.push(
        item.is === 'skipped' ? skippedReport(item.path, item.reason) : failedReport(item.path, item.message),
      );
    }
  }
  progress.clear();
  return reports;
}

class TimeUp extends Error {}

async function scanFile(
  { path, followLink }: Extract<Found, { is: 'file' }>,
  { timeoutMs, weights }: ScanPathsOptions,
  onProgress: (reached: number) => void,
): Promise<FileReport> {
  let source: ReturnType<typeof openFileSource>;
  try {
    source = openFileSource(path, { followLink });
  } catch (error) {
    return failedReport(path, words(error));
  }
  const endMs = timeoutMs > 0 ? performance.now() + timeoutMs : Number.POSITIVE_INFINITY;
  const checkpoint = () => {
    onProgress(source.reached());
    if (performance.now() > endMs) throw new TimeUp();
  };
  const besides = createBesides(path);
  try {
    const outcome = await scanArtifact(source, { checkpoint, weights, beside: besides.open });
    if (!source.hasChanged()) return fileReport(path, outcome);
    const error = { check: 'artifacts/read', message: 'changed while it was read', offset: 0, path: '' };
    return fileReport(path, { ...outcome, errors: [...outcome.errors, error] });
  } catch (error) {
    if (error instanceof TimeUp) return failedReport(path, `not done within ${timeoutMs / 1000} s`);
    // A fault of ours must not let the other files go unjudged, nor this one pass.
    return failedReport(path, words(error));
  } finally {
    besides.close();
    source.close();
  }
}
