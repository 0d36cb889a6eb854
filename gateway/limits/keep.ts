import { hkdfSync } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decryptBytes, encryptBytes, type MasterKey } from '@bartizan/contracts/sealed.ts';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { LocalLimiter } from './limiter.ts';

const Days = z.array(z.tuple([z.string(), z.number().int(), z.number().nonnegative()]));
const CONTEXT = 'limits:days';
const DAY_FIELDS = 500_000;

export interface KeptBudgets {
  /** Writes what is not yet written and stops. */
  readonly close: () => Promise<void>;
}

export interface KeepOptions {
  readonly limiter: Pick<LocalLimiter, 'days' | 'restore' | 'revision'>;
  /** File path; its folder is made when missing. */
  readonly path: string;
  readonly master: MasterKey;
  readonly clock: { readonly now: () => number };
  readonly log: Pick<Logger, 'warn'>;
  readonly intervalMs?: number;
}

/**
 * Keeps day budgets over restarts: loads them, then writes them every second when they changed (encrypted,
 * for the names of users are in it; atomic). A kill loses what was settled since the last write, so a budget
 * can be overshot by at most a second's tokens per kill; after a slow write of t ms the next waits 20 t.
 */
export async function keepBudgets(options: KeepOptions): Promise<KeptBudgets> {
  const { limiter, path, master, clock, log } = options;
  const intervalMs = options.intervalMs ?? 1000;
  const key = Buffer.from(hkdfSync('sha256', master.bytes, '', 'bartizan limits v1', 32));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await load();
  let written = limiter.revision();
  let closed = false;
  let timer = setTimeout(tick, intervalMs);
  timer.unref();
  let running: Promise<void> = Promise.resolve();

  async function load(): Promise<void> {
    const bytes = await readFile(path).catch(() => null);
    if (!bytes) return;
    try {
      const days = Days.parse(JSON.parse(decryptBytes(key, bytes, CONTEXT).toString()));
      limiter.restore(
        days.map(([subject, day, tokens]) => ({ subject, day, tokens })),
        clock.now(),
      );
    } catch {
      log.warn({ path }, 'the kept day budgets cannot be read: counting starts afresh');
    }
  }

  async function save(): Promise<void> {
    const revision = limiter.revision();
    if (revision === written) return;
    const days = limiter.days(clock.now()).slice(0, DAY_FIELDS);
    const plain = Buffer.from(JSON.stringify(days.map(({ subject, day, tokens }) => [subject, day, tokens])));
    await writeFile(`${path}.new`, encryptBytes(key, plain, CONTEXT), { mode: 0o600 });
    await rename(`${path}.new`, path);
    written = revision;
  }

  function tick(): void {
    const started = performance.now();
    running = save()
      .catch((error: unknown) => {
        log.warn({ reason: (error as Error).message }, 'day budgets cannot be written');
      })
      .then(() => {
        if (closed) return;
        timer = setTimeout(tick, Math.max(intervalMs, (performance.now() - started) * 20));
        timer.unref();
      });
  }

  return Object.freeze({
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
      await save().catch(() => undefined);
    },
  });
}
