import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface ListenOptions {
  readonly url: string;
  /** A plain identifier: lower-case letters and underscores. */
  readonly channel: string;
  readonly onMessage: (payload: string) => void;
  /** After every (re)connection: notifications sent meanwhile are lost, so look for yourself. */
  readonly onConnected?: () => void;
  /** How often the connection is tried, so that a silent loss is noticed. */
  readonly heartbeatMs?: number;
}

export interface Listener {
  readonly close: () => Promise<void>;
}

const MAX_DELAY_MS = 5_000;

async function connect(options: ListenOptions, onLost: () => void): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: 'bartizan-listen',
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
    keepAlive: true,
  });
  client.on('error', onLost);
  client.on('end', onLost);
  client.on('notification', ({ channel, payload }) => {
    if (channel === options.channel) options.onMessage(payload ?? '');
  });
  try {
    await client.connect();
    await client.query(`listen ${options.channel}`);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Holds one LISTEN connection open, coming back with growing delays (at most 5 s) after every loss. */
export function listen(options: ListenOptions): Listener {
  if (!/^[a-z_]{1,60}$/.test(options.channel)) throw new TypeError('not a plain channel name');
  const stop = new AbortController();
  const heartbeatMs = options.heartbeatMs ?? 30_000;

  async function hold(): Promise<void> {
    const lost = new AbortController();
    const client = await connect(options, () => lost.abort());
    const over = AbortSignal.any([lost.signal, stop.signal]);
    options.onConnected?.();
    try {
      while (!over.aborted) {
        await sleep(heartbeatMs, undefined, { signal: over });
        await client.query('select 1');
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    let delayMs = 100;
    while (!stop.signal.aborted) {
      const since = Date.now();
      await hold().catch(() => undefined);
      if (Date.now() - since > MAX_DELAY_MS) delayMs = 100;
      await sleep(delayMs * (0.5 + Math.random() / 2), undefined, { signal: stop.signal }).catch(
        () => undefined,
      );
      delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
    }
  }

  const running = run();
  return Object.freeze({
    async close() {
      stop.abort();
      await running;
    },
  });
}
