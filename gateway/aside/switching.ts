import type { CheckResult } from '@bartizan/checks/define.ts';
import type { LaidModel } from '@bartizan/checks/text/injection/model/folders.ts';
import type { AnyTextCheck, TextFinding, TextInput } from '@bartizan/checks/text/types.ts';
import type { GatewayDetector, Snapshot } from '@bartizan/contracts';
import type { Logger } from 'pino';
import type { ModelFetcher, WantedModel } from './fetch-model.ts';
import type { Guards } from './injection.ts';

const CHECK = 'text/injection';
/** Longer than any text is judged: what the model before still judges ends with it. */
const GRACE_MS = 30_000;
const RETRY_MS = 30_000;

export interface SwitchingOptions {
  /** What the gateway runs by itself. */
  readonly own: Guards;
  /** The folder of the gateway's own model; null: its operator wants the rules alone, whatever the server says. */
  readonly ownFolder: string | null;
  readonly fetcher: ModelFetcher;
  /** Opens and warms a model. */
  readonly open: (folder: string) => Promise<Guards>;
  /** The model of new judging threads is another one now. */
  readonly onSwitched: () => void;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly retryMs?: number;
  readonly graceMs?: number;
}

export interface SwitchingGuards extends Guards {
  /** The snapshot in force asks for this model; null: the gateway's own. Comes back at once. */
  readonly follow: (wanted: Snapshot['detector']) => void;
  readonly status: () => GatewayDetector;
}

const injectionOf = (guards: Guards): AnyTextCheck => {
  const found = guards.checks.find(({ id }) => id === CHECK);
  if (found === undefined) throw new Error(`there is no check ${CHECK}`);
  return found;
};

/**
 * Guards whose injection model can be exchanged while requests are judged: the new one is fetched, checked, opened and
 * warmed beside the old one, and judges from one text to the next; what the old one is at, it finishes. When any of
 * that fails the old one stays, which the fleet shows, and it is tried again.
 */
export function createSwitchingGuards(options: SwitchingOptions): SwitchingGuards {
  const { own, ownFolder, fetcher, open, onSwitched, log } = options;
  const { retryMs = RETRY_MS, graceMs = GRACE_MS } = options;
  const stop = new AbortController();
  const ending = new Map<Guards, NodeJS.Timeout>();
  /** Where the models lie that are open; they stay on disk as long. */
  const laid = new Map<Guards, LaidModel>();
  let active = own;
  let judging = injectionOf(own);
  /** Digest of the model that runs; null: the gateway's own. */
  let running: string | null = null;
  let wanted: WantedModel | null = null;
  let failed: string | null = null;
  let busy: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;

  const checks = own.checks.map((check) =>
    check.id === CHECK
      ? Object.freeze({
          ...check,
          run: (
            input: TextInput,
            config: never,
            signal?: AbortSignal,
          ): CheckResult<TextFinding> | Promise<CheckResult<TextFinding>> =>
            judging.run(input, config, signal),
        })
      : check,
  );

  /** Its encoder may start again until it is closed: only then is the folder let go of. */
  async function end(guards: Guards): Promise<void> {
    await guards.close();
    await laid.get(guards)?.release();
    laid.delete(guards);
  }

  function retire(guards: Guards): void {
    if (guards === own) return;
    const timer = setTimeout(() => {
      ending.delete(guards);
      void end(guards);
    }, graceMs);
    timer.unref();
    ending.set(guards, timer);
  }

  function take(guards: Guards, sha256: string | null): void {
    const before = active;
    judging = injectionOf(guards);
    active = guards;
    running = sha256;
    failed = null;
    onSwitched();
    if (before !== guards) retire(before);
    log.info({ model: guards.model }, 'the injection check runs another model');
  }

  async function openLaid(model: LaidModel): Promise<Guards> {
    try {
      const opened = await open(model.folder);
      laid.set(opened, model);
      return opened;
    } catch (error) {
      await model.release();
      throw error;
    }
  }

  async function step(): Promise<void> {
    const target = wanted;
    if ((target?.sha256 ?? null) === running) {
      failed = null;
      return;
    }
    if (target === null) {
      take(own, null);
      return;
    }
    try {
      const opened = await openLaid(await fetcher.take(target, stop.signal));
      if (stop.signal.aborted || wanted?.sha256 !== target.sha256) await end(opened);
      else take(opened, target.sha256);
    } catch (error) {
      if (stop.signal.aborted) return;
      const reason = (error as Error).message.slice(0, 400);
      if (failed === null) {
        log.error(
          { model: target.name, reason },
          'the injection check cannot switch its model; the old one stays',
        );
      }
      failed = `${target.name}: ${reason}`;
      retry = setTimeout(begin, retryMs);
      retry.unref();
    }
  }

  async function run(): Promise<void> {
    for (let seen = wanted; ; seen = wanted) {
      await step();
      if (seen === wanted || stop.signal.aborted) return;
    }
  }

  function begin(): void {
    clearTimeout(retry);
    if (stop.signal.aborted) return;
    busy ??= run().finally(() => {
      busy = null;
    });
  }

  return Object.freeze({
    checks,
    model: own.model,
    seat: () => active.seat(),
    waiting: () => active.waiting(),
    follow(next: Snapshot['detector']): void {
      const same = (next?.sha256 ?? null) === (wanted?.sha256 ?? null);
      if (ownFolder === null || same) return;
      wanted = next ?? null;
      begin();
    },
    status: () => ({ model: active.model, sha256: running, failed }),
    async close(): Promise<void> {
      stop.abort();
      clearTimeout(retry);
      await busy;
      const old = [...ending];
      ending.clear();
      for (const [, timer] of old) clearTimeout(timer);
      await Promise.all([...new Set([own, active, ...old.map(([guards]) => guards)])].map(end));
      await fetcher.close();
    },
  });
}
