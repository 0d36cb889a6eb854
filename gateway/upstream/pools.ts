import type { SnapshotUpstream } from '@bartizan/contracts';
import { Pool } from 'undici';
import { guardedConnector, type Resolve } from './connect.ts';

export interface Pools {
  readonly get: (
    origin: string,
    upstream: Pick<SnapshotUpstream, 'connectTimeoutMs'>,
    allowPrivate: boolean,
  ) => Pool;
  readonly close: () => Promise<void>;
}

const MAX_POOLS = 256;
/** Sockets per origin and gateway process; further requests wait, within the upstream's headers timeout. */
const CONNECTIONS = 512;

/** One keep-alive pool per origin and connection setting; the least recently used go when there are too many. */
export function createPools(resolve: Resolve): Pools {
  const pools = new Map<string, Pool>();

  function get(
    origin: string,
    upstream: Pick<SnapshotUpstream, 'connectTimeoutMs'>,
    allowPrivate: boolean,
  ): Pool {
    const key = `${origin} ${upstream.connectTimeoutMs} ${allowPrivate}`;
    const known = pools.get(key);
    if (known) return known;
    const pool = new Pool(origin, {
      connections: CONNECTIONS,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
      connect: guardedConnector({ resolve, allowPrivate, connectTimeoutMs: upstream.connectTimeoutMs }),
    });
    pools.set(key, pool);
    if (pools.size > MAX_POOLS) {
      const [oldest] = pools;
      if (oldest) {
        pools.delete(oldest[0]);
        void oldest[1].close();
      }
    }
    return pool;
  }

  return Object.freeze({
    get,
    close: async () => {
      const all = [...pools.values()];
      pools.clear();
      await Promise.all(all.map((pool) => pool.destroy()));
    },
  });
}
