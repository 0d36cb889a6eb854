import { isIPv6 } from 'node:net';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';

const WINDOW_MS = 15 * 60_000;
/** From one address (one /64 of IPv6): a household or an office may share it. */
const PER_ADDRESS = 30;
/** On one account from everywhere. */
const PER_ACCOUNT = 10;
/** Counters kept; the oldest go first. */
const MAX_COUNTERS = 50_000;

export interface Attempt {
  /** It succeeded, so it does not count against anybody. */
  readonly forgive: () => void;
}

export interface Attempts {
  /**
   * Counts an attempt before it is made, so that many at once cannot slip through together.
   * Throws `too_many_requests` when the address or the account has had too many.
   */
  readonly take: (address: string, account?: string) => Attempt;
}

/** What counts as one address: a whole IPv4, or the /64 that one subscriber of IPv6 has. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** Limits guesses at passwords and one-time tokens, in memory: by address and by account. */
export function createAttempts(clock: Clock): Attempts {
  const counters = new Map<string, { count: number; readonly since: number }>();

  function counterOf(key: string) {
    const nowMs = clock.now();
    const known = counters.get(key);
    if (known && nowMs - known.since < WINDOW_MS) return known;
    const fresh = { count: 0, since: nowMs };
    counters.delete(key);
    counters.set(key, fresh);
    if (counters.size > MAX_COUNTERS) {
      for (const oldest of counters.keys()) {
        counters.delete(oldest);
        break;
      }
    }
    return fresh;
  }

  return Object.freeze({
    take(address: string, account?: string) {
      const wanted: [string, number][] = [[`address ${addressKey(address)}`, PER_ADDRESS]];
      if (account !== undefined) wanted.push([`account ${account}`, PER_ACCOUNT]);
      const taken = wanted.map(([key, limit]) => ({ counter: counterOf(key), limit }));
      const full = taken.find(({ counter, limit }) => counter.count >= limit);
      if (full) {
        throw new AppError('too_many_requests', 'too many attempts; wait before you try again', {
          retryAfterMs: Math.max(1_000, full.counter.since + WINDOW_MS - clock.now()),
        });
      }
      for (const { counter } of taken) counter.count++;
      let forgiven = false;
      return {
        forgive() {
          if (forgiven) return;
          forgiven = true;
          for (const { counter } of taken) counter.count--;
        },
      };
    },
  });
}
