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
}

export interface LocalLimiter extends Limiter {
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

const nameOf = ({ kind, id }: LimitSubject): string =>
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
  let deltas = new Map<string, { requests: number; tokens: number }>();
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

  function note(subject: string, requests: number, tokens: number): void {
    if (tokens > 0) revision += 1;
    if (!share) return;
    const known = deltas.get(subject);
    if (!known) deltas.set(subject, { requests, tokens });
    else {
      known.requests += requests;
      known.tokens += tokens;
    }
  }

  function settle(names: readonly string[], tokens: number): void {
    if (!(tokens > 0)) return;
    const nowMs = clock.now();
    for (const name of names) {
      count(usageOf(name, nowMs), 0, tokens);
      note(name, 0, tokens);
    }
  }

  function admit(subjects: readonly LimitSubject[], nowMs: number): Admission {
    const names: string[] = [];
    const usages: Usage[] = [];
    for (const subject of subjects) {
      const { limits } = subject;
      const limited = limits.requestsPerMinute ?? limits.tokensPerMinute ?? limits.tokensPerDay;
      if (limited === null) continue;
      const name = nameOf(subject);
      const usage = usageOf(name, nowMs);
      const refusal = refusalOf(usage, limits, nowMs);
      if (refusal) return { admitted: false, subject: subject.kind, ...refusal };
      names.push(name);
      usages.push(usage);
    }
    for (const [index, usage] of usages.entries()) {
      count(usage, 1, 0);
      note(names[index] as string, 1, 0);
    }
    let settled = false;
    return {
      admitted: true,
      settle: (tokens) => {
        if (settled) return;
        settled = true;
        settle(names, tokens);
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
        if (usage.requests + usage.tokens + usage.dayTokens > 0) found.push({ subject, usage });
      }
    }
    return found;
  }

  return Object.freeze({
    admit,
    state,
    adopt: (list: readonly SubjectState[]) => {
      for (const { subject, usage } of list) {
        const copy = { ...usage, buckets: [...usage.buckets] };
        (subject.startsWith('user:') ? users : configured).set(subject, copy);
      }
    },
    takeDeltas,
    absorb: (list: readonly UsageDelta[], nowMs: number) => {
      for (const { subject, requests, tokens } of list) {
        count(usageOf(subject, nowMs), requests, tokens);
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
    size: () => configured.size() + users.size(),
  });
}

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
