import { createHash } from 'node:crypto';
import type { Limits } from '@bartizan/contracts';
import type { Admission, Limiter, LimitSubject } from '../ports.ts';
import { createRecent } from './recent.ts';
import { advance, count, createUsage, type Usage, waitForDay, waitForWindow } from './window.ts';

/** What a subject used since the last time it was asked for; what workers tell each other. */
export interface UsageDelta {
  readonly subject: string;
  readonly requests: number;
  readonly tokens: number;
  /** By how many the requests under way grew or shrank. */
  readonly open?: number;
}

/** Budget that a subject used up on a UTC day (days since the epoch). */
export interface DayUsage {
  readonly subject: string;
  readonly day: number;
  readonly tokens: number;
}

/** All that is known of a subject, for a worker that joins. */
export interface SubjectState {
  readonly subject: string;
  readonly usage: Usage;
  /** Requests under way. */
  readonly open: number;
}

export interface LocalLimiter extends Limiter {
  readonly admit: (subjects: readonly LimitSubject[], nowMs: number) => Admission;
  /** Deltas since the last call, only when made with `share`. */
  readonly takeDeltas: () => UsageDelta[];
  /** Counts what others admitted. */
  readonly absorb: (deltas: readonly UsageDelta[], nowMs: number) => void;
  /** Today's token budgets, for keeping over a restart. */
  readonly days: (nowMs: number) => DayUsage[];
  readonly restore: (days: readonly DayUsage[], nowMs: number) => void;
  /** Everything in use, and taking it over into an empty limiter. */
  readonly state: (nowMs: number) => SubjectState[];
  readonly adopt: (state: readonly SubjectState[]) => void;
  /** Changes when a token was counted. */
  readonly revision: () => number;
  /** Counts what was admitted elsewhere for this process: tells siblings, unlike `absorb`. */
  readonly record: (subject: string, used: { requests: number; tokens: number }, nowMs: number) => void;
  readonly opened: (subject: string, by: number) => void;
  /** Tokens of the day so far. */
  readonly dayTokens: (subject: string, nowMs: number) => number;
  /** How many subjects are held in memory. */
  readonly size: () => number;
}

export interface LimiterOptions {
  readonly clock: { readonly now: () => number };
  /**
   * End users held at most, default 100,000 (about 40 MB when full). Of more, those unseen for longest are
   * forgotten and start afresh; the last 50,000 are always known. Who can name users at will could always name new ones, so limits of the key
   * and the endpoint, which are never forgotten, are what binds such a caller.
   */
  readonly maxUsers?: number;
  /** Keep deltas for other workers. */
  readonly share?: boolean;
}

/** Keys and endpoints come from the configuration; this only bounds what long-gone ones leave behind. */
const MAX_CONFIGURED = 200_000;
const LONGEST_ID = 80;

export const isLimited = (limits: Limits): boolean =>
  limits.requestsPerMinute !== null ||
  limits.tokensPerMinute !== null ||
  limits.tokensPerDay !== null ||
  limits.concurrent !== null;

/** How a subject is called in here and between processes: bounded, whatever a client calls its users. */
export const nameOf = ({ kind, id }: LimitSubject): string =>
  `${kind}:${id.length > LONGEST_ID ? createHash('sha256').update(id).digest('base64url') : id}`;

/**
 * Limits in memory. Requests are counted when admitted; tokens when settled, so a budget can be overshot by
 * the tokens of the requests that are under way when it is reached, never by a request admitted after that.
 */
export function createLimiter(options: LimiterOptions): LocalLimiter {
  const { clock, share = false } = options;
  const maxUsers = options.maxUsers ?? 100_000;
  const configured = createRecent<Usage>(MAX_CONFIGURED);
  const users = createRecent<Usage>(maxUsers);
  /** Requests under way; only of subjects that have a limit of that. */
  const open = new Map<string, number>();
  let deltas = new Map<string, { requests: number; tokens: number; open: number }>();
  let revision = 0;

  function usageOf(subject: string, nowMs: number): Usage {
    const recent = subject.startsWith('user:') ? users : configured;
    let usage = recent.get(subject);
    if (!usage) {
      usage = createUsage(nowMs);
      recent.set(subject, usage);
    }
    advance(usage, nowMs);
    return usage;
  }

  function note(subject: string, { requests = 0, tokens = 0, open = 0 }): void {
    if (tokens > 0) revision += 1;
    if (!share) return;
    const known = deltas.get(subject);
    if (!known) deltas.set(subject, { requests, tokens, open });
    else {
      known.requests += requests;
      known.tokens += tokens;
      known.open += open;
    }
  }

  function shift(subject: string, by: number): void {
    const now = (open.get(subject) ?? 0) + by;
    if (now > 0) open.set(subject, now);
    else open.delete(subject);
  }

  function opened(subject: string, by: number): void {
    shift(subject, by);
    note(subject, { open: by });
  }

  function record(subject: string, used: { requests: number; tokens: number }, nowMs: number): void {
    count(usageOf(subject, nowMs), used.requests, used.tokens);
    note(subject, used);
  }

  function settle(names: readonly string[], tokens: number): void {
    if (!(tokens > 0)) return;
    const nowMs = clock.now();
    for (const name of names) record(name, { requests: 0, tokens }, nowMs);
  }

  function admit(subjects: readonly LimitSubject[], nowMs: number): Admission {
    const names: string[] = [];
    const streams: string[] = [];
    for (const subject of subjects) {
      const { limits } = subject;
      if (!isLimited(limits)) continue;
      const name = nameOf(subject);
      const usage = usageOf(name, nowMs);
      const refusal = refusalOf(usage, limits, nowMs) ?? tooMany(open.get(name) ?? 0, limits);
      if (refusal) return { admitted: false, subject: subject.kind, ...refusal };
      names.push(name);
      if (limits.concurrent !== null) streams.push(name);
    }
    for (const name of names) record(name, { requests: 1, tokens: 0 }, nowMs);
    for (const name of streams) opened(name, 1);
    let settled = false;
    return {
      admitted: true,
      settle: (tokens) => {
        if (settled) return;
        settled = true;
        settle(names, tokens);
      },
      release: () => {
        for (const name of streams.splice(0)) opened(name, -1);
      },
    };
  }

  function takeDeltas(): UsageDelta[] {
    const taken = [...deltas].map(([subject, used]) => ({ subject, ...used }));
    deltas = new Map();
    return taken;
  }

  function days(nowMs: number): DayUsage[] {
    return state(nowMs)
      .filter(({ usage }) => usage.dayTokens > 0)
      .map(({ subject, usage }) => ({ subject, day: usage.day, tokens: usage.dayTokens }));
  }

  function state(nowMs: number): SubjectState[] {
    const found: SubjectState[] = [];
    for (const recent of [configured, users]) {
      for (const [subject, usage] of recent.entries()) {
        advance(usage, nowMs);
        const under = open.get(subject) ?? 0;
        if (usage.requests + usage.tokens + usage.dayTokens + under > 0) {
          found.push({ subject, usage, open: under });
        }
      }
    }
    return found;
  }

  return Object.freeze({
    admit,
    state,
    adopt: (list: readonly SubjectState[]) => {
      for (const { subject, usage, open: under } of list) {
        shift(subject, under);
        const copy = { ...usage, buckets: [...usage.buckets] };
        (subject.startsWith('user:') ? users : configured).set(subject, copy);
      }
    },
    takeDeltas,
    absorb: (list: readonly UsageDelta[], nowMs: number) => {
      for (const { subject, requests, tokens, open: by = 0 } of list) {
        count(usageOf(subject, nowMs), requests, tokens);
        if (by !== 0) shift(subject, by);
        if (tokens > 0) revision += 1;
      }
    },
    days,
    restore: (list: readonly DayUsage[], nowMs: number) => {
      for (const { subject, day, tokens } of list) {
        const usage = usageOf(subject, nowMs);
        if (usage.day === day) usage.dayTokens = Math.max(usage.dayTokens, tokens);
      }
    },
    revision: () => revision,
    record,
    opened,
    dayTokens: (subject: string, nowMs: number) => usageOf(subject, nowMs).dayTokens,
    size: () => configured.size() + users.size(),
  });
}

/** Who has too many under way may have one less the next moment. */
const tooMany = (
  under: number,
  { concurrent }: Limits,
): { readonly limit: 'concurrent'; readonly retryAfterMs: number } | null =>
  concurrent !== null && under >= concurrent ? { limit: 'concurrent', retryAfterMs: 1_000 } : null;

function refusalOf(
  usage: Usage,
  limits: Limits,
  nowMs: number,
): { readonly limit: keyof Limits; readonly retryAfterMs: number } | null {
  const { requestsPerMinute, tokensPerMinute, tokensPerDay } = limits;
  if (tokensPerDay !== null && usage.dayTokens >= tokensPerDay) {
    return { limit: 'tokensPerDay', retryAfterMs: waitForDay(nowMs) };
  }
  if (requestsPerMinute !== null && usage.requests >= requestsPerMinute) {
    const retryAfterMs = waitForWindow(usage, 'requests', { limit: requestsPerMinute, nowMs });
    return { limit: 'requestsPerMinute', retryAfterMs };
  }
  if (tokensPerMinute !== null && usage.tokens >= tokensPerMinute) {
    const retryAfterMs = waitForWindow(usage, 'tokens', { limit: tokensPerMinute, nowMs });
    return { limit: 'tokensPerMinute', retryAfterMs };
  }
  return null;
}
