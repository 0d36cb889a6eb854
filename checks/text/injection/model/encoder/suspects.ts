import { hash } from 'node:crypto';

/** How a text is to be run. */
export type Standing = 'clear' | 'alone' | 'quarantined';

/** Texts that were in a batch which crashed, hung or failed, by the SHA-256 of the text. */
export interface Suspects {
  readonly standing: (text: string) => Standing;
  /** It was in such a batch, with others: from now on it runs by itself. */
  readonly failedTogether: (text: string) => void;
  /** It failed by itself; the second time it is quarantined. */
  readonly failedAlone: (text: string) => void;
  /** It was answered. */
  readonly cleared: (text: string) => void;
}

/** So many are remembered; the oldest go first. */
const MOST = 1_024;
const FORGET_MS = 600_000;
const FAILURES = 2;

interface Entry {
  readonly failures: number;
  readonly untilMs: number;
}

/** `nowMs`: a monotonic clock. */
export function createSuspects(nowMs: () => number = () => performance.now()): Suspects {
  const entries = new Map<string, Entry>();
  const keyOf = (text: string): string => hash('sha256', Buffer.from(text, 'utf16le'), 'base64');

  function find(key: string): Entry | undefined {
    const entry = entries.get(key);
    if (entry === undefined || entry.untilMs > nowMs()) return entry;
    entries.delete(key);
    return undefined;
  }

  function enter(text: string, more: number): void {
    const key = keyOf(text);
    const failures = (find(key)?.failures ?? 0) + more;
    entries.delete(key);
    entries.set(key, { failures, untilMs: nowMs() + FORGET_MS });
    if (entries.size <= MOST) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  }

  return Object.freeze({
    standing(text: string): Standing {
      // Nothing is hashed while all is well.
      const entry = entries.size === 0 ? undefined : find(keyOf(text));
      if (entry === undefined) return 'clear';
      return entry.failures >= FAILURES ? 'quarantined' : 'alone';
    },
    failedTogether: (text: string) => enter(text, 0),
    failedAlone: (text: string) => enter(text, 1),
    cleared(text: string): void {
      if (entries.size > 0) entries.delete(keyOf(text));
    },
  });
}
