import type { SnapshotUpstream } from './gateway.ts';

/** Scheme, host and port of an upstream, or '' for the built-in demo. */
export const originOf = ({ baseUrl }: Pick<SnapshotUpstream, 'baseUrl'>): string =>
  baseUrl === '' ? '' : new URL(baseUrl).origin;

/**
 * The context under which the provider key of an upstream is sealed. It names where the key is sent, so a stored
 * key opens for that place alone, whoever writes another address into the database.
 */
export const upstreamKeyContext = (upstream: Pick<SnapshotUpstream, 'id' | 'provider' | 'baseUrl'>): string =>
  `upstream-key:${upstream.id}:${upstream.provider}:${originOf(upstream)}`;
