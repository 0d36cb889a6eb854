import type { IncomingHttpHeaders } from 'node:http';
import { setAt } from '../formats/gather.ts';
import type { ForwardRequest } from '../ports.ts';
import type { Exchange } from './exchange.ts';

/** The only request headers of a client that reach an upstream. */
const PASSED = ['anthropic-version', 'anthropic-beta', 'openai-beta', 'idempotency-key'] as const;
const PLAIN = /^[\x20-\x7e]{1,1000}$/;

export function outboundHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const out: Record<string, string> = { 'content-type': 'application/json' };
  for (const name of PASSED) {
    const value = headers[name];
    if (typeof value === 'string' && PLAIN.test(value)) out[name] = value;
  }
  return out;
}

/** The body with the model renamed: the client's own bytes but for what had to change. */
export function outboundBody(exchange: Exchange): Buffer {
  const { body, bytes, upstreamModel } = exchange;
  if (body === null || upstreamModel === null) return bytes;
  if (exchange.changed) {
    setAt(body.value, 'model', upstreamModel);
    return Buffer.from(JSON.stringify(body.value), 'utf8');
  }
  if (body.value.model === upstreamModel || body.modelStart < 0) return bytes;
  return Buffer.concat([
    bytes.subarray(0, body.modelStart),
    Buffer.from(JSON.stringify(upstreamModel), 'utf8'),
    bytes.subarray(body.modelEnd),
  ]);
}

/** What goes to the endpoint's upstreams. */
export function forwardRequest(
  exchange: Exchange,
  headers: IncomingHttpHeaders,
  query: string,
): ForwardRequest | null {
  if (exchange.endpoint === null) return null;
  let built: Buffer | null = null;
  const beta = exchange.format.family === 'anthropic' && /[?&]beta=true(?:&|$)/.test(query);
  return {
    endpoint: exchange.endpoint,
    api: exchange.format.family,
    path: beta ? `${exchange.format.path}?beta=true` : exchange.format.path,
    body: () => {
      built ??= outboundBody(exchange);
      return built;
    },
    headers: outboundHeaders(headers),
    signal: exchange.abort.signal,
    streamed: exchange.streamed,
    ...(exchange.trace === null ? {} : { onAttempt: exchange.trace.attempt }),
  };
}
