import { type GatewayAbout, gatewayRoutes } from '@bartizan/contracts';
import type { Logger } from 'pino';
import { createServers } from '../servers.ts';
import type { JournalStore } from './journal.ts';

export interface ShipperOptions {
  readonly journal: Pick<JournalStore, 'read' | 'acknowledge' | 'setAside' | 'onCommit' | 'backlog'>;
  /** One server, or several separated by commas: the next takes over when one fails. */
  readonly serverUrl: string;
  /** Internal token of the instance; never logged. */
  readonly token: string;
  readonly gatewayId: string;
  readonly snapshotVersion: () => string;
  /** What this process says of itself. */
  readonly about?: () => GatewayAbout;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** How long the first record of a batch waits for others; default 80 ms. */
  readonly lingerMs?: number;
  readonly batchRecords?: number;
  readonly batchBytes?: number;
  /** Back-off while the server does not take batches: doubles from `minBackoffMs` to `maxBackoffMs`, with jitter. */
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** An empty batch is sent this often when there is nothing to ship, so that the server sees the gateway live. */
  readonly heartbeatMs?: number;
  readonly timeoutMs?: number;
  /** Told what became of each batch, heartbeats included, and of records set aside. */
  readonly onSent?: (result: 'taken' | 'invalid' | 'failed' | 'set aside') => void;
}

export interface Shipper {
  /** Resolves when everything in the journal was shipped, or after `graceMs`. */
  readonly drain: (graceMs: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

type Outcome = 'taken' | 'invalid' | 'later';

/** Statuses that say that this very batch will never be taken. */
const INVALID = new Set([400, 413, 422]);
const COMMA = 0x2c;
const TAIL = ']}';
/** Bodies up to this size are put together in one buffer that is used again and again. */
const REUSED_BYTES = 4 * 1024 * 1024;

/**
 * Ships the journal to the server in order, one batch at a time, at least once. A record that the server
 * refuses as invalid is found by halving and set aside, so it never blocks the ones behind it.
 */
export function startShipper(options: ShipperOptions): Shipper {
  const { journal, log } = options;
  const lingerMs = options.lingerMs ?? 80;
  const heartbeatMs = options.heartbeatMs ?? 5_000;
  const minBackoffMs = options.minBackoffMs ?? 100;
  const maxBackoffMs = options.maxBackoffMs ?? 5_000;
  const servers = createServers(options.serverUrl, 2);
  const timeoutMs = options.timeoutMs ?? (servers.count > 1 ? 10_000 : 30_000);
  const limit = { records: options.batchRecords ?? 500, bytes: options.batchBytes ?? 8 * 1024 * 1024 };
  const bodies = createBodies();
  const stop = new AbortController();
  const wake = createSignal();
  let idle = false;
  /** Aborted by `drain` and `close`: no more waiting for company. */
  const hurry = new AbortController();
  let failures = 0;
  journal.onCommit(() => {
    idle = false;
    wake.fire();
  });

  async function send(lines: readonly Buffer[]): Promise<Outcome> {
    const head = JSON.stringify({
      gatewayId: options.gatewayId,
      snapshotVersion: options.snapshotVersion(),
      backlog: Math.max(0, journal.backlog() - lines.length),
      about: options.about?.(),
    });
    const body = bodies.take(`${head.slice(0, -1)},"interactions":[`, lines);
    try {
      const answer = await servers.pool().request({
        method: 'POST',
        path: gatewayRoutes.ship.path,
        headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' },
        body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: stop.signal,
      });
      await answer.body.dump({ limit: 1024 * 1024 });
      if (answer.statusCode >= 200 && answer.statusCode < 300) {
        bodies.give(body);
        return succeeded();
      }
      if (INVALID.has(answer.statusCode)) {
        options.onSent?.('invalid');
        return 'invalid';
      }
      return failed(`status ${answer.statusCode}`);
    } catch (error) {
      return failed((error as NodeJS.ErrnoException).code ?? (error as Error).name);
    }
  }

  function succeeded(): Outcome {
    options.onSent?.('taken');
    if (failures > 0) log.info({ failures }, 'the server takes interactions again');
    failures = 0;
    return 'taken';
  }

  function failed(reason: string): Outcome {
    if (stop.signal.aborted) return 'later';
    servers.next();
    options.onSent?.('failed');
    failures += 1;
    if (failures === 1) {
      log.warn(
        { reason, backlog: journal.backlog() },
        'the server does not take interactions; they are kept here',
      );
    }
    return 'later';
  }

  /** True when every line is with the server or set aside. */
  async function ship(lines: readonly Buffer[]): Promise<boolean> {
    const outcome = await send(lines);
    if (outcome !== 'invalid') return outcome === 'taken';
    if (lines.length === 1) {
      // When even an empty batch is refused, the record is not what is wrong.
      if ((await send([])) !== 'taken') return failed('refuses even empty batches') === 'taken';
      // Nor when the server was mending itself between the two: the record gets another chance after it.
      const again = await send(lines);
      if (again !== 'invalid') return again === 'taken';
      await journal.setAside(lines[0] as Buffer);
      options.onSent?.('set aside');
      log.error(
        'the server refused an interaction as invalid: it is kept in the journal folder under rejected/',
      );
      return true;
    }
    const middle = Math.ceil(lines.length / 2);
    return (await ship(lines.slice(0, middle))) && (await ship(lines.slice(middle)));
  }

  async function step(): Promise<void> {
    const batch = await journal.read(limit);
    if (!batch) {
      idle = true;
      if (!(await wake.wait(hurry.signal.aborted ? 5 : heartbeatMs))) {
        if (!hurry.signal.aborted) await send([]);
      } else await wake.pause(lingerMs, hurry.signal);
      return;
    }
    if (await ship(batch.lines)) {
      await journal.acknowledge(batch);
      return;
    }
    const backoffMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(failures, 16));
    await wake.pause(backoffMs * (0.5 + Math.random() / 2), stop.signal);
  }

  async function loop(): Promise<void> {
    await send([]);
    while (!stop.signal.aborted) {
      try {
        await step();
      } catch (error) {
        log.error({ reason: (error as Error).message }, 'shipping the journal failed; trying again');
        await wake.pause(maxBackoffMs, stop.signal);
      }
    }
  }

  const running = loop();
  return Object.freeze({
    drain: async (graceMs: number) => {
      hurry.abort();
      idle = false;
      wake.fire();
      const until = Date.now() + graceMs;
      while (!idle && Date.now() < until) await wake.pause(10, stop.signal);
    },
    close: async () => {
      hurry.abort();
      stop.abort();
      wake.fire();
      await running;
      await servers.close();
    },
  });
}

/**
 * Puts batch bodies together. A new large buffer for each batch, a dozen a second, would scatter the process's
 * memory; so one is used again, once the server has taken it (until then the socket may still read from it).
 */
function createBodies() {
  let spare: Buffer | null = null;
  return {
    take: (head: string, lines: readonly Buffer[]): Buffer => {
      let size = Buffer.byteLength(head) + TAIL.length + lines.length;
      for (const line of lines) size += line.length;
      const fits = spare !== null && spare.length >= size;
      const body: Buffer = fits ? (spare as Buffer) : Buffer.allocUnsafeSlow(Math.ceil(size * 1.25));
      spare = null;
      let at = body.write(head);
      for (const [index, line] of lines.entries()) {
        if (index > 0) body[at++] = COMMA;
        at += line.copy(body, at);
      }
      at += body.write(TAIL, at);
      return body.subarray(0, at);
    },
    /** The server has read all of this body. */
    give: (body: Buffer): void => {
      const { buffer } = body;
      if (buffer.byteLength > REUSED_BYTES || buffer.byteLength < (spare?.length ?? 0)) return;
      spare = Buffer.from(buffer as ArrayBuffer);
    },
  };
}

/** A wake-up call that is remembered until someone waits for it. */
function createSignal() {
  let fired = false;
  let waiting: ((fired: boolean) => void) | null = null;
  return {
    fire: (): void => {
      if (waiting) waiting(true);
      else fired = true;
    },
    /** True when fired, false after `ms`. */
    wait: (ms: number): Promise<boolean> => {
      if (fired) {
        fired = false;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const timer = setTimeout(() => waiting?.(false), ms);
        waiting = (woken) => {
          clearTimeout(timer);
          waiting = null;
          resolve(woken);
        };
      });
    },
    pause: (ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener('abort', done, { once: true });
      }),
  };
}
