import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import { mayConnect } from './address.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const systemResolve: Resolve = (hostname) => systemLookup(hostname, { all: true, order: 'verbatim' });

/** The host resolves to addresses that the gateway must not connect to. */
export class AddressRefused extends Error {
  readonly code = 'BARTIZAN_ADDRESS_REFUSED';
  constructor(hostname: string) {
    super(`upstream host ${hostname} has no address that may be connected to`);
    this.name = 'AddressRefused';
  }
}

const bare = (hostname: string): string =>
  hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;

/**
 * A connector for undici that resolves a name once and connects to the very addresses it has judged, so an
 * answer that changes between check and use (DNS rebinding) gains nothing.
 */
export function guardedConnector(options: {
  readonly resolve: Resolve;
  readonly allowPrivate: boolean;
  readonly connectTimeoutMs: number;
}): buildConnector.connector {
  const { resolve, allowPrivate } = options;

  async function allowedAddresses(hostname: string): Promise<readonly ResolvedAddress[]> {
    const found = await resolve(hostname);
    const allowed = found.filter(({ address }) => mayConnect(address, allowPrivate));
    if (allowed.length === 0) throw new AddressRefused(hostname);
    return allowed;
  }

  const lookupAll = callbackify(allowedAddresses);
  const lookup: LookupFunction = (hostname, lookupOptions, callback) => {
    lookupAll(hostname, (error, allowed) => {
      const [first] = allowed ?? [];
      if (error || !first) callback(error ?? new AddressRefused(hostname), '', 0);
      else if (lookupOptions.all) callback(null, [...allowed]);
      else callback(null, first.address, first.family);
    });
  };
  const connect = buildConnector({
    timeout: options.connectTimeoutMs,
    allowH2: false,
    lookup,
    keepAlive: true,
  });

  return (target, callback) => {
    const hostname = bare(target.hostname);
    if (isIP(hostname) !== 0 && !mayConnect(hostname, allowPrivate)) {
      queueMicrotask(() => callback(new AddressRefused(hostname), null));
      return;
    }
    connect(target, callback);
  };
}
