import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export interface Term {
  /** Grows with every election, over all servers. */
  readonly number: number;
  /** Aborted as soon as this server may no longer be the leader: stop what is under way. */
  readonly signal: AbortSignal;
  /**
   * Inside a transaction of the work: throws {@link LeadershipLost} when another server has been elected since,
   * and keeps others from being elected until the transaction ends. What is written after it is written by the
   * one leader, whatever happened to clocks, connections and processes in between.
   */
  readonly fence: (within: Pick<pg.ClientBase, 'query'>) => Promise<void>;
}

export interface LeadershipOptions {
  /** Of the database; the leader holds a connection of its own, for the lock lives and dies with it. */
  readonly url: string;
  /** Of the work: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** UUID of this server. */
  readonly serverId: string;
  /** False: never stands for election (`BARTIZAN_BACKGROUND=off`). */
  readonly enabled?: boolean;
  /** Called once per term; what it throws gives the leadership up. */
  readonly onElected: (term: Term) => void | Promise<void>;
  /** Called when a term ends; the next election waits until it has resolved. */
  readonly onLost?: () => void | Promise<void>;
  readonly onError?: (error: unknown) => void;
  /** How often one who is not the leader tries, default 1 s: about the time that a fail-over takes. */
  readonly retryMs?: number;
  /** How often the leader makes sure that its connection lives, default 1 s. */
  readonly heartbeatMs?: number;
}

export interface Leadership {
  readonly name: string;
  readonly start: () => void;
  /** Ends the term in good order and stands no more. */
  readonly stop: () => Promise<void>;
  /** The term under way, or null. */
  readonly term: () => Term | null;
}

/** Another server does this work now. */
export class LeadershipLost extends Error {
  constructor(name: string) {
    super(`another server was elected for ${name}`);
    this.name = 'LeadershipLost';
  }
}

/** Without an answer within this time a connection counts as lost; shorter than {@link KEEPALIVE}. */
const ANSWER_MS = 3_000;
/** After about 11 s of silence PostgreSQL ends the session of a machine that is gone, and with it its lock. */
const KEEPALIVE =
  'set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3';

/** Names the lock: 63 bits of a hash, apart from the few small numbers that other locks have. */
export function lockNumber(name: string): string {
  const hash = createHash('sha256').update(`bartizan leadership ${name}`).digest();
  return (hash.readBigUInt64BE() >> 1n).toString();
}

/**
 * Elects one server of all that stand for `name`, by an advisory lock of PostgreSQL that is held by a connection
 * of its own. The leader asks over that connection every second; when it breaks or gives no answer within 3 s,
 * the term ends here at once, before PostgreSQL notices (about 11 s for a machine that vanished; at once for a
 * process that was killed) and lets another in. A process that was stopped for longer than that may believe for
 * a moment that it still leads: work must be idempotent or call `fence` in its transaction. A leader that is
 * killed is followed within `retryMs` and a bit.
 */
export function createLeadership(options: LeadershipOptions): Leadership {
  const { url, name, serverId, onElected, onLost } = options;
  if (!/^[a-z0-9-]{1,60}$/.test(name)) throw new TypeError('not a plain name');
  const retryMs = options.retryMs ?? 1_000;
  const heartbeatMs = options.heartbeatMs ?? 1_000;
  const onError = options.onError ?? (() => undefined);
  const stop = new AbortController();
  let running: Promise<void> | null = null;
  let current: Term | null = null;

  function termOf(number: number, signal: AbortSignal): Term {
    return Object.freeze({
      number,
      signal,
      async fence(within: Pick<pg.ClientBase, 'query'>) {
        const { rowCount } = await within.query(
          'select 1 from leaderships where name = $1 and term = $2 and holder = $3 for share',
          [name, number, serverId],
        );
        if (rowCount !== 1) throw new LeadershipLost(name);
      },
    });
  }

  /** Holds the term until the connection is lost or `stop`. */
  async function lead(client: pg.Client, lost: AbortController): Promise<void> {
    const { rows } = await client.query<{ term: string }>(
      `insert into leaderships as l (name, term, holder, since) values ($1, 1, $2, now())
       on conflict (name) do update set term = l.term + 1, holder = excluded.holder, since = excluded.since
       returning term`,
      [name, serverId],
    );
    const over = AbortSignal.any([lost.signal, stop.signal]);
    current = termOf(Number(rows[0]?.term), over);
    const work = Promise.resolve(current)
      .then(onElected)
      .catch((error: unknown) => {
        onError(error);
        lost.abort();
      });
    try {
      while (!over.aborted) {
        await sleep(heartbeatMs, undefined, { signal: over });
        await client.query('select 1');
      }
    } finally {
      lost.abort();
      current = null;
      await work;
      await Promise.resolve().then(onLost).catch(onError);
    }
  }

  /** One connection: waits for the lock on it, then leads. */
  async function stand(): Promise<void> {
    const lost = new AbortController();
    const over = AbortSignal.any([lost.signal, stop.signal]);
    const client = new pg.Client({
      connectionString: url,
      application_name: `bartizan-${name}`,
      connectionTimeoutMillis: 5_000,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    });
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    try {
      await client.connect();
      await client.query(KEEPALIVE);
      while (!over.aborted) {
        const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [
          lockNumber(name),
        ]);
        if (rows[0]?.mine) return await lead(client, lost);
        await sleep(retryMs * (0.75 + Math.random() / 2), undefined, { signal: over });
      }
    } finally {
      // Ends the session and with it the lock; the socket is cut when the database does not answer.
      await Promise.race([client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })]);
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      const since = performance.now();
      try {
        await stand();
      } catch (error) {
        if (!stop.signal.aborted && (error as Error).name !== 'AbortError') onError(error);
      }
      failures = performance.now() - since > 10_000 ? 0 : failures + 1;
      const pauseMs = Math.min(5_000, retryMs * 2 ** Math.min(failures - 1, 8));
      await sleep(failures === 0 ? retryMs : pauseMs, undefined, { signal: stop.signal }).catch(
        () => undefined,
      );
    }
  }

  return Object.freeze({
    name,
    start() {
      if (options.enabled !== false) running ??= run();
    },
    async stop() {
      stop.abort();
      await running;
    },
    term: () => current,
  });
}
