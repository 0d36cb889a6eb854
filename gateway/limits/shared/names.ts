import { createHmac, hkdfSync } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';

/** Names of keys in Redis. No key id, endpoint or user can be read from them, and instances keep apart. */
export interface Names {
  readonly epoch: string;
  readonly members: string;
  readonly newUsers: string;
  readonly dayUsers: (day: number) => string;
  /** Of a subject (`user:<endpoint>:<user>` and so on): 128 bits of a keyed hash. */
  readonly hashOf: (subject: string) => string;
  readonly window: (hash: string, epoch: string) => string;
  readonly day: (hash: string, day: number) => string;
  readonly open: (hash: string) => string;
}

/** One hash tag for all, so that a script may touch several keys where Redis is a cluster. */
export function createNames(master: MasterKey): Names {
  const key = Buffer.from(hkdfSync('sha256', master.bytes, '', 'bartizan shared limits v1', 32));
  const hashOf = (subject: string): string =>
    createHmac('sha256', key).update(subject).digest().subarray(0, 16).toString('base64url');
  const prefix = `{bartizan:${hashOf('instance').slice(0, 10)}}`;
  return Object.freeze({
    epoch: `${prefix}:e`,
    members: `${prefix}:m`,
    newUsers: `${prefix}:n`,
    dayUsers: (day: number) => `${prefix}:q:${day}`,
    hashOf,
    // Of an epoch: what a Redis that was restarted still knows of the last minute is not added to what gateways tell it.
    window: (hash: string, epoch: string) => `${prefix}:w:${epoch.slice(epoch.lastIndexOf(' ') + 1)}:${hash}`,
    day: (hash: string, day: number) => `${prefix}:d:${day}:${hash}`,
    open: (hash: string) => `${prefix}:c:${hash}`,
  });
}
