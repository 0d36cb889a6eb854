import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { IdentityDatabase } from './tables.ts';

const MINUTE_MS = 60_000;
const WINDOW_MS = 15 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Wider than one subscriber's /64: some networks hand a whole /48 to one customer. */
const NETWORK_FACTOR = 4;
/** Counters kept at most; beyond, the oldest go first. */
const MAX_COUNTERS = 200_000;
/** One attempt in so many tidies up, so that the table stays small between housekeepings. */
const TIDY_ONE_IN = 200;

/**
 * What is attempted. `password` and `code` are guesses at an account; `token` at one-time links and
 * half-finished sign-ins; `bearer` at keys; `challenge` is asking for a passkey's challenge, no guess at all.
 */
export type AttemptKind = 'password' | 'code' | 'token' | 'bearer' | 'challenge';

interface Limit {
  readonly count: number;
  readonly windowMs: number;
}

/** From one address: a household or an office may share it. Passwords, codes and tokens count together. */
const PER_ADDRESS: Readonly<Record<AttemptKind, Limit>> = {
  password: { count: 30, windowMs: WINDOW_MS },
  code: { count: 30, windowMs: WINDOW_MS },
  token: { count: 30, windowMs: WINDOW_MS },
  bearer: { count: 1_000, windowMs: WINDOW_MS },
  challenge: { count: 300, windowMs: WINDOW_MS },
};
/** On one account from everywhere; codes have so few digits that a day has a limit too. */
const PER_ACCOUNT: Readonly<Record<AttemptKind, readonly Limit[]>> = {
  password: [{ count: 10, windowMs: WINDOW_MS }],
  code: [
    { count: 10, windowMs: WINDOW_MS },
    { count: 30, windowMs: DAY_MS },
  ],
  token: [],
  bearer: [],
  challenge: [],
};

export interface AttemptAt {
  readonly kind: AttemptKind;
  readonly address: string;
  /** The account that is guessed at. */
  readonly account?: string;
  /** A browser that has signed in to this account before: it has a count of its own and no other. */
  readonly device?: string | undefined;
}

export interface Attempt {
  /** It succeeded, so it does not count against anybody. */
  readonly forgive: () => Promise<void>;
}

export interface Attempts {
  /**
   * Counts an attempt before it is made, so that many at once, on several servers too, cannot slip through
   * together. Throws `too_many_requests` when the address or the account has had too many.
   */
  readonly take: (at: AttemptAt) => Promise<Attempt>;
  /** Forgets counts that are over. */
  readonly tidy: () => Promise<void>;
}

/** What counts as one address: a whole IPv4, or the /64 that one subscriber of IPv6 has. */
export const addressKey = (address: string): string => prefixOf(address, 4);

function prefixOf(address: string, kept: number): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, kept);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/${kept * 16}`;
}

interface Wanted extends Limit {
  readonly key: string;
}

/** Keys are hashed: the table shows neither addresses nor who was guessed at. */
const hashed = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('base64url');

function wantedOf({ kind, address, account, device }: AttemptAt): Wanted[] {
  const perAccount = PER_ACCOUNT[kind];
  if (account !== undefined && device !== undefined && perAccount.length > 0) {
    return perAccount.map((limit) => ({
      ...limit,
      key: hashed('device', kind, account, device, `${limit.windowMs}`),
    }));
  }
  const group = kind === 'bearer' || kind === 'challenge' ? kind : 'guess';
  const { count, windowMs } = PER_ADDRESS[kind];
  const wanted: Wanted[] = [{ count, windowMs, key: hashed('address', group, addressKey(address)) }];
  if (addressKey(address).endsWith('/64')) {
    wanted.push({
      count: count * NETWORK_FACTOR,
      windowMs,
      key: hashed('network', group, prefixOf(address, 3)),
    });
  }
  if (account === undefined) return wanted;
  for (const limit of perAccount) {
    wanted.push({ ...limit, key: hashed('account', kind, account, `${limit.windowMs}`) });
  }
  return wanted;
}

export interface AttemptsDeps {
  readonly db: IdentityDatabase;
  readonly clock: Clock;
  /** For tests: smaller than {@link MAX_COUNTERS}. */
  readonly maxCounters?: number;
}

/**
 * Limits guesses at passwords, codes and one-time tokens, by address and by account, counted in PostgreSQL so
 * that all servers share the counts.
 */
export function createAttempts({ db, clock, maxCounters = MAX_COUNTERS }: AttemptsDeps): Attempts {
  /** The start of the window that it was counted in, or, when that is full, when it ends. */
  async function count(wanted: Wanted): Promise<{ since: Date } | { fullUntilMs: number }> {
    const now = new Date(clock.now());
    const over = new Date(now.getTime() - wanted.windowMs);
    const { rows } = await sql<{ since: Date }>`
      insert into sign_in_attempts as a (key, since, count) values (${wanted.key}, ${now}, 1)
      on conflict (key) do update set
        since = case when a.since <= ${over} then excluded.since else a.since end,
        count = case when a.since <= ${over} then 1 else a.count + 1 end
      where a.since <= ${over} or a.count < ${wanted.count}
      returning since`.execute(db);
    const counted = rows[0];
    if (counted) return { since: counted.since };
    const full = await db
      .selectFrom('sign_in_attempts')
      .select('since')
      .where('key', '=', wanted.key)
      .executeTakeFirst();
    return { fullUntilMs: (full?.since ?? now).getTime() + wanted.windowMs };
  }

  async function release(taken: readonly { key: string; since: Date }[]): Promise<void> {
    for (const { key, since } of taken) {
      await db
        .updateTable('sign_in_attempts')
        .set(({ eb }) => ({ count: eb('count', '-', 1) }))
        .where('key', '=', key)
        .where('since', '=', since)
        .where('count', '>', 0)
        .execute();
    }
  }

  async function tidy(): Promise<void> {
    const longest = new Date(clock.now() - DAY_MS);
    const done = new Date(clock.now() - WINDOW_MS);
    // A count that was forgiven says nothing; one of a day may be needed for a day.
    await sql`delete from sign_in_attempts where since < ${longest} or (since < ${done} and count = 0)`.execute(
      db,
    );
    await sql`
      delete from sign_in_attempts where key in (
        select key from sign_in_attempts order by since desc offset ${maxCounters})`.execute(db);
  }

  let untilTidy = TIDY_ONE_IN;
  return Object.freeze({
    async take(at: AttemptAt) {
      if (--untilTidy <= 0) {
        untilTidy = TIDY_ONE_IN;
        await tidy();
      }
      const taken: { key: string; since: Date }[] = [];
      for (const wanted of wantedOf(at)) {
        const counted = await count(wanted);
        if ('since' in counted) taken.push({ key: wanted.key, since: counted.since });
        else {
          await release(taken);
          throw new AppError('too_many_requests', 'too many attempts; wait before you try again', {
            retryAfterMs: Math.max(1_000, counted.fullUntilMs - clock.now()),
          });
        }
      }
      let forgiven = false;
      return {
        async forgive() {
          if (forgiven) return;
          forgiven = true;
          await release(taken);
        },
      };
    },
    tidy,
  });
}
