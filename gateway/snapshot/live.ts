import type { CompiledPolicy } from '@bartizan/checks/policy/types.ts';
import type { PolicyDocument, Snapshot, SnapshotEndpoint, SnapshotUpstream } from '@bartizan/contracts';
import { type MasterKey, unseal } from '@bartizan/contracts/sealed.ts';
import { upstreamKeyContext } from '@bartizan/contracts/upstream-key.ts';
import type { Logger } from 'pino';
import type { LiveConfiguration } from '../ports.ts';

export type CompileDocument = (document: PolicyDocument) => CompiledPolicy;

type PolicyInForce = NonNullable<ReturnType<LiveConfiguration['policyOf']>>;

/** Compiles documents, remembering those that the last snapshot had too: a change elsewhere costs nothing here. */
export function rememberingCompiler(
  compile: CompileDocument,
): (policies: Snapshot['policies']) => Map<string, PolicyInForce> {
  let known = new Map<string, { source: string; policy: PolicyInForce }>();
  return (policies) => {
    const fresh = new Map<string, { source: string; policy: PolicyInForce }>();
    for (const { id, version, document } of policies) {
      const source = JSON.stringify([version, document]);
      const before = known.get(id);
      const same = before?.source === source ? before : null;
      fresh.set(id, same ?? { source, policy: Object.freeze({ id, version, compiled: compile(document) }) });
    }
    known = fresh;
    return new Map([...fresh].map(([id, { policy }]) => [id, policy]));
  };
}

export interface LiveOptions {
  readonly master: MasterKey;
  readonly policies: ReadonlyMap<string, PolicyInForce>;
  readonly log: Pick<Logger, 'error'>;
}

/**
 * Makes a snapshot ready for look-ups. Throws when it contradicts itself (an endpoint names a policy that is
 * not there): serving without that policy would be serving unguarded.
 */
export function liveConfiguration(snapshot: Snapshot, options: LiveOptions): LiveConfiguration {
  const { policies, log } = options;
  const keys = new Map(snapshot.keys.map((key) => [key.hash.toLowerCase(), key]));
  const byId = new Map(snapshot.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const bySlug = new Map(snapshot.endpoints.map((endpoint) => [endpoint.slug, endpoint]));
  for (const { slug, policyId } of snapshot.endpoints) {
    if (policyId !== null && !policies.has(policyId)) {
      throw new Error(`endpoint ${slug} names policy ${policyId}, which the snapshot does not have`);
    }
  }
  /** Of this snapshot's upstreams, and of the one before's that a request under way may still hold. */
  const apiKeys = new WeakMap<SnapshotUpstream, string | null>();

  function open(upstream: SnapshotUpstream, sealed: string): string | null {
    try {
      return unseal(options.master, sealed, upstreamKeyContext(upstream));
    } catch (error) {
      log.error(
        { upstream: upstream.name, reason: (error as Error).message },
        'a provider key does not open',
      );
      return null;
    }
  }

  function apiKeyOf(upstream: SnapshotUpstream): string | null {
    const sealed = upstream.sealedApiKey;
    if (sealed === null) return null;
    const cached = apiKeys.get(upstream);
    if (cached !== undefined) return cached;
    const plain = open(upstream, sealed);
    apiKeys.set(upstream, plain);
    return plain;
  }

  return Object.freeze({
    version: snapshot.version,
    keyByHash: (hash: string) => keys.get(hash),
    endpointById: (id: string) => byId.get(id),
    endpointBySlug: (slug: string) => bySlug.get(slug),
    endpoints: Object.freeze([...snapshot.endpoints]),
    policyOf: (endpoint: SnapshotEndpoint) =>
      endpoint.policyId === null ? null : (policies.get(endpoint.policyId) ?? missing(endpoint)),
    apiKeyOf,
  });
}

/** An endpoint of another snapshot: no policy here would mean no guard, so this is a fault. */
function missing(endpoint: SnapshotEndpoint): never {
  throw new Error(`no policy ${endpoint.policyId} for endpoint ${endpoint.slug}`);
}
