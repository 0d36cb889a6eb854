import { setTimeout as sleep } from 'node:timers/promises';
import type { ScanOutcome } from '@bartizan/checks/artifacts/types.ts';
import type { ScanSettings } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { isDamage, type ObjectStore } from '../../../platform/objects/index.ts';
import { type ContentResult, contentResult, givenUp } from './model.ts';
import { type Seal, sealedSource, sealOf } from './sealed.ts';
import { keptFigures } from './told.ts';
import type { Reader } from './worker/process.ts';
import type { Judged, Task } from './worker/protocol.ts';

export interface ReadContentDeps {
  readonly objects: Pick<ObjectStore, 'open' | 'read'>;
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

/** Of a version's contents, by their digest: parts that are judged together were read alone before. */
const seals = new WeakMap<Reader, Map<string, Seal>>();

/** Sources of contents whose digests were found right; rejects as `sealOf` does. */
async function sealed(
  objects: ReadContentDeps['objects'],
  { reader, contents }: { readonly reader: Reader; readonly contents: readonly Content[] },
  signal: AbortSignal,
) {
  const known = seals.get(reader) ?? new Map<string, Seal>();
  seals.set(reader, known);
  const sources = [];
  for (const content of contents) {
    const seal = known.get(content.sha256) ?? (await sealOf(objects, content.sha256, signal));
    known.set(content.sha256, seal);
    sources.push(sealedSource(objects, content, seal));
  }
  return sources;
}

/**
 * Judges one content in the process of `reader`, after it was compared with its digest. What is to blame on the
 * content, or on its being gone or damaged, becomes an error of the result; rejects when the store cannot be used, and
 * when `signal` aborts.
 */
export async function readContent(
  { objects, scanner }: ReadContentDeps,
  reader: Reader,
  content: ToJudge,
  options: ReadContentOptions,
): Promise<ContentResult | null> {
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
  if (timeMs <= 0) return null;
  const task = content.task ?? { is: 'file', files: [{ path: '', size }], weights: true };
  const { signal, onReached } = options;
  const tooLong = AbortSignal.timeout(Math.ceil(timeMs));
  try {
    const contents = content.parts ?? [content];
    const sources = await sealed(objects, { reader, contents }, AbortSignal.any([signal, tooLong]));
    const reading = await reader.read(task, sources, { timeMs, signal, onReached });
    if (reading.is === 'judged') return judged(reading.outcome, false, reading);
    // Lets a machine that is short of memory come to rest before the next file.
    await sleep(100);
    return judged({ ...givenUp(reading.message), findings: reading.findings }, true);
  } catch (error) {
    signal.throwIfAborted();
    if (isDamage(error)) return judged(givenUp('its stored content no longer has its digest'), true);
    if (error === tooLong.reason)
      return judged(givenUp(`not read within ${Math.round(timeMs / 1000)} s`), true);
    if (!isGone(error)) throw error;
    return judged(givenUp('its content is not in the object store'), true);
  }
}
