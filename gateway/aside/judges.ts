import { Worker } from 'node:worker_threads';
import type { CompiledPolicy, Decision, InspectInput, PolicyLike } from '@bartizan/checks/policy/types.ts';
import type { InjectionSeat } from './injection.ts';
import { type PackedDecision, unpackDecision } from './packing.ts';

/** What a judging thread is given when it starts. */
export interface ThreadData {
  readonly injection: InjectionSeat | null;
}
/** What a judging thread is asked. One question at a time. */
export interface JudgingRequest {
  readonly policy: number;
  /** Given with a policy's first question to a thread. */
  readonly document: PolicyLike | null;
  readonly input: InspectInput;
}
export type JudgingReply = { readonly ok: true; readonly decision: PackedDecision } | { readonly ok: false };

export interface JudgesOptions {
  /** Texts of together more characters than this are judged aside. */
  readonly fromChars?: number;
  /** Threads at most; they start when they are first needed. */
  readonly threads?: number;
  /** How long one inspection may take, once it has begun. */
  readonly timeoutMs?: number;
  /** Characters that may wait for a thread; more are not judged, which refuses them. */
  readonly maxWaitingChars?: number;
  /** The injection detector's seat in a new thread; null: the check's rules alone. */
  readonly seat?: () => InjectionSeat | null;
}

export interface Judges {
  /** The same policy, whose long texts are judged in another thread. */
  readonly aside: (document: PolicyLike, compiled: CompiledPolicy) => CompiledPolicy;
  /** What judges from now on has a new seat: threads at rest end, those at work end after it. */
  readonly renew: () => void;
  /** Inspections that wait, and threads that judge or stand by. */
  readonly load: () => { readonly waiting: number; readonly busy: number; readonly idle: number };
  readonly close: () => Promise<void>;
}

/** At the slowest that any text is judged, this much holds other requests up for less than a tenth of a second. */
const FROM_CHARS = 20_000;
const THREADS = 2;
const TIMEOUT_MS = 10_000;
const MAX_WAITING_CHARS = 64 * 1024 * 1024;
const MEMORY_MB = 1024;

interface Job {
  readonly policy: number;
  readonly document: PolicyLike;
  readonly input: InspectInput;
  readonly chars: number;
  readonly resolve: (decision: Decision) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Judges nothing more after what it is at. */
  retired: boolean;
  readonly knows: Set<number>;
  job: Job | null;
  timer: NodeJS.Timeout | undefined;
}

/** What could not be judged: the caller refuses it, unless its endpoint says otherwise. */
const unjudged = (message: string): Decision => ({
  verdict: 'allow',
  wouldBe: 'allow',
  findings: [],
  coaching: '',
  errors: [{ check: 'gateway/inspection', message }],
  timings: [],
});

export function charsOf(input: InspectInput): number {
  let chars = 0;
  for (const segment of input.segments) chars += segment.text.length;
  return chars;
}

/** Plain data: a gateway's segments carry functions, which do not cross between threads. */
function plainInput({ direction, endpointId, segments, context }: InspectInput): InspectInput {
  return {
    direction,
    endpointId,
    context,
    segments: segments.map(({ index, text, author, kind, label, offset }) => ({
      index,
      text,
      author,
      kind,
      ...(label === undefined ? {} : { label }),
      ...(offset === undefined ? {} : { offset }),
    })),
  };
}

/**
 * Threads that judge long texts, so that no text holds other requests up, whatever it is made of. A thread that
 * takes too long is ended, and its text counts as not judged.
 */
export function createJudges(options: JudgesOptions = {}): Judges {
  const fromChars = options.fromChars ?? FROM_CHARS;
  const most = options.threads ?? THREADS;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const seat = options.seat ?? (() => null);
  const maxWaiting = options.maxWaitingChars ?? MAX_WAITING_CHARS;
  const threads = new Set<Thread>();
  const waiting: Job[] = [];
  let waitingChars = 0;
  let policies = 0;
  let closed = false;

  function finish(thread: Thread, decision: Decision): void {
    const { job } = thread;
    clearTimeout(thread.timer);
    thread.job = null;
    job?.resolve(decision);
    if (thread.retired && threads.delete(thread)) void thread.worker.terminate();
    next();
  }

  function end(thread: Thread, why: string): void {
    if (!threads.delete(thread)) return;
    void thread.worker.terminate();
    finish(thread, unjudged(why));
  }

  function start(): Thread {
    const injection = seat();
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: { injection } satisfies ThreadData,
      transferList: injection === null ? [] : [injection.port],
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    worker.unref();
    const thread: Thread = { worker, retired: false, knows: new Set(), job: null, timer: undefined };
    worker.on('message', (reply: JudgingReply) => {
      finish(thread, reply.ok ? unpackDecision(reply.decision) : unjudged('the inspection threw'));
    });
    worker.on('error', () => end(thread, 'the inspection ended its thread'));
    worker.on('exit', () => end(thread, 'the inspection ended its thread'));
    threads.add(thread);
    return thread;
  }

  function begin(thread: Thread, job: Job): void {
    thread.job = job;
    thread.timer = setTimeout(() => end(thread, `no decision within ${timeoutMs} ms`), timeoutMs);
    const fresh = !thread.knows.has(job.policy);
    thread.knows.add(job.policy);
    const { policy, input } = job;
    try {
      thread.worker.postMessage({
        policy,
        document: fresh ? job.document : null,
        input,
      } satisfies JudgingRequest);
    } catch {
      finish(thread, unjudged('the texts could not be handed over'));
    }
  }

  function next(): void {
    if (closed || waiting.length === 0) return;
    let free = [...threads].find((thread) => thread.job === null);
    if (free === undefined && threads.size < most) free = start();
    if (free === undefined) return;
    const job = waiting.shift() as Job;
    waitingChars -= job.chars;
    begin(free, job);
  }

  function ask(job: Omit<Job, 'resolve'>): Promise<Decision> {
    if (closed) return Promise.resolve(unjudged('the gateway is stopping'));
    if (waiting.length > 0 && waitingChars + job.chars > maxWaiting) {
      return Promise.resolve(unjudged('too many long texts wait to be judged'));
    }
    return new Promise((resolve) => {
      waiting.push({ ...job, resolve });
      waitingChars += job.chars;
      next();
    });
  }

  function aside(document: PolicyLike, compiled: CompiledPolicy): CompiledPolicy {
    policies += 1;
    const policy = policies;
    return Object.freeze({
      ...compiled,
      inspect: (input: InspectInput) => {
        const chars = charsOf(input);
        if (chars <= fromChars) return compiled.inspect(input);
        return ask({ policy, document, input: plainInput(input), chars });
      },
    });
  }

  function renew(): void {
    for (const thread of threads) {
      thread.retired = true;
      if (thread.job !== null) continue;
      threads.delete(thread);
      void thread.worker.terminate();
    }
  }

  async function close(): Promise<void> {
    closed = true;
    for (const { resolve } of waiting.splice(0)) resolve(unjudged('the gateway is stopping'));
    await Promise.all([...threads].map(({ worker }) => worker.terminate()));
  }

  function load(): { waiting: number; busy: number; idle: number } {
    const busy = [...threads].filter(({ job }) => job !== null).length;
    return { waiting: waiting.length, busy, idle: threads.size - busy };
  }

  return Object.freeze({ aside, renew, load, close });
}
