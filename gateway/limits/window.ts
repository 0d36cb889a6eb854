/** Length of the span in which per-minute limits hold. */
export const WINDOW_MS = 60_000;
export const BUCKET_MS = 5_000;
/** Twelve full buckets and the one that is being left. */
export const BUCKETS = WINDOW_MS / BUCKET_MS + 1;
const DAY_MS = 86_400_000;

/**
 * What one subject used. A sum over 13 buckets of 5 s always covers the last 60 s and at most 65 s, so in no
 * span of a minute is more counted out than the limit allows. Days are UTC days.
 */
export interface Usage {
  /** Index of the newest bucket since the epoch. */
  newest: number;
  requests: number;
  tokens: number;
  day: number;
  dayTokens: number;
  /** Requests by bucket, then tokens by bucket. */
  readonly buckets: number[];
}

const EMPTY: readonly number[] = Object.freeze(Array.from({ length: BUCKETS * 2 }, () => 0));

export function createUsage(nowMs: number): Usage {
  return {
    newest: Math.floor(nowMs / BUCKET_MS),
    requests: 0,
    tokens: 0,
    day: Math.floor(nowMs / DAY_MS),
    dayTokens: 0,
    buckets: EMPTY.slice(),
  };
}

/** Lets go of what is older than the window. A clock that went back changes nothing. */
export function advance(usage: Usage, nowMs: number): void {
  const bucket = Math.floor(nowMs / BUCKET_MS);
  if (bucket > usage.newest) forget(usage, bucket);
  const day = Math.floor(nowMs / DAY_MS);
  if (day > usage.day) {
    usage.day = day;
    usage.dayTokens = 0;
  }
}

function forget(usage: Usage, bucket: number): void {
  const { buckets } = usage;
  if (bucket - usage.newest >= BUCKETS) {
    buckets.fill(0);
    usage.requests = 0;
    usage.tokens = 0;
  } else {
    for (let passed = usage.newest + 1; passed <= bucket; passed++) {
      const slot = passed % BUCKETS;
      usage.requests -= buckets[slot] ?? 0;
      usage.tokens -= buckets[BUCKETS + slot] ?? 0;
      buckets[slot] = 0;
      buckets[BUCKETS + slot] = 0;
    }
  }
  usage.newest = bucket;
}

export function count(usage: Usage, requests: number, tokens: number): void {
  const slot = usage.newest % BUCKETS;
  usage.buckets[slot] = (usage.buckets[slot] ?? 0) + requests;
  usage.buckets[BUCKETS + slot] = (usage.buckets[BUCKETS + slot] ?? 0) + tokens;
  usage.requests += requests;
  usage.tokens += tokens;
  usage.dayTokens += tokens;
}

/** Milliseconds until fewer than `limit` requests or tokens are in the window, if nothing more is used. */
export function waitForWindow(
  usage: Usage,
  what: 'requests' | 'tokens',
  at: { readonly limit: number; readonly nowMs: number },
): number {
  const base = what === 'requests' ? 0 : BUCKETS;
  let left = usage[what];
  for (let bucket = usage.newest - BUCKETS + 1; bucket <= usage.newest; bucket++) {
    left -= usage.buckets[base + (((bucket % BUCKETS) + BUCKETS) % BUCKETS)] ?? 0;
    if (left < at.limit) return Math.max(1, (bucket + BUCKETS) * BUCKET_MS - at.nowMs);
  }
  return WINDOW_MS;
}

export const waitForDay = (nowMs: number): number => (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS - nowMs;
