import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { WriteAll } from './writer.ts';

export interface DiskProbe {
  readonly failed: () => boolean;
  /** A write went wrong: nothing more is taken until a trial write of 64 KiB succeeds. */
  readonly fail: (cause: unknown) => void;
  readonly close: () => void;
}

const TRIAL = Buffer.alloc(64 * 1024);

/** Remembers that the disk refuses writes and tries again every `intervalMs`. */
export function createDiskProbe(options: {
  readonly directory: string;
  readonly write: WriteAll;
  readonly intervalMs: number;
  readonly log: Pick<Logger, 'info' | 'error'>;
}): DiskProbe {
  const path = join(options.directory, 'probe.tmp');
  let timer: NodeJS.Timeout | null = null;

  async function trial(): Promise<void> {
    const handle = await open(path, 'w', 0o600);
    try {
      await options.write(handle, TRIAL, 0);
      await handle.datasync();
    } finally {
      await handle.close();
      await rm(path, { force: true });
    }
  }

  function arm(): void {
    timer = setTimeout(() => {
      trial().then(
        () => {
          if (timer === null) return;
          timer = null;
          options.log.info('the journal can be written again');
        },
        () => {
          if (timer !== null) arm();
        },
      );
    }, options.intervalMs);
    timer.unref();
  }

  return Object.freeze({
    failed: () => timer !== null,
    fail: (cause: unknown) => {
      if (timer !== null) return;
      const { code, message } = cause as NodeJS.ErrnoException;
      options.log.error(
        { code, reason: message },
        'the journal cannot be written (disk full?): requests are refused until it can',
      );
      arm();
    },
    close: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  });
}
