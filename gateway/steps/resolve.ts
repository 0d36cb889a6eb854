import type { SnapshotEndpoint, SnapshotKey } from '@bartizan/contracts';
import { HARD_LIMIT_BYTES } from '../http/body.ts';
import { type Problem, problem } from '../http/problem.ts';
import type { LiveConfiguration } from '../ports.ts';

/** The endpoints that a key may use. */
export interface Scope {
  readonly endpoints: readonly SnapshotEndpoint[];
  /** Largest body that any of them takes: nothing above it needs to be read. */
  readonly maxBytes: number;
}

const scopes = new WeakMap<LiveConfiguration, Map<string, Scope>>();

/** Worked out once per key and configuration. */
export function scopeOf(live: LiveConfiguration, key: SnapshotKey): Scope {
  let known = scopes.get(live);
  if (known === undefined) {
    known = new Map();
    scopes.set(live, known);
  }
  const found = known.get(key.id);
  if (found !== undefined) return found;
  const allowed = key.endpoints;
  const endpoints =
    allowed === '*' ? live.endpoints : live.endpoints.filter((endpoint) => allowed.includes(endpoint.id));
  const maxBytes = endpoints.reduce((most, endpoint) => Math.max(most, endpoint.maxRequestBytes), 64 * 1024);
  const scope = Object.freeze({ endpoints, maxBytes: Math.min(maxBytes, HARD_LIMIT_BYTES) });
  known.set(key.id, scope);
  return scope;
}

export interface Target {
  readonly endpoint: SnapshotEndpoint;
  /** The model's name as the endpoint calls it. */
  readonly model: string;
  readonly upstreamModel: string;
}

export type Resolution =
  | { readonly ok: true; readonly target: Target }
  | { readonly ok: false; readonly problem: Problem; readonly endpoint: SnapshotEndpoint | null };

const no = (fault: Problem, endpoint: SnapshotEndpoint | null = null): Resolution => ({
  ok: false,
  problem: fault,
  endpoint,
});

const bySlug = (scope: Scope, slug: string): SnapshotEndpoint | undefined =>
  scope.endpoints.find((endpoint) => endpoint.slug === slug);

const listed = (values: readonly string[]): string =>
  values.length === 0 ? 'none' : values.slice(0, 10).join(', ') + (values.length > 10 ? ', …' : '');

/** An endpoint that the request names outright, by path or header. */
export function namedEndpoint(scope: Scope, slug: string): SnapshotEndpoint | Problem {
  const endpoint = bySlug(scope, slug);
  if (endpoint === undefined) {
    const known = listed(scope.endpoints.map((each) => each.slug));
    return problem(
      'endpoint_not_found',
      `This key may use no endpoint called "${slug.slice(0, 64)}". It may use: ${known}.`,
    );
  }
  return endpoint.enabled ? endpoint : disabled(endpoint);
}

const disabled = (endpoint: SnapshotEndpoint): Problem =>
  problem('endpoint_disabled', `The endpoint "${endpoint.slug}" is switched off. Ask its operator.`);

const isProblem = (value: SnapshotEndpoint | Problem): value is Problem => 'code' in value;

const lists = (endpoint: SnapshotEndpoint, model: string): boolean =>
  endpoint.models.some((route) => route.name === model);

/** The model on an endpoint: allowed, and by its upstream's name. */
function onEndpoint(endpoint: SnapshotEndpoint, asked: string): Resolution {
  if (!endpoint.enabled) return no(disabled(endpoint), endpoint);
  const prefix = `${endpoint.slug}/`;
  const model = asked.startsWith(prefix) && !lists(endpoint, asked) ? asked.slice(prefix.length) : asked;
  if (endpoint.models.length === 0) return { ok: true, target: { endpoint, model, upstreamModel: model } };
  const route = endpoint.models.find((each) => each.name === model);
  if (route === undefined) {
    const known = listed(endpoint.models.map((each) => each.name));
    return no(
      problem(
        'model_not_found',
        `The endpoint "${endpoint.slug}" offers no model called "${model.slice(0, 100)}". It offers: ${known}.`,
        { param: 'model' },
      ),
      endpoint,
    );
  }
  return { ok: true, target: { endpoint, model, upstreamModel: route.upstreamName ?? route.name } };
}

/**
 * Which endpoint and model a request is for: the endpoint that path or header names, else the one that the
 * model's prefix names (`<slug>/<model>`), else the key's only one, else the only one that lists the model.
 */
export function resolve(scope: Scope, named: string | null, model: string): Resolution {
  if (named !== null) {
    const endpoint = namedEndpoint(scope, named);
    return isProblem(endpoint) ? no(endpoint) : onEndpoint(endpoint, model);
  }
  const slash = model.indexOf('/');
  const prefixed = slash > 0 ? bySlug(scope, model.slice(0, slash)) : undefined;
  if (prefixed !== undefined) return onEndpoint(prefixed, model);
  const enabled = scope.endpoints.filter((endpoint) => endpoint.enabled);
  const only =
    enabled.length === 1 ? enabled[0] : scope.endpoints.length === 1 ? scope.endpoints[0] : undefined;
  if (only !== undefined) return onEndpoint(only, model);
  const offering = enabled.filter((endpoint) => lists(endpoint, model));
  if (offering.length === 1) return onEndpoint(offering[0] as SnapshotEndpoint, model);
  return no(ambiguous(enabled, model));
}

function ambiguous(enabled: readonly SnapshotEndpoint[], model: string): Problem {
  if (enabled.length === 0) {
    return problem('endpoint_not_found', 'This key may use no endpoint. Ask the operator to give it one.');
  }
  return problem(
    'model_not_found',
    `The model "${model.slice(0, 100)}" does not say which endpoint is meant. Ask for "<endpoint>/<model>", or use the base URL path /e/<endpoint>. This key may use: ${listed(enabled.map((each) => each.slug))}.`,
    { param: 'model' },
  );
}

/** How large a body may be, as far as the request's head tells: `named` is the endpoint that it names. */
export function limitFor(scope: Scope, named: string | null): number {
  if (named === null) return scope.maxBytes;
  const endpoint = bySlug(scope, named);
  return endpoint?.enabled ? endpoint.maxRequestBytes : scope.maxBytes;
}
