import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteSource, ScanOutcome } from '@bartizan/checks/artifacts/types.ts';
import type { ScanSettings } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { ObjectStore } from '../../../platform/objects/index.ts';
import { type ContentResult, contentResult, givenUp } from './model.ts';
import { keptFigures } from './told.ts';
import type { Reader } from './worker/process.ts';
import type { Judged, Task } from './worker/protocol.ts';

export interface ReadContentDeps {
  readonly objects: Pick<ObjectStore, 'read'>;
  readonly scanner: string;
}

export interface Content {
  readonly sha256: string;
  readonly size: number;
}

/** Content to judge. By itself, or, of files that are judged together, the task and the content of its files. */
export interface ToJudge extends Content {
  readonly task?: Task;
  readonly parts?: readonly Content[];
}

export interface ReadContentOptions {
  readonly settings: Pick<ScanSettings, 'fileSeconds'>;
  /** When the whole scan must be over, on the clock of `performance.now()`. */
  readonly endMs: number;
  readonly signal: AbortSignal;
  readonly onReached: (offset: number) => void;
}

const isGone = (error: unknown): boolean => error instanceof AppError && error.code === 'not_found';

function sourceOf(objects: Pick<ObjectStore, 'read'>, { sha256, size }: Content): ByteSource {
  return {
    size,
    async read(offset: number, wanted: number): Promise<Uint8Array> {
      const length = Math.min(wanted, size - offset);
      const bytes = await objects.read(sha256, offset, length);
      if (bytes.length !== length) throw new Error('the store has fewer bytes than it said');
      return bytes;
    },
  };
}

/**
 * Judges one content in the process of `reader`. What is to blame on the content, or on its being gone, becomes an
 * error of the result; rejects when the store cannot be used, and when `signal` aborts.
 */
export async function readContent(
  { objects, scanner }: ReadContentDeps,
  reader: Reader,
  content: ToJudge,
  options: ReadContentOptions,
): Promise<ContentResult> {
  const { sha256, size } = content;
  const beganMs = performance.now();
  const timeMs = Math.min(options.settings.fileSeconds * 1000, options.endMs - beganMs);
  const judged = (outcome: ScanOutcome, limited: boolean, said?: Judged): ContentResult =>
    contentResult(outcome, limited, {
      sha256,
      size,
      scanner,
      durationMs: performance.now() - beganMs,
      ...(said ? keptFigures(said) : {}),
    });
  if (timeMs <= 0) return judged(givenUp('not read: the time for the whole version was over'), true);
  const task = content.task ?? { is: 'file', files: [{ path: '', size }], weights: true };
  const sources = (content.parts ?? [content]).map((part) => sourceOf(objects, part));
  try {
    const { signal, onReached } = options;
    const reading = await reader.read(task, sources, { timeMs, signal, onReached });
    if (reading.is === 'judged') return judged(reading.outcome, false, reading);
    // Lets a machine that is short of memory come to rest before the next file.
    await sleep(100);
    return judged(givenUp(reading.message), true);
  } catch (error) {
    if (!isGone(error)) throw error;
    return judged(givenUp('its content is not in the object store'), true);
  }
}
