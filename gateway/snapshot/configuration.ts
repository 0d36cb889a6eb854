import type { Snapshot } from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Configuration, LiveConfiguration } from '../ports.ts';
import { keptSnapshot } from './kept.ts';
import { type CompileDocument, liveConfiguration, rememberingCompiler } from './live.ts';
import { createPuller, type Known } from './pull.ts';

export interface ConfigurationOptions {
  /** Where the snapshot is kept; its folder is made when missing. */
  readonly path: string;
  readonly master: MasterKey;
  /** One server, or several separated by commas. */
  readonly serverUrl: string;
  readonly token: string;
  readonly gatewayId: string;
  readonly compile: CompileDocument;
  /** A snapshot is in force, kept or new. */
  readonly onInstalled?: (snapshot: Snapshot) => void;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Length of a long poll, default 25 s. */
  readonly waitMs?: number;
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
}

export interface PulledConfiguration extends Configuration {
  /** Resolves true once there is a configuration, false after `ms` without one. */
  readonly whenReady: (ms: number) => Promise<boolean>;
  /** When the served snapshot was put together, and when the server last answered; epoch ms, null for never. */
  readonly ages: () => { readonly issuedAt: number | null; readonly contactAt: number | null };
  readonly close: () => Promise<void>;
}

/** Says what is wrong without quoting the snapshot. */
function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const paths = error.issues.slice(0, 3).map((issue) => issue.path.join('.'));
    return `it is not valid at ${paths.join(', ')}`;
  }
  return error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
}

/**
 * Opens the configuration: the snapshot kept on disk at once, then what the server has, held up to date by
 * long polls. A snapshot that is invalid, torn or altered is reported and never served; the one before stays.
 */
export async function openConfiguration(options: ConfigurationOptions): Promise<PulledConfiguration> {
  const { master, log } = options;
  const minBackoffMs = options.minBackoffMs ?? 200;
  const maxBackoffMs = options.maxBackoffMs ?? 5_000;
  const kept = keptSnapshot(options.path, master);
  const puller = createPuller({ ...options, waitMs: options.waitMs ?? 25_000 });
  const compilePolicies = rememberingCompiler(options.compile);
  const stop = new AbortController();
  const waiting = new Set<() => void>();
  let live: LiveConfiguration | null = null;
  /** What was last pulled, good or bad: a bad one is not asked for again and again. */
  let seen: Known | null = null;
  let failures = 0;
  let issuedAt: number | null = null;
  let contactAt: number | null = null;

  function install(snapshot: Snapshot): void {
    live = liveConfiguration(snapshot, { master, log, policies: compilePolicies(snapshot.policies) });
    seen = { version: snapshot.version, sequence: snapshot.sequence };
    issuedAt = snapshot.issuedAt;
    for (const wake of waiting) wake();
    options.onInstalled?.(snapshot);
  }

  async function loadKept(): Promise<void> {
    try {
      const snapshot = await kept.load();
      if (snapshot) install(snapshot);
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'the kept snapshot is refused; waiting for the server');
    }
  }

  async function pullOnce(): Promise<void> {
    const snapshot = await puller.pull(seen, stop.signal);
    if (failures > 0) log.info({ failures }, 'the server gives snapshots again');
    failures = 0;
    contactAt = Date.now();
    if (!snapshot) return;
    seen = { version: snapshot.version, sequence: snapshot.sequence };
    try {
      install(snapshot);
    } catch (error) {
      log.error(
        { version: snapshot.version, reason: reasonOf(error) },
        'a new snapshot is refused; the old one stays',
      );
      return;
    }
    log.info({ version: snapshot.version }, 'serving by a new snapshot');
    await kept.save(snapshot).catch((error: unknown) => {
      log.error({ reason: reasonOf(error) }, 'the snapshot cannot be kept on disk');
    });
  }

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        const before = performance.now();
        await pullOnce();
        // A server that answers long polls at once must not be asked in a tight loop.
        if (performance.now() - before < 50) await nap(50, stop.signal);
      } catch (error) {
        if (stop.signal.aborted) return;
        failures += 1;
        if (failures === 1) log.warn({ reason: reasonOf(error) }, 'no snapshot from the server');
        const stepMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures - 1, 16));
        await nap(stepMs * (0.5 + Math.random() / 2), stop.signal);
      }
    }
  }

  await loadKept();
  const running = loop();
  return Object.freeze({
    current: () => live,
    ages: () => ({ issuedAt, contactAt }),
    whenReady: async (ms: number) => {
      if (live) return true;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting.add(done);
      });
      return live !== null;
    },
    close: async () => {
      stop.abort();
      await running;
      await puller.close();
    },
  });
}

function nap(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
