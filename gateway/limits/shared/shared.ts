import type { Limits, LimitsMode } from '@bartizan/contracts';
import type { Admission, Limiter, LimitSubject } from '../../ports.ts';
import { isLimited, type LocalLimiter, nameOf } from '../limiter.ts';
import { waitForDay } from '../window.ts';
import type { Contributions } from './contributions.ts';
import type { Lease, Leases } from './leases.ts';
import type { Link } from './link.ts';
import type { Names } from './names.ts';
import { MOST_NEW_USERS, type Reports } from './reports.ts';

/**
 * What a gateway does while Redis does not answer. `share`: it allows its part of each limit, so that all
 * together keep it. `full`: it allows all of it. `deny`: it refuses whoever has limits.
 */
export type WithoutRedis = 'share' | 'full' | 'deny';

export interface SharedDeps {
  readonly link: Pick<Link, 'epoch' | 'members' | 'ask'>;
  readonly names: Names;
  readonly member: string;
  readonly leases: Leases;
  readonly contributions: Contributions;
  readonly reports: Pick<Reports, 'flush' | 'soon' | 'opened'>;
  /** Counts on its own what this gateway admits, over its workers. */
  readonly local: Pick<LocalLimiter, 'admit' | 'record' | 'opened' | 'dayTokens'>;
  readonly without: WithoutRedis;
  /** Gateways that there are said to be; null: as many as were last heard of. */
  readonly gateways: number | null;
  /** Processes of this gateway. */
  readonly workers: number;
}

/** Counts since the start, for metrics. */
export interface SharedStatus {
  readonly mode: LimitsMode;
  readonly members: number;
  /** Requests that asked Redis, and those of them that got no answer in time. */
  readonly asked: number;
  readonly unanswered: number;
  /** Requests admitted from a slice, without asking. */
  readonly sliced: number;
  /** Requests decided by this gateway's own rule. */
  readonly degraded: number;
}

export interface SharedLimiter extends Limiter {
  readonly status: () => SharedStatus;
}

/** A slice is used up within this time or goes back; shorter where tokens count, for nobody looks at them meanwhile. */
const LEASE_MS = 500;
const LEASE_WITH_TOKENS_MS = 100;
/** A refusal is repeated for this long without asking again, so that who is refused cannot keep Redis busy. */
const REFUSAL_MS = 200;
const LIMITS = ['requestsPerMinute', 'tokensPerMinute', 'tokensPerDay', 'concurrent'] as const;

interface Wanted {
  readonly subject: LimitSubject;
  readonly lease: Lease;
}

const hasTokens = ({ tokensPerMinute, tokensPerDay }: Limits): boolean =>
  tokensPerMinute !== null || tokensPerDay !== null;

/** Limits that all gateways keep together through Redis, each by its own rule while that is away. */
export function createSharedLimiter(deps: SharedDeps): SharedLimiter {
  const { link, names, leases, contributions, reports, local } = deps;
  const counts = { asked: 0, unanswered: 0, sliced: 0, degraded: 0 };

  /** One request of all these subjects was admitted; `told` when Redis counted it. */
  function admitted(wanted: readonly Wanted[], nowMs: number, told: boolean): Admission {
    for (const { subject, lease } of wanted) {
      contributions.count(lease.subject, { requests: 1, tokens: 0, told }, nowMs);
      if (!told) continue;
      local.record(lease.subject, { requests: 1, tokens: 0 }, nowMs);
      if (subject.limits.concurrent !== null) local.opened(lease.subject, 1);
    }
    if (!told) reports.soon();
    return {
      admitted: true,
      settle: once((tokens: number) => settle(wanted, tokens)),
      release: once(() => {
        for (const { subject, lease } of wanted) {
          if (subject.limits.concurrent === null) continue;
          local.opened(lease.subject, -1);
          close(lease);
        }
      }),
    };
  }

  function settle(wanted: readonly Wanted[], tokens: number): void {
    if (!(tokens > 0)) return;
    const nowMs = Date.now();
    for (const { subject, lease } of wanted) {
      local.record(lease.subject, { requests: 0, tokens }, nowMs);
      if (hasTokens(subject.limits)) {
        contributions.count(lease.subject, { requests: 0, tokens, told: false }, nowMs);
      }
    }
    reports.soon();
  }

  function open({ subject, lease }: Wanted): void {
    if (subject.limits.concurrent === null) return;
    lease.open += 1;
    reports.opened(lease, false);
  }
  function close(lease: Lease): void {
    lease.open -= 1;
    reports.opened(lease, true);
  }
  const unopen = ({ subject, lease }: Wanted): void => {
    if (subject.limits.concurrent !== null) close(lease);
  };

  /** Limits that this gateway keeps alone while Redis is away. */
  function ownLimits({ subject, lease }: Wanted, nowMs: number): Limits {
    const all = deps.gateways === null ? link.members() : deps.gateways * deps.workers;
    const part = Math.min(1, deps.workers / Math.max(1, all));
    const share = (limit: number | null): number | null =>
      limit === null ? null : deps.without === 'full' ? limit : Math.max(1, Math.floor(limit * part));
    const { requestsPerMinute, tokensPerMinute, tokensPerDay, concurrent } = subject.limits;
    const scaled = {
      requestsPerMinute: share(requestsPerMinute),
      tokensPerMinute: share(tokensPerMinute),
      tokensPerDay: share(tokensPerDay),
      concurrent: share(concurrent),
    };
    const { seen } = lease;
    if (tokensPerDay === null || seen === null || seen.day !== Math.floor(nowMs / 86_400_000)) return scaled;
    // Of a day's budget is known what was left: this gateway may use its part of that, on top of what it had used.
    const left = Math.max(0, tokensPerDay - seen.all);
    const mine = Math.floor(deps.without === 'full' ? left : left * part);
    return { ...scaled, tokensPerDay: Math.max(1, seen.own + mine) };
  }

  function byOwnRule(wanted: readonly Wanted[], nowMs: number): Admission {
    counts.degraded += 1;
    const [first] = wanted;
    if (deps.without === 'deny' && first) {
      const limit = LIMITS.find((name) => first.subject.limits[name] !== null) ?? 'requestsPerMinute';
      return { admitted: false, subject: first.subject.kind, limit, retryAfterMs: 2_000, unknown: true };
    }
    const own = wanted.map((one) => ({ ...one.subject, limits: ownLimits(one, nowMs) }));
    const admission = local.admit(own, nowMs);
    if (!admission.admitted) return admission;
    for (const one of wanted) open(one);
    return admitted(wanted, nowMs, false);
  }

  function admit(subjects: readonly LimitSubject[], nowMs: number): Admission | Promise<Admission> {
    const wanted: Wanted[] = [];
    for (const subject of subjects) {
      if (isLimited(subject.limits)) wanted.push({ subject, lease: leases.of(nameOf(subject)) });
    }
    if (wanted.length === 0) return { admitted: true, settle: () => undefined };
    const epoch = link.epoch();
    if (epoch === null) return byOwnRule(wanted, nowMs);
    const at = performance.now();
    for (const { subject, lease } of wanted) {
      if (lease.refusal === null || lease.refusedUntil <= at) continue;
      const { limit, retryAt } = lease.refusal;
      return { admitted: false, subject: subject.kind, limit, retryAfterMs: Math.max(1, retryAt - nowMs) };
    }
    const free = wanted.every(
      ({ subject, lease }) => subject.limits.concurrent === null && leases.usable(lease, at),
    );
    if (!free) return ask(wanted, epoch, nowMs);
    for (const { lease } of wanted) leases.take(lease);
    counts.sliced += 1;
    return admitted(wanted, nowMs, true);
  }

  /** Asks for those that have no slice left, holding one of each of the others meanwhile. */
  async function ask(wanted: readonly Wanted[], epoch: string, nowMs: number): Promise<Admission> {
    counts.asked += 1;
    const sentAt = performance.now();
    const asked: Wanted[] = [];
    const taken: { lease: Lease; bucket: number }[] = [];
    for (const one of wanted) {
      const { subject, lease } = one;
      if (subject.limits.concurrent === null && leases.usable(lease, sentAt)) {
        taken.push({ lease, bucket: lease.bucket });
        leases.take(lease);
      } else asked.push(one);
    }
    reports.flush(asked.map(({ lease }) => lease.subject));
    for (const one of asked) open(one);
    const input = question(asked, epoch, nowMs);
    for (const { lease } of asked) lease.asking += 1;
    const reply = await link.ask('admit', input, (late) => grant(asked, late, { sentAt, keep: 0 }));
    for (const { lease } of asked) lease.asking -= 1;
    if (reply?.[0] === 'ok') {
      grant(asked, reply, { sentAt, keep: 1 });
      return admitted(wanted, nowMs, true);
    }
    for (const { lease, bucket } of taken) leases.untake(lease, bucket);
    for (const one of asked) unopen(one);
    if (reply?.[0] === 'no') return refused(asked, reply, nowMs);
    if (reply === null) counts.unanswered += 1;
    return byOwnRule(wanted, nowMs);
  }

  function question(asked: readonly Wanted[], epoch: string, nowMs: number) {
    const day = Math.floor(nowMs / 86_400_000);
    const keys = [names.epoch, names.newUsers];
    const args: (string | number)[] = [epoch, deps.member, link.members(), MOST_NEW_USERS];
    for (const { subject, lease } of asked) {
      keys.push(names.window(lease.hash, epoch), names.day(lease.hash, day), names.open(lease.hash));
      const { requestsPerMinute, tokensPerMinute, tokensPerDay, concurrent } = subject.limits;
      args.push(requestsPerMinute ?? -1, tokensPerMinute ?? -1, tokensPerDay ?? -1, concurrent ?? -1);
      args.push(lease.asking > 0 ? 1 : 1 + lease.size, lease.open, subject.kind === 'user' ? 1 : 0);
    }
    return { keys, args };
  }

  /** Enters what was granted; `keep` of each is used by the one who asked. */
  function grant(
    asked: readonly Wanted[],
    reply: readonly unknown[],
    { sentAt, keep }: { readonly sentAt: number; readonly keep: number },
  ): void {
    if (reply[0] !== 'ok') return;
    const [, bucket, msLeft] = reply.map(Number) as [number, number, number];
    for (const [index, { subject, lease }] of asked.entries()) {
      const lastsMs = Math.min(msLeft, hasTokens(subject.limits) ? LEASE_WITH_TOKENS_MS : LEASE_MS);
      const granted = Number(reply[3 + index * 2]);
      leases.grant(lease, granted - keep, { bucket, until: sentAt + lastsMs });
      // A first answer in time finds out how many are wanted.
      if (lease.size === 0 && granted === 1) lease.size = 1;
      if (subject.limits.tokensPerDay === null) continue;
      const nowMs = Date.now();
      const own = local.dayTokens(lease.subject, nowMs);
      const all = Math.max(own, Number(reply[4 + index * 2]));
      lease.seen = { day: Math.floor(nowMs / 86_400_000), all, own };
    }
  }

  function refused(asked: readonly Wanted[], reply: readonly unknown[], nowMs: number): Admission {
    const [, index, limit, waitMs] = reply as [string, number, keyof Limits, number];
    const { subject, lease } = asked[Number(index) - 1] as Wanted;
    const retryAfterMs = limit === 'tokensPerDay' ? waitForDay(nowMs) : Math.max(1, Number(waitMs));
    // Who has too many under way may have one less the next moment.
    const { tokensPerDay } = subject.limits;
    if (limit === 'tokensPerDay' && tokensPerDay !== null) {
      const own = local.dayTokens(lease.subject, nowMs);
      lease.seen = { day: Math.floor(nowMs / 86_400_000), all: Math.max(own, tokensPerDay), own };
    }
    const repeatMs = limit === 'concurrent' ? 0 : Math.min(REFUSAL_MS, retryAfterMs);
    lease.refusedUntil = performance.now() + repeatMs;
    lease.refusal = { limit, retryAt: nowMs + retryAfterMs };
    return { admitted: false, subject: subject.kind, limit, retryAfterMs };
  }

  return Object.freeze({
    admit,
    status: (): SharedStatus => ({
      mode: link.epoch() === null ? 'degraded' : 'shared',
      members: link.members(),
      ...counts,
    }),
  });
}

function once<Args extends unknown[]>(run: (...args: Args) => void): (...args: Args) => void {
  let done = false;
  return (...args) => {
    if (done) return;
    done = true;
    run(...args);
  };
}
