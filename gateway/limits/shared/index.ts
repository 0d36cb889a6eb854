import { join } from 'node:path';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { Logger } from 'pino';
import { keepBudgets } from '../keep.ts';
import type { LocalLimiter } from '../limiter.ts';
import { createContributions } from './contributions.ts';
import { createLeases } from './leases.ts';
import { createLink } from './link.ts';
import { createNames } from './names.ts';
import { createReports } from './reports.ts';
import { createSharedLimiter, type SharedLimiter, type WithoutRedis } from './shared.ts';

export type { SharedLimiter, SharedStatus, WithoutRedis } from './shared.ts';

export interface OpenSharedOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly without: WithoutRedis;
  readonly gateways: number | null;
  readonly workers: number;
  /** Of this process; letters, digits and `_.:-`. */
  readonly name: string;
  readonly dataDir: string;
  readonly master: MasterKey;
  readonly local: LocalLimiter;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export interface OpenShared extends SharedLimiter {
  readonly close: () => Promise<void>;
}

/** How long a start waits for Redis. */
const FIRST_CONTACT_MS = 3_000;

/**
 * Opens limits that all gateways keep together through a Redis or Valkey. Never fails for want of one: until it
 * answers, and whenever it does not, this gateway goes by its own rule. What it counted is kept in a file
 * (encrypted, a second old at most after a kill), so that a Redis that lost everything can be told of the day.
 */
export async function openSharedLimiter(options: OpenSharedOptions): Promise<OpenShared> {
  const { name, master, local, log } = options;
  const clock = { now: () => Date.now() };
  const names = createNames(master);
  const contributions = createContributions();
  const path = join(options.dataDir, 'gateway', `${name}-shared.bin`);
  const kept = await keepBudgets({ limiter: contributions, path, master, clock, log });
  const leases = createLeases(names.hashOf);
  const reports = createReports({
    link: () => link,
    names,
    member: name,
    contributions,
    leases,
    now: clock.now,
  });
  const link = createLink({
    url: options.url,
    names,
    member: name,
    timeoutMs: options.timeoutMs,
    log,
    onEpoch: reports.everything,
    onDegraded: leases.forget,
  });
  const limiter = createSharedLimiter({
    link,
    names,
    member: name,
    leases,
    contributions,
    reports,
    local,
    without: options.without,
    gateways: options.gateways,
    workers: options.workers,
  });
  // A gateway that starts does not begin with its own rule where Redis is at hand.
  await link.settled(FIRST_CONTACT_MS);
  return Object.freeze({
    ...limiter,
    close: async () => {
      reports.close();
      await link.close();
      await kept.close();
    },
  });
}
