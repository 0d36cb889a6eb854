import { sql } from 'kysely';
import type { Job } from '../../../platform/jobs/index.ts';
import { contentResult, givenUp } from './model.ts';
import { type Content, readContent } from './read-content.ts';
import { keepResult, type RunDeps } from './run-version.ts';
import { createReader } from './worker/process.ts';

const AT_ONCE = 200;
const MOST_ATTEMPTS = 5;
/** After that the next batch has its turn. */
const SLICE_MS = 30_000;

/** Judges what arrived in one batch, such as the files of a run; what comes while it works is its next round's. */
export function createContentRun(deps: RunDeps) {
  const { database, settings, scanner } = deps;

  async function next(batch: string): Promise<readonly Content[]> {
    const { rows } = await sql<Content>`select sha256, size from content_scan_requests
      where batch = ${batch} order by requested_at, sha256 limit ${AT_ONCE}`.execute(database);
    return rows;
  }

  /** Counts an attempt at it, the first being 1; undefined where somebody else has judged it meanwhile. */
  async function begin({ sha256 }: Content): Promise<number | undefined> {
    const { rows } = await sql<{ attempts: number }>`update content_scan_requests set attempts = attempts + 1
      where sha256 = ${sha256} returning attempts`.execute(database);
    return rows[0]?.attempts;
  }

  return async (job: Job<{ batch: string }>): Promise<void> => {
    const limits = await settings.get();
    const reader = createReader(limits.memoryMb);
    const sliceEndMs = performance.now() + SLICE_MS;
    const endMs = performance.now() + limits.versionSeconds * 1000;
    const read = async (content: Content) =>
      await readContent(deps, reader, content, {
        settings: limits,
        endMs,
        signal: job.signal,
        onReached: () => undefined,
      });
    try {
      for (;;) {
        const contents = await next(job.payload.batch);
        if (contents.length === 0) return;
        for (const content of contents) {
          job.signal.throwIfAborted();
          // What is left waits for its next turn: others wait too.
          if (performance.now() > sliceEndMs) return;
          const attempts = await begin(content);
          if (attempts === undefined) continue;
          const result =
            attempts > MOST_ATTEMPTS
              ? contentResult(givenUp('it could not be read'), true, { ...content, scanner, durationMs: 0 })
              : await read(content);
          if (result === null) return;
          await keepResult(deps, result, null);
        }
      }
    } finally {
      reader.close();
    }
  };
}
