import { randomUUID } from 'node:crypto';
import { AppError } from '../../../kernel/error.ts';
import type { FilePlace, StoredFile, UploadStore } from './store.ts';

/** Another server takes a file over from one that died after this. */
const LEASE_MS = 20_000;
const RENEW_MS = 5_000;

const superseded = () =>
  new AppError('conflict', 'a newer request goes on with this file', { hint: 'Ask how far it is.' });

/** Ends with an error as soon as `signal` fires, however long the source keeps silent. */
async function* until(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  let onAbort = () => undefined as void;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(superseded());
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  aborted.catch(() => undefined);
  try {
    for (;;) {
      const item = await Promise.race([source.next(), aborted]);
      if (item.done) return;
      yield item.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not waited for: it may be in the middle of its silence.
    void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

export interface WritingOptions {
  readonly store: Pick<UploadStore, 'hold' | 'release'>;
  readonly now: () => number;
}

/**
 * Lets one request at a time write a file. A newer one in this process takes over at once: its client has given the
 * older one up. One of another server has to wait until that server's lease ends or is given back.
 */
export function createWriting({ store, now }: WritingOptions) {
  const running = new Map<string, { readonly stop: AbortController; readonly done: Promise<unknown> }>();
  const keyOf = ({ uploadId, position }: FilePlace) => `${uploadId}/${position}`;

  async function supersede(key: string): Promise<void> {
    for (let older = running.get(key); older; older = running.get(key)) {
      older.stop.abort();
      await older.done;
    }
  }

  async function leased<T>(
    place: FilePlace,
    stop: AbortController,
    run: (file: StoredFile) => Promise<T>,
  ): Promise<T> {
    const token = randomUUID();
    const hold = () => store.hold(place, token, { nowMs: now(), untilMs: now() + LEASE_MS });
    const file = await hold();
    if (!file) {
      throw new AppError('conflict', 'another request is writing this file', {
        hint: 'Try again in a moment.',
        retryAfterMs: 2_000,
      });
    }
    const renewal = setInterval(() => {
      hold().then(
        (still) => still || stop.abort(),
        () => undefined,
      );
    }, RENEW_MS);
    try {
      return await run(file);
    } finally {
      clearInterval(renewal);
      await store.release(place, token);
    }
  }

  return Object.freeze({
    /** Runs with the file held; `guard` ends a source of chunks when a newer request takes over. */
    async exclusively<T>(
      place: FilePlace,
      run: (
        file: StoredFile,
        guard: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
      ) => Promise<T>,
    ): Promise<T> {
      const key = keyOf(place);
      await supersede(key);
      const stop = new AbortController();
      const work = leased(place, stop, (file) => run(file, (chunks) => until(chunks, stop.signal)));
      const entry = { stop, done: work.catch(() => undefined) };
      running.set(key, entry);
      try {
        return await work;
      } finally {
        if (running.get(key) === entry) running.delete(key);
      }
    },
    /** Ends whatever this process writes of an upload. */
    async stopAll(uploadId: string): Promise<void> {
      const keys = [...running.keys()].filter((key) => key.startsWith(`${uploadId}/`));
      await Promise.all(keys.map(supersede));
    },
  });
}
export type Writing = ReturnType<typeof createWriting>;
