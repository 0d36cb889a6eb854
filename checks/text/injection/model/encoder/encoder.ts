import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Asking, Encoder, EncoderObserver } from './contract.ts';
import type { Waiting } from './jobs.ts';
import { createJob, enter } from './jobs.ts';
import type { EncoderReply, OpenRequest } from './protocol.ts';
import { ROW } from './protocol.ts';
import { createFairQueue } from './queue.ts';
import { EncoderRefused } from './refused.ts';
import { permissionsFor } from './sandbox.ts';
import { createSuspects } from './suspects.ts';

export interface EncoderOptions {
  readonly open: OpenRequest;
  /** Texts that may wait; a question that does not fit is refused. Of one client half as many may. */
  readonly mostWaiting?: number;
  /** How long a question may take, once the process has been up. */
  readonly deadlineMs?: number;
  /** How long the process may take to start, and a question that has to wait for that. */
  readonly startMs?: number;
  /** A batch that takes longer hangs: the process is killed. */
  readonly hangMs?: number;
  /** Pause before the first restart after a crash; doubles with each crash in a row up to 30 s. */
  readonly backOffMs?: number;
  readonly observe?: EncoderObserver;
  /** The program of the process; for tests. */
  readonly program?: string;
}

const MOST_WAITING = 512;
/** Less than a policy gives its checks, so that what is late is told as such, or shed. */
const DEADLINE_MS = 1_800;
const START_MS = 15_000;
const HANG_MS = 5_000;
const BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 30_000;
/** Texts of a batch: enough to fill it, few enough that a long question does not keep others waiting. */
const BATCH = 8;
const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));
const FLAGS = [
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=SecurityWarning',
  '--max-old-space-size=256',
];

interface Batch {
  readonly id: number;
  readonly items: readonly Waiting[];
  readonly timer: NodeJS.Timeout;
  /** How long its oldest text had waited. */
  readonly queueMs: number;
}

interface Running {
  readonly child: ChildProcess;
  readonly timer: NodeJS.Timeout;
  ready: boolean;
  batch: Batch | null;
  /** Why it was killed, where it was. */
  why: string | null;
}

/** Starts nothing by itself. */
export function createEncoder(options: EncoderOptions): Encoder {
  const { mostWaiting = MOST_WAITING, deadlineMs = DEADLINE_MS, startMs = START_MS } = options;
  const { hangMs = HANG_MS, backOffMs = BACK_OFF_MS, observe = {}, program = PROGRAM } = options;
  const queue = createFairQueue();
  const suspects = createSuspects();
  let running: Running | null = null;
  let pause: NodeJS.Timeout | null = null;
  let pauseEndsAt = 0;
  let crashes = 0;
  let batches = 0;
  let wasReady = false;
  /** Why nothing is answered any more. */
  let refusal: EncoderRefused | null = null;

  function refuseAll(error: EncoderRefused): void {
    for (const { job } of queue.drain()) job.finish({ error });
    for (const { job } of running?.batch?.items ?? []) job.finish({ error });
  }

  function stop(child: ChildProcess): void {
    child.removeAllListeners('message');
    child.kill('SIGKILL');
  }

  /** With an empty environment: no secret of this process reaches it. `permissionsFor` says what it may do. */
  function start(): void {
    const child = fork(program, [], {
      env: {},
      execArgv: [...FLAGS, ...permissionsFor(options.open)],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const mine: Running = {
      child,
      ready: false,
      batch: null,
      why: null,
      timer: setTimeout(() => kill(mine, `did not start within ${startMs} ms`), startMs).unref(),
    };
    running = mine;
    child.on('message', (reply: EncoderReply) => hear(mine, reply));
    child.on('error', (error) => ended(mine, error.message));
    child.on('exit', (code, signal) => ended(mine, signal ?? `exit code ${code}`));
    child.send(options.open, () => {});
    child.unref();
    child.channel?.unref();
  }

  function kill(mine: Running, why: string): void {
    mine.why = why;
    stop(mine.child);
  }

  function hear(mine: Running, reply: EncoderReply): void {
    if (mine !== running) return;
    if (reply.type === 'ready') {
      clearTimeout(mine.timer);
      mine.ready = true;
      wasReady = true;
    } else if (reply.type === 'unusable') {
      refusal = new EncoderRefused('unusable', reply.message);
      refuseAll(refusal);
      stop(mine.child);
      return;
    } else if (mine.batch?.id === reply.id) {
      clearTimeout(mine.batch.timer);
      const { batch } = mine;
      mine.batch = null;
      crashes = 0;
      settle(batch, reply);
    }
    pump();
  }

  function settle({ items, queueMs }: Batch, reply: Extract<EncoderReply, { id: number }>): void {
    if (reply.type === 'failed' || reply.values.length !== items.length * ROW) {
      const why = reply.type === 'failed' ? reply.message : 'another number of answers than questions';
      blame(items, new EncoderRefused('crashed', `the encoder failed: ${why}`));
      return;
    }
    const { sequences, early, ms: computeMs } = reply;
    observe.batch?.({ texts: items.length, sequences, early, computeMs, queueMs });
    for (const [i, item] of items.entries()) {
      suspects.cleared(item.text);
      enter(item, reply.values.subarray(i * ROW, (i + 1) * ROW));
    }
  }

  /** What was in a batch that failed is tried once more, each by itself: one of them may be why. */
  function blame(items: readonly Waiting[], error: EncoderRefused): void {
    const [only] = items;
    if (only !== undefined && items.length === 1) {
      suspects.failedAlone(only.text);
      only.job.finish({ error });
      return;
    }
    for (const item of items.toReversed()) {
      suspects.failedTogether(item.text);
      if (!item.job.over) queue.again(item);
    }
  }

  function ended(mine: Running, how: string): void {
    if (mine !== running) return;
    running = null;
    clearTimeout(mine.timer);
    clearTimeout(mine.batch?.timer);
    if (refusal !== null) return;
    const why = mine.why ?? how;
    crashes += 1;
    const waitMs = Math.min(MAX_BACK_OFF_MS, backOffMs * 2 ** (crashes - 1));
    const error = new EncoderRefused('crashed', `the encoder went down: ${why}`);
    blame(mine.batch?.items ?? [], error);
    pauseEndsAt = performance.now() + waitMs;
    pause = setTimeout(() => {
      pause = null;
      pump();
    }, waitMs).unref();
    observe.crashed?.(why, waitMs);
    if (waitMs > deadlineMs) refuseAll(error);
  }

  function pump(): void {
    if (refusal !== null) return;
    if (running === null) {
      queue.sweep();
      if (pause === null && queue.size() > 0) start();
      return;
    }
    if (!running.ready || running.batch !== null) return;
    const items = queue.take(BATCH);
    if (items.length === 0) return;
    const mine = running;
    batches += 1;
    const timer = setTimeout(() => kill(mine, `a batch took more than ${hangMs} ms`), hangMs).unref();
    const queueMs = performance.now() - Math.min(...items.map(({ since }) => since));
    mine.batch = { id: batches, items, timer, queueMs };
    mine.child.send({ type: 'score', id: batches, texts: items.map(({ text }) => text) }, () => {});
  }

  /** Why a question cannot be taken; null where it can. */
  function problemOf(texts: readonly string[], client: string | undefined): EncoderRefused | null {
    if (refusal !== null) return refusal;
    if (texts.length > mostWaiting) {
      return new EncoderRefused('large', `${texts.length} windows are more than one question may ask`);
    }
    if (pause !== null && pauseEndsAt - performance.now() > deadlineMs) {
      return new EncoderRefused('crashed', 'the encoder went down and is not back yet');
    }
    const share = client === undefined ? mostWaiting : Math.max(texts.length, Math.ceil(mostWaiting / 2));
    if (queue.size() + texts.length > mostWaiting || queue.sizeOf(client) + texts.length > share) {
      return new EncoderRefused('busy', 'too much waits for the encoder');
    }
    return null;
  }

  function ask(texts: readonly string[], waitMs: number, asking: Asking = {}): Promise<Float32Array> {
    const { signal, client } = asking;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const problem = problemOf(texts, client);
    if (problem !== null) return Promise.reject(problem);
    if (texts.length === 0) return Promise.resolve(new Float32Array(0));
    const standings = texts.map(suspects.standing);
    if (standings.includes('quarantined')) {
      const why = 'a text brought the encoder down more than once and is not judged for a while';
      return Promise.reject(new EncoderRefused('unjudgeable', why));
    }
    const { waiting, answer } = createJob(texts, { deadlineMs: waitMs, signal, onDropped: queue.sweep });
    for (const [i, item] of waiting.entries()) item.alone = standings[i] === 'alone';
    queue.add(waiting, client);
    pump();
    return answer;
  }

  async function close(): Promise<void> {
    refusal ??= new EncoderRefused('closed', 'the encoder is closed');
    refuseAll(refusal);
    clearTimeout(pause ?? undefined);
    const child = running?.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    stop(child);
    child.ref();
    await gone;
  }

  return Object.freeze({
    score: (texts: readonly string[], asking?: Asking) =>
      ask(texts, wasReady ? deadlineMs : deadlineMs + startMs, asking),
    warm: async () => void (await ask(['hello'], startMs)),
    load: () => ({
      waiting: queue.size() + (running?.batch?.items.length ?? 0),
      ready: running?.ready ?? false,
    }),
    close,
  });
}
