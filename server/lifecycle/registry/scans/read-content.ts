import { setTimeout as sleep } from 'node:timers/promises';
import type { ScanOutcome } from '@bartizan/checks/artifacts/types.ts';
import type { ScanSettings } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { ObjectStore } from '../../../platform/objects/index.ts';
import { type ContentResult, contentResult, givenUp } from './model.ts';
import type { Reader } from './worker/process.ts';

export interface ReadContentDeps {
  readonly objects: Pick<ObjectStore, 'read'>;
  readonly scanner: string;
}

export interface Content {
  readonly sha256: string;
  readonly size: number;
}

export interface ReadContentOptions {
  readonly settings: Pick<ScanSettings, 'fileSeconds'>;
  /** When the whole scan must be over, on the clock of `performance.now()`. */
  readonly endMs: number;
  readonly signal: AbortSignal;
  readonly onReached: (offset: number) => void;
}

const isGone = (error: unknown): boolean => error instanceof AppError && error.code === 'not_found';

/**
 * Judges one content in the process of `reader`. What is to blame on the content, or on its being gone, becomes an
 * error of the result; rejects when the store cannot be used, and when `signal` aborts.
 */
export async function readContent(
  { objects, scanner }: ReadContentDeps,
  reader: Reader,
  content: Content,
  options: ReadContentOptions,
): Promise<ContentResult> {
  const { sha256, size } = content;
  const beganMs = performance.now();
  const timeMs = Math.min(options.settings.fileSeconds * 1000, options.endMs - beganMs);
  const judged = (outcome: ScanOutcome, limited: boolean): ContentResult =>
    contentResult(outcome, limited, { sha256, size, scanner, durationMs: performance.now() - beganMs });
  if (timeMs <= 0) return judged(givenUp('not read: the time for the whole version was over'), true);
  const source = {
    size,
    async read(offset: number, length: number): Promise<Uint8Array> {
      const bytes = await objects.read(sha256, offset, Math.min(length, size - offset));
      if (bytes.length !== Math.min(length, size - offset))
        throw new Error('the store has fewer bytes than it said');
      return bytes;
    },
  };
  try {
    const reading = await reader.read(source, {
      timeMs,
      weights: true,
      signal: options.signal,
      onReached: options.onReached,
    });
    if (reading.is === 'judged') return judged(reading.outcome, false);
    // Lets a machine that is short of memory come to rest before the next file.
    await sleep(100);
    return judged(givenUp(reading.message), true);
  } catch (error) {
    if (!isGone(error)) throw error;
    return judged(givenUp('its content is not in the object store'), true);
  }
}
