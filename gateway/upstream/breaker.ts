/** How a call that a breaker let through ended; `neutral` says nothing about the upstream's health. */
export type CallResult = 'success' | 'failure' | 'neutral';

export interface BreakerOptions {
  /** Failures are counted over this long. */
  readonly windowMs: number;
  /** Fewer calls than this in the window never open the circuit. */
  readonly minimumCalls: number;
  /** Share of failures, 0..1, from which on the circuit opens. */
  readonly failureRatio: number;
  /** First pause; doubles each time a trial fails, up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

export const BREAKER_DEFAULTS: BreakerOptions = Object.freeze({
  windowMs: 10_000,
  minimumCalls: 5,
  failureRatio: 0.5,
  openMs: 5_000,
  maxOpenMs: 60_000,
});

export interface Breaker {
  readonly state: (nowMs: number) => 'closed' | 'open' | 'half-open';
  /** Milliseconds until a trial is allowed; 0 when calls may be made. */
  readonly openForMs: (nowMs: number) => number;
  /** What reports the end of a call, or null when no call may be made now. Half-open lets one through at a time. */
  readonly enter: (nowMs: number) => ((result: CallResult, nowMs: number) => void) | null;
}

const BUCKETS = 10;

/** A circuit breaker: closed until too many calls fail, then open for a while, then one trial decides. */
export function createBreaker(options: BreakerOptions = BREAKER_DEFAULTS): Breaker {
  const bucketMs = options.windowMs / BUCKETS;
  const successes = Array.from({ length: BUCKETS }, () => 0);
  const failures = Array.from({ length: BUCKETS }, () => 0);
  let newest = 0;
  let openUntilMs = 0;
  let openings = 0;
  let trialRunning = false;

  function clear(): void {
    successes.fill(0);
    failures.fill(0);
  }

  function slotAt(nowMs: number): number {
    const bucket = Math.floor(nowMs / bucketMs);
    if (bucket - newest >= BUCKETS) clear();
    else {
      for (let passed = newest + 1; passed <= bucket; passed++) {
        successes[passed % BUCKETS] = 0;
        failures[passed % BUCKETS] = 0;
      }
    }
    newest = Math.max(newest, bucket);
    return newest % BUCKETS;
  }

  function open(nowMs: number): void {
    openUntilMs = nowMs + Math.min(options.maxOpenMs, options.openMs * 2 ** Math.min(openings, 16));
    openings += 1;
    clear();
  }

  function record(result: CallResult, nowMs: number): void {
    if (result === 'neutral') return;
    const slot = slotAt(nowMs);
    const counts = result === 'success' ? successes : failures;
    counts[slot] = (counts[slot] ?? 0) + 1;
    const failed = failures.reduce((sum, count) => sum + count, 0);
    const total = failed + successes.reduce((sum, count) => sum + count, 0);
    if (failed > 0 && total >= options.minimumCalls && failed / total >= options.failureRatio) open(nowMs);
  }

  function state(nowMs: number): 'closed' | 'open' | 'half-open' {
    if (openings === 0) return 'closed';
    return nowMs < openUntilMs ? 'open' : 'half-open';
  }

  function enter(nowMs: number): ((result: CallResult, nowMs: number) => void) | null {
    const now = state(nowMs);
    if (now === 'closed') {
      return (result, endedMs) => {
        if (openings === 0) record(result, endedMs);
      };
    }
    if (now === 'open' || trialRunning) return null;
    trialRunning = true;
    let reported = false;
    return (result, endedMs) => {
      if (reported) return;
      reported = true;
      trialRunning = false;
      if (result === 'failure') open(endedMs);
      if (result !== 'success') return;
      openings = 0;
      clear();
    };
  }

  return Object.freeze({
    state,
    openForMs: (nowMs: number) => (openings === 0 ? 0 : Math.max(0, openUntilMs - nowMs)),
    enter,
  });
}
