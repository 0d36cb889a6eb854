import type { SnapshotEndpoint, SnapshotUpstream } from '@bartizan/contracts';
import type { UpstreamApi } from '../ports.ts';

/**
 * The upstreams that speak this API, in the order in which a request tries them: by priority, and among
 * equals by lot, each drawn in proportion to its weight.
 */
export function tryOrder(
  endpoint: Pick<SnapshotEndpoint, 'upstreams'>,
  api: UpstreamApi,
  random: () => number,
): SnapshotUpstream[] {
  const usable = endpoint.upstreams.filter(
    ({ enabled, provider }) => enabled && (provider === api || provider === 'demo'),
  );
  if (usable.length < 2) return usable;
  // Exponential race (Efraimidis and Spirakis 2006): sorting by -ln(u)/w draws without replacement by weight.
  return usable
    .map((upstream) => ({ upstream, key: -Math.log(1 - random()) / upstream.weight }))
    .sort((a, b) => a.upstream.priority - b.upstream.priority || a.key - b.key)
    .map(({ upstream }) => upstream);
}
