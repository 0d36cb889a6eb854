/**
 * Milliseconds that a Retry-After header asks for (RFC 9110 §10.2.3: seconds or an HTTP date), or null when
 * it is absent or malformed. Never negative.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined || header.length > 64) return null;
  const value = header.trim();
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(value)) return Math.round(Number(value) * 1000);
  if (!/^[A-Z][a-z]{2}/.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** Full jitter: uniform between 0 and the exponential step of the n-th failure (n from 1), capped. */
export function backoffMs(
  failures: number,
  retry: { readonly baseDelayMs: number; readonly maxDelayMs: number },
  random: () => number,
): number {
  return random() * Math.min(retry.maxDelayMs, retry.baseDelayMs * 2 ** Math.min(failures - 1, 20));
}

/** Waits, or returns false at once when the signal fires. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  if (ms <= 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (whole: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(whole);
    };
    const abort = (): void => finish(false);
    const timer = setTimeout(() => finish(true), ms);
    signal.addEventListener('abort', abort, { once: true });
  });
}
