import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Names } from './names.ts';
import { ADMIT, GIVE_BACK, HELLO, HOLD, REPORT } from './scripts.ts';

const SCRIPTS = { hello: HELLO, admit: ADMIT, report: REPORT, giveBack: GIVE_BACK, hold: HOLD } as const;
export type Script = Exclude<keyof typeof SCRIPTS, 'hello'>;

export interface LinkOptions {
  /** `redis://` or `rediss://` (TLS); may hold credentials, is never logged. */
  readonly url: string;
  readonly names: Names;
  /** Of this process among all that share; at most 120 characters. */
  readonly member: string;
  /** How long a request waits for an answer. */
  readonly timeoutMs: number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Tells a Redis that has forgotten what this process knows; resolves when it is told. */
  readonly onEpoch: (epoch: string) => Promise<void>;
  /** Redis cannot be relied on from now on. */
  readonly onDegraded: () => void;
  readonly heartbeatMs?: number;
}

export interface Link {
  /** Null while limits cannot be shared. */
  readonly epoch: () => string | null;
  /** Resolves once limits are shared, or after `ms`, or when the first attempt to connect failed. */
  readonly settled: (ms: number) => Promise<void>;
  /** Processes that share, as last heard; at least 1. */
  readonly members: () => number;
  /**
   * Runs a script. Null when there is no answer within `timeoutMs`; a late one goes to `late`.
   * Never rejects.
   */
  readonly ask: (
    script: Script,
    input: ScriptInput,
    late?: (reply: unknown[]) => void,
  ) => Promise<unknown[] | null>;
  /** Runs a script; rejects when Redis does not take it. Nobody waits long for it. */
  readonly send: (script: Script, input: ScriptInput) => Promise<unknown[]>;
  readonly close: () => Promise<void>;
}

export interface ScriptInput {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

const HEARTBEAT_MS = 1_000;
/** A new epoch is used after this time only, so that everyone could tell what they know. */
const GRACE_MS = 1_500;
/** So many requests without an answer in a row, and the others do not wait any more. */
const MOST_TIMEOUTS = 3;
/** Without any answer for this long the connection is made anew. */
const SILENCE_MS = 4_000;

function connect(url: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    connectTimeout: 3_000,
    keepAlive: 5_000,
    connectionName: 'bartizan-limits',
    disableClientInfo: true,
    retryStrategy: (times) => Math.min(1_000, 50 * 2 ** Math.min(times, 6)),
  });
}

/** Redis has commands of its own by some of these names. */
const commandOf = (script: string): string => `bartizan_${script}`;

const silent = (): void => undefined;

/** The connection to Redis: says whether limits can be shared now, and runs the scripts. */
export function createLink(options: LinkOptions): Link {
  const { names, member, timeoutMs, log, onEpoch, onDegraded } = options;
  const redis = connect(options.url);
  for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(commandOf(name), { lua });
  let epoch: string | null = null;
  /** Told to Redis, though it may be too young to be used. */
  let known: string | null = null;
  let runId: string | null = null;
  let members = 1;
  let timeouts = 0;
  let closed = false;
  let told = false;
  let lastAnswer = performance.now();
  let beating: Promise<void> | null = null;

  // ioredis reports every failed attempt here; the transitions below say once what matters.
  redis.on('error', silent);
  redis.on('close', () => {
    runId = null;
    degrade('the connection to Redis is lost');
  });
  redis.on('ready', () => {
    lastAnswer = performance.now();
    void beat();
  });

  function degrade(reason: string): void {
    timeouts = 0;
    if (epoch === null && told) return;
    epoch = null;
    told = true;
    onDegraded();
    if (!closed) log.warn({ reason }, 'limits are not shared: this gateway goes by its own rule');
  }

  function run(name: keyof typeof SCRIPTS, { keys, args }: ScriptInput): Promise<unknown[]> {
    if (redis.status !== 'ready') return Promise.reject(new Error('not connected'));
    type Command = (count: number, ...rest: (string | number)[]) => Promise<unknown[]>;
    const command = (redis as unknown as Record<string, Command>)[commandOf(name)] as Command;
    return command.call(redis, keys.length, ...keys, ...args).then((reply) => {
      lastAnswer = performance.now();
      return reply;
    });
  }

  async function hello(): Promise<void> {
    if (runId === null) {
      const info = await redis.info('server').catch(() => '');
      runId = /^run_id:([0-9a-f]{8,64})/m.exec(info)?.[1]?.slice(0, 16) ?? '-';
    }
    const keys = [names.epoch, names.members];
    const args = [runId, member, randomBytes(6).toString('base64url')];
    const [current, ageMs, count] = (await run('hello', { keys, args })) as [string, number, number];
    members = Math.max(1, Number(count));
    timeouts = 0;
    if (current !== known) {
      if (epoch !== null) degrade('Redis has begun anew');
      await onEpoch(current);
      known = current;
    }
    if (epoch !== null || Number(ageMs) < GRACE_MS) return;
    epoch = known;
    told = true;
    log.info({ members }, 'limits are shared through Redis');
  }

  /** One heartbeat at a time; a Redis that hangs is left after a while. */
  function beat(): Promise<void> {
    if (redis.status !== 'ready') return Promise.resolve();
    if (beating) {
      if (performance.now() - lastAnswer > SILENCE_MS) {
        degrade('Redis does not answer');
        redis.disconnect(true);
      }
      return beating;
    }
    beating = hello()
      .catch(() => degrade('Redis does not answer as it should'))
      .finally(() => {
        beating = null;
      });
    return beating;
  }

  function ask(
    script: Script,
    input: ScriptInput,
    late: (reply: unknown[]) => void = silent,
  ): Promise<unknown[] | null> {
    return new Promise((resolve) => {
      let waiting = true;
      const answer = (reply: unknown[] | null): void => {
        clearTimeout(timer);
        if (!waiting) return reply === null ? undefined : late(reply);
        waiting = false;
        resolve(reply);
      };
      const expire = (): void => {
        if (!waiting) return;
        timeouts += 1;
        if (timeouts >= MOST_TIMEOUTS) degrade('Redis answers too slowly');
        answer(null);
      };
      // When this process was busy itself, the answer may have arrived: it is read before the time counts as up.
      const timer = setTimeout(() => setImmediate(() => setImmediate(expire)), timeoutMs);
      run(script, input)
        .then((reply) => {
          if (waiting) timeouts = 0;
          if (reply[0] === 'epoch') void beat();
          return answer(reply);
        })
        .catch(() => answer(null));
    });
  }

  const first = redis.connect().catch(silent);
  const timer = setInterval(() => void beat(), options.heartbeatMs ?? HEARTBEAT_MS);
  timer.unref();

  return Object.freeze({
    epoch: () => epoch,
    settled: async (ms: number) => {
      const until = performance.now() + ms;
      await Promise.race([first, sleep(ms, undefined, { ref: false })]);
      while (redis.status === 'ready' && epoch === null && performance.now() < until) await sleep(10);
    },
    members: () => members,
    ask,
    send: run,
    close: async () => {
      closed = true;
      clearInterval(timer);
      if (redis.status === 'ready') await redis.zrem(names.members, member).catch(silent);
      redis.disconnect();
    },
  });
}
