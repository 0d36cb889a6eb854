import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

/** A role of the instance as a process of its own. */
export interface RoleOptions {
  readonly name: string;
  /** The program's file, run by this Node. */
  readonly script: string;
  /** Further flags for that Node. */
  readonly nodeFlags?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  /** Time the process has to report that it is ready. */
  readonly readyTimeoutMs?: number;
}

/** What a role reports when it is ready: `{ type: 'ready', url, … }`. */
export type ReadyMessage = { readonly type: 'ready'; readonly url: string } & Readonly<
  Record<string, unknown>
>;

export interface Role {
  readonly name: string;
  readonly pid: () => number | undefined;
  readonly restarts: () => number;
  /** Starts it and resolves with its first ready message; rejects when it dies before that. */
  readonly start: () => Promise<ReadyMessage>;
  /** Drains: SIGTERM, then SIGKILL after `graceMs`. No restart afterwards. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

const FIRST_DELAY_MS = 250;
const LAST_DELAY_MS = 15_000;
/** A process that lived this long earns a fresh back-off. */
const STABLE_MS = 30_000;

/** A supervised process: restarted with exponential back-off whenever it ends on its own. */
export function createRole(options: RoleOptions): Role {
  let child: ChildProcess | null = null;
  let stopping = false;
  let restarts = 0;
  let delayMs = FIRST_DELAY_MS;

  function launch(): { ready: Promise<ReadyMessage>; ended: Promise<string> } {
    const started = Date.now();
    const flags = ['--disable-warning=ExperimentalWarning', ...(options.nodeFlags ?? [])];
    const running = spawn(process.execPath, [...flags, options.script], {
      env: options.env,
      // Own process group: the supervisor decides the order in which things stop.
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = running;
    relay(running.stdout, options.log);
    relay(running.stderr, options.log);
    const ended = new Promise<string>((settle) => {
      running.once('error', (error) => settle(error.message));
      running.once('exit', (code, signal) => {
        if (Date.now() - started > STABLE_MS) delayMs = FIRST_DELAY_MS;
        settle(signal ? `signal ${signal}` : `code ${code}`);
      });
    });
    const ready = new Promise<ReadyMessage>((settle) => {
      running.on('message', (message: ReadyMessage) => {
        if (message?.type === 'ready') settle(message);
      });
    });
    return { ready, ended };
  }

  async function keepAlive(ended: Promise<string>): Promise<void> {
    let reason = await ended;
    while (!stopping) {
      options.log(`${options.name} ended (${reason}); starting it again in ${delayMs} ms`);
      await delay(delayMs);
      delayMs = Math.min(delayMs * 2, LAST_DELAY_MS);
      if (stopping) return;
      restarts++;
      const next = launch();
      void next.ready.then(() => options.log(`${options.name} is back`));
      reason = await next.ended;
    }
  }

  return Object.freeze({
    name: options.name,
    pid: () => child?.pid,
    restarts: () => restarts,
    async start() {
      const first = launch();
      const timeoutMs = options.readyTimeoutMs ?? 60_000;
      const timer = new AbortController();
      const message = await Promise.race([
        first.ready,
        first.ended.then((reason) => {
          throw new Error(`${options.name} could not start (${reason}); its messages are above`);
        }),
        delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
          throw new Error(`${options.name} was not ready within ${timeoutMs / 1000} s`);
        }),
      ]).finally(() => timer.abort());
      void keepAlive(first.ended);
      return message;
    },
    async stop(graceMs = 15_000) {
      stopping = true;
      const running = child;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const gone = new Promise<boolean>((settle) => running.once('exit', () => settle(true)));
      running.kill('SIGTERM');
      const timer = new AbortController();
      const timeout = delay(graceMs, false, { signal: timer.signal }).catch(() => true);
      if (!(await Promise.race([gone, timeout]))) {
        running.kill('SIGKILL');
        await gone;
      }
      timer.abort();
    },
  });
}

/** Passes on whole lines, so that the lines of several processes do not mix. */
function relay(stream: NodeJS.ReadableStream | null, log: (line: string) => void): void {
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = (lines.pop() ?? '').slice(-65_536);
    for (const line of lines) if (line !== '') log(line);
  });
}
