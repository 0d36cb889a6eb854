import type { SnapshotUpstream } from '@bartizan/contracts';
import type { ForwardRequest, UpstreamApi } from '../ports.ts';

const USER_AGENT = 'bartizan/0.1';
/** Sent when the client names no version. Source: Anthropic API versioning. */
const ANTHROPIC_VERSION = '2023-06-01';

export interface Target {
  readonly origin: string;
  readonly path: string;
}

/**
 * Address of an API path below a base URL: `https://api.openai.com/v1` + `/chat/completions`. An Anthropic
 * base URL gets `/v1` when it does not end in a version.
 */
export function targetOf(baseUrl: string, api: UpstreamApi, path: string): Target {
  const base = new URL(baseUrl);
  let prefix = base.pathname.replace(/\/{1,64}$/, '');
  if (api === 'anthropic' && !/\/v\d{1,3}$/.test(prefix)) prefix += '/v1';
  return { origin: base.origin, path: prefix + path };
}

/** Headers of an attempt: what the client may pass on, the upstream's credentials, and ours. */
export function headersFor(
  request: Pick<ForwardRequest, 'api' | 'headers'>,
  upstream: Pick<SnapshotUpstream, 'provider'>,
  apiKey: string | null,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  for (const name of ['authorization', 'x-api-key', 'host', 'content-length', 'cookie']) delete headers[name];
  headers['content-type'] = 'application/json';
  headers['accept-encoding'] = 'identity';
  headers['user-agent'] = USER_AGENT;
  if (request.api === 'anthropic') headers['anthropic-version'] ??= ANTHROPIC_VERSION;
  if (apiKey !== null && upstream.provider === 'openai') headers.authorization = `Bearer ${apiKey}`;
  if (apiKey !== null && upstream.provider === 'anthropic') headers['x-api-key'] = apiKey;
  return headers;
}

const DROPPED = new Set([
  'alt-svc',
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'set-cookie',
  'strict-transport-security',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Response headers that may be passed on: no hop-by-hop headers, cookies or lengths. */
export function passedHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || DROPPED.has(name)) continue;
    passed[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return passed;
}
