import { type Problem, problem } from '../http/problem.ts';

/** What one answer under way keeps in memory: its text for the record, and what guards hold back. */
export interface Held {
  /**
   * Counts bytes that are about to be kept. Null: go on. Otherwise wait, with the upstream unread: true once there
   * is room, false when there will be none (`told`) or `signal` fired.
   */
  readonly take: (bytes: number, signal: AbortSignal) => Promise<boolean> | null;
  /** Says what is really kept, once that is known: `take` counts what has arrived, which may be more. */
  readonly settle: (bytes: number) => void;
  /** True once this answer has to end because of what all of them keep together. */
  readonly told: () => boolean;
  /** Whether the client leaves unread what was written for it: such answers are the first to be told. */
  readonly unread: (now: boolean) => void;
  /** Runs what writes the record. Large records are made a few at a time: each is copied more than once on its way. */
  readonly concluding: (write: () => Promise<boolean>) => Promise<boolean>;
  /** Nothing is kept any more. */
  readonly over: () => void;
}

export interface Room {
  /** `end` is called at most once: this answer has to end now. It is not called while `take` is waited for. */
  readonly open: (end: () => void) => Held;
  /** Bytes kept now, and answers that were told to end since start. */
  readonly state: () => { readonly bytes: number; readonly waiting: number; readonly told: number };
}

export interface RoomOptions {
  /** Bytes that all answers of this process may keep together. */
  readonly mostBytes?: number;
  /** How long an answer may wait for others to end by themselves. */
  readonly patienceMs?: number;
  /** Told how many answers had to end for want of room. */
  readonly onTold?: (answers: number) => void;
}

const MOST_BYTES = 128 * 1024 * 1024;
const PATIENCE_MS = 5_000;
/** Records of together at most so many bytes are made at once; a larger one is made alone, a small one at once. */
const ABREAST_BYTES = 2 * 1024 * 1024;
const SMALL_RECORD_BYTES = 64 * 1024;

interface Waiting {
  readonly bytes: number;
  readonly since: number;
  readonly go: (on: boolean) => void;
}

interface Holder {
  readonly end: () => void;
  bytes: number;
  unread: boolean;
  told: boolean;
  /** Its record is being made: its bytes are about to be free. */
  concluding: boolean;
  waiting: Waiting | null;
}

/** First those whose clients do not read, then the largest. */
const firstToEnd = (a: Holder, b: Holder): number => Number(b.unread) - Number(a.unread) || b.bytes - a.bytes;

/**
 * Bounds what all answers under way keep together. Up to three quarters, nobody notices. From there on, answers that
 * keep more than their share (all room over the number of those who keep something) wait with their upstreams unread.
 * From seven eighths on, all but those wait that keep less than a quarter of their share, so that short answers go on
 * whatever the others do. When an answer below its share has to wait, or any has waited for `patienceMs`, answers are
 * told to end until half is free: first those whose clients do not read, then the largest.
 */
export function createRoom(options: RoomOptions = {}): Room {
  const { mostBytes = MOST_BYTES, patienceMs = PATIENCE_MS, onTold } = options;
  const easy = Math.floor(mostBytes * 0.75);
  const holders = new Set<Holder>();
  /** In the order in which they began to wait. */
  const line = new Set<Holder>();
  const records = createAbreast(ABREAST_BYTES);
  let total = 0;
  /** Of that, what is about to be free. */
  let leaving = 0;
  let told = 0;
  let admitting = false;
  let timer: NodeJS.Timeout | null = null;

  function add(holder: Holder, bytes: number): void {
    holders.add(holder);
    holder.bytes += bytes;
    total += bytes;
  }

  /** How much of its share an answer would keep; 1 is all of it. */
  const partOf = ({ bytes }: Holder, more: number): number => ((bytes + more) * holders.size) / mostBytes;

  function fits(holder: Holder, more: number): boolean {
    if (total + more <= easy) return true;
    const part = partOf(holder, more);
    return total + more <= (part <= 0.25 ? mostBytes : part <= 1 ? mostBytes * 0.875 : easy);
  }

  function stopWaiting(holder: Holder, on: boolean): void {
    const { waiting } = holder;
    holder.waiting = null;
    line.delete(holder);
    waiting?.go(on);
  }

  function tell(holder: Holder): void {
    holder.told = true;
    told += 1;
    if (!holder.concluding) leaving += holder.bytes;
    if (holder.waiting === null) holder.end();
    else stopWaiting(holder, false);
  }

  /** Tells answers to end until half of the room is free, or more where `bytes` would not fit. */
  function makeRoom(bytes: number): void {
    const most = Math.min(mostBytes / 2, easy - bytes);
    let count = 0;
    for (const holder of [...holders].sort(firstToEnd)) {
      if (total - leaving <= most) break;
      if (holder.told || holder.concluding) continue;
      tell(holder);
      count += 1;
    }
    if (count > 0) onTold?.(count);
  }

  /** Many answers give room back in one turn of the event loop: those that wait are looked at once. */
  function admitSoon(): void {
    if (line.size === 0 || admitting) return;
    admitting = true;
    setImmediate(admit);
  }

  /** Lets go on who fits now, the smallest first. */
  function admit(): void {
    admitting = false;
    for (const holder of [...line].sort((a, b) => a.bytes - b.bytes)) {
      const bytes = holder.waiting?.bytes ?? 0;
      if (!fits(holder, bytes)) continue;
      add(holder, bytes);
      stopWaiting(holder, true);
    }
  }

  function watch(): void {
    if (timer !== null) return;
    const [oldest] = line;
    if (oldest?.waiting == null) return;
    timer = setTimeout(onTime, Math.max(1, oldest.waiting.since + patienceMs - performance.now()));
    timer.unref();
  }

  function onTime(): void {
    timer = null;
    const [oldest] = line;
    if (oldest?.waiting == null) return;
    if (performance.now() - oldest.waiting.since >= patienceMs) {
      makeRoom(oldest.waiting.bytes);
      admit();
      // Those that still wait begin anew: room is on its way.
      const now = performance.now();
      for (const holder of line)
        if (holder.waiting !== null) holder.waiting = { ...holder.waiting, since: now };
    }
    watch();
  }

  function wait(holder: Holder, bytes: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise<boolean>((resolve) => {
      const onAbort = (): void => stopWaiting(holder, false);
      signal.addEventListener('abort', onAbort, { once: true });
      const go = (on: boolean): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(on);
      };
      holder.waiting = { bytes, since: performance.now(), go };
      line.add(holder);
      if (partOf(holder, bytes) <= 1) makeRoom(bytes);
      watch();
    });
  }

  function take(holder: Holder, bytes: number, signal: AbortSignal): Promise<boolean> | null {
    if (holder.told) return Promise.resolve(false);
    if (fits(holder, bytes)) {
      add(holder, bytes);
      return null;
    }
    if (holder.bytes + bytes <= easy) return wait(holder, bytes, signal);
    // More than all others together could make room for.
    holder.told = true;
    told += 1;
    leaving += holder.bytes;
    onTold?.(1);
    return Promise.resolve(false);
  }

  function settle(holder: Holder, bytes: number): void {
    const more = bytes - holder.bytes;
    if (more === 0 || !holders.has(holder)) return;
    holder.bytes = bytes;
    total += more;
    if (holder.told) leaving += more;
    if (more < 0) admitSoon();
  }

  async function concluding(holder: Holder, write: () => Promise<boolean>): Promise<boolean> {
    const { bytes } = holder;
    if (bytes === 0) return write();
    holder.concluding = true;
    if (!holder.told) leaving += bytes;
    const gated = bytes > SMALL_RECORD_BYTES;
    if (gated) await records.enter(bytes);
    try {
      return await write();
    } finally {
      if (gated) records.leave(bytes);
      holder.concluding = false;
      if (!holder.told) leaving -= bytes;
    }
  }

  function over(holder: Holder): void {
    if (!holders.delete(holder)) return;
    total -= holder.bytes;
    if (holder.told) leaving -= holder.bytes;
    holder.bytes = 0;
    admitSoon();
  }

  return Object.freeze({
    open(end: () => void): Held {
      const holder: Holder = { end, bytes: 0, unread: false, told: false, concluding: false, waiting: null };
      return {
        take: (bytes, signal) => take(holder, bytes, signal),
        settle: (bytes) => settle(holder, bytes),
        told: () => holder.told,
        unread: (now) => {
          holder.unread = now;
        },
        concluding: (write) => concluding(holder, write),
        over: () => over(holder),
      };
    },
    state: () => ({ bytes: total, waiting: line.size, told }),
  });
}

/** Why an answer that was told to end does. */
export const overloaded = (): Problem =>
  problem(
    'overloaded',
    'More answers are under way than this gateway can keep in memory, so this one ends here. Try again.',
    { retryAfterMs: PATIENCE_MS },
  );

/** Lets work of together at most `most` bytes go on at once, in the order in which it came. */
function createAbreast(most: number) {
  const line: { readonly bytes: number; readonly go: () => void }[] = [];
  let under = 0;
  const fits = (bytes: number): boolean => under === 0 || under + bytes <= most;
  return {
    enter(bytes: number): Promise<void> | null {
      if (line.length === 0 && fits(bytes)) {
        under += bytes;
        return null;
      }
      return new Promise<void>((resolve) => line.push({ bytes, go: resolve }));
    },
    leave(bytes: number): void {
      under -= bytes;
      for (let next = line[0]; next !== undefined && fits(next.bytes); next = line[0]) {
        line.shift();
        under += next.bytes;
        next.go();
      }
    },
  };
}
