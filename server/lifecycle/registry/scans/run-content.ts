import { sql } from 'kysely';
import type { Job } from '../../../platform/jobs/index.ts';
import { contentResult, givenUp } from './model.ts';
import { type Content, readContent } from './read-content.ts';
import { keepResult, type RunDeps } from './run-version.ts';
import { createReader } from './worker/process.ts';

const AT_ONCE = 200;
const MOST_ATTEMPTS = 5;

/** Judges what arrived in one batch, such as the files of a run; what comes while it works is its next round's. */
export function createContentRun(deps: RunDeps) {
  const { database, settings, scanner } = deps;

  async function next(batch: string): Promise<readonly (Content & { attempts: number })[]> {
    const { rows } = await sql<Content & { attempts: number }>`
      update content_scan_requests set attempts = attempts + 1 where sha256 in (
        select sha256 from content_scan_requests where batch = ${batch} order by requested_at, sha256 limit ${AT_ONCE})
      returning sha256, size, attempts`.execute(database);
    return rows;
  }

  return async (job: Job<{ batch: string }>): Promise<void> => {
    const limits = await settings.get();
    const reader = createReader(limits.memoryMb);
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
          const result =
            content.attempts > MOST_ATTEMPTS
              ? contentResult(givenUp('it could not be read'), true, { ...content, scanner, durationMs: 0 })
              : await read(content);
          await keepResult(deps, result, null);
        }
      }
    } finally {
      reader.close();
    }
  };
}
