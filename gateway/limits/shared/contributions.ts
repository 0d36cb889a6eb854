import { randomBytes } from 'node:crypto';
import type { DayUsage } from '../limiter.ts';
import { createRecent } from '../recent.ts';
import { advance, BUCKET_MS, BUCKETS, count, createUsage, type Usage } from '../window.ts';

/** Requests and tokens of one bucket: its age in ms, and what was used. */
export type Used = readonly [ageMs: number, requests: number, tokens: number];
/** Tokens of a day that one process has counted so far. */
export type DayShare = readonly [who: string, tokens: number];

export interface Counted {
  readonly requests: number;
  readonly tokens: number;
  /** True when Redis has it already (a request that it granted). */
  readonly told: boolean;
}

const MAX_CONFIGURED = 200_000;
const MAX_USERS = 100_000;

/** What this process counted itself: what it can tell a Redis that has forgotten. */
export interface Contributions {
  readonly count: (subject: string, used: Counted, nowMs: number) => void;
  /** What was counted and not told since the last report, by bucket, and marks it as told. */
  readonly takeUnsent: (subject: string, nowMs: number) => Used[];
  /** Undoes a `takeUnsent` whose report failed `nowMs` later. */
  readonly putBack: (subject: string, used: readonly Used[], nowMs: number) => void;
  /** Everything of the last minute, by bucket. */
  readonly window: (subject: string, nowMs: number) => Used[];
  /** Today's tokens, of this process and of those before it with the same file. */
  readonly day: (subject: string, nowMs: number) => DayShare[];
  readonly subjects: () => string[];
  readonly unsent: () => string[];
  readonly forgetUnsent: () => void;
  /** For keepBudgets: each row's subject is `<who> <subject>`. */
  readonly days: (nowMs: number) => DayUsage[];
  readonly restore: (days: readonly DayUsage[], nowMs: number) => void;
  readonly revision: () => number;
}

const today = (nowMs: number): number => Math.floor(nowMs / 86_400_000);

function byBucket(usage: Usage, nowMs: number): Used[] {
  const used: Used[] = [];
  for (let bucket = usage.newest - BUCKETS + 1; bucket <= usage.newest; bucket++) {
    const slot = ((bucket % BUCKETS) + BUCKETS) % BUCKETS;
    const requests = usage.buckets[slot] ?? 0;
    const tokens = usage.buckets[BUCKETS + slot] ?? 0;
    if (requests + tokens > 0)
      used.push([Math.max(0, nowMs - (bucket + 1) * BUCKET_MS + 1), requests, tokens]);
  }
  return used;
}

export function createContributions(): Contributions {
  /** Of this process: another one starts at 0 under another name, so nothing is counted twice or swallowed. */
  const who = randomBytes(6).toString('base64url');
  const configured = createRecent<Usage>(MAX_CONFIGURED);
  const users = createRecent<Usage>(MAX_USERS);
  let earlier = new Map<string, Map<string, number>>();
  let earlierDay = 0;
  let unsent = new Map<string, Usage>();
  let revision = 0;

  function usageOf(subject: string, nowMs: number): Usage {
    const recent = subject.startsWith('user:') ? users : configured;
    let usage = recent.get(subject);
    if (!usage) recent.set(subject, (usage = createUsage(nowMs)));
    advance(usage, nowMs);
    return usage;
  }

  function unsentOf(subject: string, nowMs: number): Usage {
    let usage = unsent.get(subject);
    if (!usage) {
      usage = createUsage(nowMs);
      // Bounded like the rest while Redis is away; tokens of a day are told from `day` in any case.
      if (unsent.size >= MAX_CONFIGURED) unsent.clear();
      unsent.set(subject, usage);
    }
    advance(usage, nowMs);
    return usage;
  }

  function day(subject: string, nowMs: number): DayShare[] {
    const shares: DayShare[] = earlierDay === today(nowMs) ? [...(earlier.get(subject) ?? [])] : [];
    const own = usageOf(subject, nowMs).dayTokens;
    return own > 0 ? [...shares, [who, own]] : shares;
  }

  const entries = (): [string, Usage][] => [...configured.entries(), ...users.entries()];

  return Object.freeze({
    count(subject: string, { requests, tokens, told }: Counted, nowMs: number) {
      count(usageOf(subject, nowMs), requests, tokens);
      if (tokens > 0) revision += 1;
      if (!told) count(unsentOf(subject, nowMs), requests, tokens);
    },
    takeUnsent(subject: string, nowMs: number) {
      const usage = unsent.get(subject);
      if (!usage) return [];
      unsent.delete(subject);
      advance(usage, nowMs);
      return byBucket(usage, nowMs);
    },
    putBack(subject: string, used: readonly Used[], nowMs: number) {
      const usage = unsentOf(subject, nowMs);
      // As if used now: counted for a little longer than it should be, never shorter.
      for (const [, requests, tokens] of used) count(usage, requests, tokens);
    },
    window: (subject: string, nowMs: number) => byBucket(usageOf(subject, nowMs), nowMs),
    day,
    subjects: () => [...new Set([...entries().map(([subject]) => subject), ...earlier.keys()])],
    unsent: () => [...unsent.keys()],
    forgetUnsent: () => {
      unsent = new Map();
    },
    days(nowMs: number) {
      const now = today(nowMs);
      const rows: DayUsage[] = [];
      for (const [subject, usage] of entries()) {
        advance(usage, nowMs);
        if (usage.dayTokens > 0)
          rows.push({ subject: `${who} ${subject}`, day: now, tokens: usage.dayTokens });
      }
      if (earlierDay !== now) return rows;
      for (const [subject, shares] of earlier) {
        for (const [other, tokens] of shares) rows.push({ subject: `${other} ${subject}`, day: now, tokens });
      }
      return rows;
    },
    restore(rows: readonly DayUsage[], nowMs: number) {
      earlier = new Map();
      earlierDay = today(nowMs);
      for (const { subject: row, day: of, tokens } of rows) {
        const at = row.indexOf(' ');
        if (of !== earlierDay || at < 1) continue;
        const shares = earlier.get(row.slice(at + 1)) ?? new Map<string, number>();
        earlier.set(row.slice(at + 1), shares.set(row.slice(0, at), tokens));
      }
    },
    revision: () => revision,
  });
}
