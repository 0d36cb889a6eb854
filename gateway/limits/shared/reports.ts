import type { Contributions, DayShare, Used } from './contributions.ts';
import type { Leases } from './leases.ts';
import type { Link } from './link.ts';
import type { Names } from './names.ts';

export interface ReportsOptions {
  readonly link: () => Pick<Link, 'epoch' | 'send'>;
  readonly names: Names;
  readonly member: string;
  readonly contributions: Contributions;
  readonly leases: Leases;
  readonly now: () => number;
}

/** How long what was used waits for company on its way to Redis. */
const REPORT_MS = 20;
/** How often unused slices go back, and what is under way is said again. */
const SWEEP_MS = 100;
const HOLD_EVERY_MS = 2_000;
const CHUNK = 100;
const DAY_MS = 86_400_000;
/** New end users that Redis takes note of in a minute, and in a day where they have a day's budget. */
export const MOST_NEW_USERS = 50_000;
const MOST_DAY_USERS = 200_000;

type Entry = readonly [user: 0 | 1, window: readonly Used[], day: readonly DayShare[], dayKeyMs: number];

/** Tells Redis what it did not see itself: tokens, requests that were admitted without it, unused slices, ends. */
export function createReports(options: ReportsOptions) {
  const { link, names, member, contributions, leases, now } = options;
  let soon: NodeJS.Timeout | undefined;
  let closing = false;
  /** Leases whose number under way is to be told. */
  const holding = new Set<ReturnType<Leases['of']>>();
  let heldAt = 0;

  function entryOf(subject: string, window: readonly Used[], nowMs: number): Entry {
    const leftMs = DAY_MS - (nowMs % DAY_MS) + 3_600_000;
    return [
      subject.startsWith('user:') ? 1 : 0,
      window,
      contributions.day(subject, nowMs),
      Math.ceil(leftMs),
    ];
  }

  async function post(epoch: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
    const day = Math.floor(now() / DAY_MS);
    const hashes = [...entries.keys()].map((subject) => names.hashOf(subject));
    const keys = [names.epoch, names.newUsers, names.dayUsers(day)];
    for (const hash of hashes) keys.push(names.window(hash, epoch), names.day(hash, day));
    const args = [epoch, MOST_NEW_USERS, MOST_DAY_USERS, JSON.stringify([...entries.values()])];
    await link().send('report', { keys, args });
  }

  /** Puts back what could not be told; its age is by now the smallest that it can be said to have. */
  function untold(entries: ReadonlyMap<string, Entry>): void {
    for (const [subject, [, window]] of entries) contributions.putBack(subject, window, now());
  }

  /** Sends what was counted without Redis, of these subjects or of all. */
  function flush(subjects: readonly string[] = contributions.unsent()): void {
    const epoch = link().epoch();
    if (epoch === null || subjects.length === 0) return;
    const nowMs = now();
    for (let at = 0; at < subjects.length; at += CHUNK) {
      const entries = new Map<string, Entry>();
      for (const subject of subjects.slice(at, at + CHUNK)) {
        const window = contributions.takeUnsent(subject, nowMs);
        if (window.length > 0) entries.set(subject, entryOf(subject, window, nowMs));
      }
      if (entries.size > 0) post(epoch, entries).catch(() => untold(entries));
    }
  }

  function sweep(all = false): void {
    const epoch = link().epoch();
    if (epoch === null) return;
    flush();
    const unused = leases.takeUnused(performance.now(), all);
    for (let at = 0; at < unused.length; at += CHUNK) {
      const some = unused.slice(at, at + CHUNK);
      const keys = [names.epoch, ...some.map(({ hash }) => names.window(hash, epoch))];
      const args = [epoch, ...some.flatMap(({ bucket, requests }) => [bucket, requests])];
      // What does not arrive stays counted: a limit is then reached earlier, for a minute at most.
      link()
        .send('giveBack', { keys, args })
        .catch(() => undefined);
    }
    if (performance.now() - heldAt < HOLD_EVERY_MS) return;
    heldAt = performance.now();
    hold([...holding]);
  }

  function hold(some: readonly ReturnType<Leases['of']>[]): void {
    for (let at = 0; at < some.length; at += CHUNK) {
      const part = some.slice(at, at + CHUNK);
      const keys = part.map(({ hash }) => names.open(hash));
      const args = [member, ...part.map(({ open }) => String(open))];
      link()
        .send('hold', { keys, args })
        .catch(() => undefined);
    }
    for (const lease of some) if (lease.open <= 0) holding.delete(lease);
  }

  const timer = setInterval(sweep, SWEEP_MS);
  timer.unref();

  return Object.freeze({
    flush,
    /** Something was counted that Redis did not see. */
    soon(): void {
      if (soon !== undefined || closing) return;
      soon = setTimeout(() => {
        soon = undefined;
        flush();
      }, REPORT_MS);
      soon.unref();
    },
    /** The number under way of a subject with a limit of that changed; told at once. */
    opened(lease: ReturnType<Leases['of']>, tell: boolean): void {
      holding.add(lease);
      if (tell && link().epoch() !== null) hold([lease]);
    },
    /** Tells a Redis that begins anew all that this process counted in the last minute and today. */
    async everything(epoch: string): Promise<void> {
      leases.forget();
      contributions.forgetUnsent();
      const nowMs = now();
      const subjects = contributions.subjects();
      for (let at = 0; at < subjects.length; at += CHUNK) {
        const entries = new Map<string, Entry>();
        for (const subject of subjects.slice(at, at + CHUNK)) {
          const entry = entryOf(subject, contributions.window(subject, nowMs), nowMs);
          if (entry[1].length + entry[2].length > 0) entries.set(subject, entry);
        }
        if (entries.size > 0) await post(epoch, entries);
      }
    },
    close(): void {
      closing = true;
      clearInterval(timer);
      clearTimeout(soon);
      sweep(true);
      hold([...holding].map((lease) => Object.assign(lease, { open: 0 })));
    },
  });
}
export type Reports = ReturnType<typeof createReports>;
