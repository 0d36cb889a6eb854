import cluster, { type Worker } from 'node:cluster';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { GatewayConfig } from '../config.ts';
import { createLimiter, keepBudgets, type UsageDelta } from '../limits/index.ts';
import { listenForScrapes, type MetricsListener } from '../telemetry/listener.ts';
import { createWorkerMetrics } from '../telemetry/workers.ts';
import { packConfig, type ToPrimary, type ToWorker } from './messages.ts';
import { loggerFor, type Served } from './serve.ts';

const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** A worker that lived this long starts again without delay. */
const STEADY_MS = 30_000;
const STOP_MS = 25_000;

/**
 * Runs `config.workers` serving processes behind one port; a crashed one is started again with back-off.
 * `node:cluster` hands out connections in turn, which measured even with SO_REUSEPORT and, unlike it, spreads
 * few long connections evenly and works on every system.
 *
 * Limits hold over all workers: each tells the primary every 50 ms what it admitted, and the primary tells the
 * others. So a limit of n requests may be overshot by what the other workers admit within that time: at most
 * (workers − 1) × the requests that one worker takes in 50 ms plus the message's way. What a worker that is
 * killed had not yet told, at most 50 ms of its traffic, is not counted.
 */
export async function startWorkers(config: GatewayConfig): Promise<Served> {
  const clock = { now: () => Date.now() };
  const log = loggerFor(config, config.gatewayId);
  const ledger = createLimiter({ clock });
  const path = join(config.dataDir, 'gateway', `${config.gatewayId}-budgets.bin`);
  const kept = await keepBudgets({ limiter: ledger, path, master: config.master, clock, log });
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const packed = packConfig({ ...config, port });
  const workers = new Map<number, Worker>();
  const metrics = createWorkerMetrics();
  /** Requests under way by worker and subject, of subjects that have a limit of that. */
  const underWay = new Map<Worker, Map<string, number>>();
  let closing = false;
  cluster.setupPrimary({ exec: join(import.meta.dirname, 'worker.ts'), args: [] });

  const tell = (worker: Worker, message: ToWorker): void => {
    if (worker.isConnected()) worker.send(message, () => undefined);
  };

  function spread(from: Worker, deltas: readonly UsageDelta[]): void {
    for (const { subject, open = 0 } of deltas) {
      if (open === 0) continue;
      const under = underWay.get(from) ?? new Map<string, number>();
      underWay.set(from, under.set(subject, (under.get(subject) ?? 0) + open));
    }
    ledger.absorb(deltas, clock.now());
    for (const worker of workers.values()) if (worker !== from) tell(worker, { type: 'usage', deltas });
  }

  /** What a worker that ended had under way is over. */
  function settleFor(worker: Worker): void {
    const left = [...(underWay.get(worker) ?? [])].filter(([, open]) => open !== 0);
    if (left.length > 0) {
      spread(
        worker,
        left.map(([subject, open]) => ({ subject, requests: 0, tokens: 0, open: -open })),
      );
    }
    underWay.delete(worker);
  }

  /** Starts a worker; resolves with its address, rejects when it ends before it serves. */
  function launch(slot: number, failures: number): Promise<string> {
    const worker = cluster.fork();
    const startedMs = clock.now();
    workers.set(slot, worker);
    metrics.joined(slot, (id) => tell(worker, { type: 'measure', id }));
    worker.once('online', () => {
      tell(worker, { type: 'start', config: packed, slot, usage: ledger.state(clock.now()) });
    });
    return new Promise((resolve, reject) => {
      let reason = 'it ended before it served';
      worker.on('message', (message: ToPrimary) => {
        if (message.type === 'started') resolve(message.url);
        if (message.type === 'failed') reason = message.reason;
        if (message.type === 'usage') spread(worker, message.deltas);
        if (message.type === 'measured') metrics.answered(slot, message.id, message.snapshots);
      });
      worker.once('exit', (code, signal) => {
        settleFor(worker);
        if (workers.get(slot) === worker) {
          workers.delete(slot);
          metrics.left(slot);
        }
        reject(new Error(`gateway worker ${slot}: ${reason}`));
        if (!closing && started)
          again(slot, clock.now() - startedMs > STEADY_MS ? 0 : failures + 1, code ?? signal);
      });
    });
  }

  function again(slot: number, failures: number, ended: number | string): void {
    const delayMs =
      failures === 0 ? 0 : Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** Math.min(failures - 1, 10));
    log.error({ worker: slot, ended, delayMs }, 'a gateway worker ended; starting it again');
    setTimeout(() => {
      if (!closing) launch(slot, failures).catch(() => undefined);
    }, delayMs);
  }

  async function close(): Promise<void> {
    closing = true;
    const all = [...workers.values()];
    const ended = all.map((worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())));
    for (const worker of all) tell(worker, { type: 'stop' });
    const timer = setTimeout(() => {
      for (const worker of all) worker.process.kill('SIGKILL');
    }, STOP_MS);
    await Promise.all(ended);
    clearTimeout(timer);
    await scrapes?.close();
    await kept.close();
  }

  let started = false;
  let scrapes: MetricsListener | null = null;
  try {
    if (config.metrics) scrapes = await listenForScrapes({ ...config.metrics, expose: metrics.expose });
    const urls = await Promise.all(
      Array.from({ length: config.workers }, (_, index) => launch(index + 1, 0)),
    );
    started = true;
    return Object.freeze({ url: urls[0] as string, metricsUrl: scrapes?.url ?? null, close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** A port that is free now. All workers need the same number, also those that start later. */
async function freePort(host: string): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, host, () => resolve());
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
