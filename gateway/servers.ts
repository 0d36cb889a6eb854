import { randomInt } from 'node:crypto';
import { Pool } from 'undici';

/** The servers of the instance, any of which will do. */
export interface Servers {
  /** The one in use. */
  readonly pool: () => Pool;
  /** The one in use failed: take the next. */
  readonly next: () => void;
  readonly count: number;
  readonly close: () => Promise<void>;
}

/**
 * `serverUrl` names one or several servers, separated by commas. Which is used first is left to chance, so that
 * gateways spread over them; it stays in use until it fails.
 */
export function createServers(serverUrl: string, connections: number): Servers {
  const origins = serverUrl.split(',').map((url) => new URL(url.trim()).origin);
  const pools = origins.map((origin) => new Pool(origin, { connections, allowH2: false }));
  let at = randomInt(pools.length);
  return Object.freeze({
    pool: () => pools[at] as Pool,
    next: () => {
      at = (at + 1) % pools.length;
    },
    count: pools.length,
    close: async () => {
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  });
}
