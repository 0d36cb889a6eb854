import type { ApiFormat, SnapshotEndpoint, SnapshotUpstream } from '@bartizan/contracts';
import { OTHER } from '@bartizan/contracts/telemetry/index.ts';
import type { Exchange } from '../steps/exchange.ts';

/** `gen_ai.operation.name` by API: the conventions' well-known values; counting tokens has none. */
const OPERATIONS: Readonly<Record<ApiFormat, string>> = {
  'chat.completions': 'chat',
  responses: 'chat',
  messages: 'chat',
  'messages.count_tokens': 'count_tokens',
  embeddings: 'embeddings',
  completions: 'text_completion',
};
export const operationOf = (api: ApiFormat): string => OPERATIONS[api];

/** `gen_ai.provider.name`: whose API is spoken, which is all that a gateway can know. */
export const providerOf = (provider: SnapshotUpstream['provider']): string =>
  provider === 'demo' ? 'bartizan.demo' : provider;

/** The upstream that answered, or the first that was asked. */
export function upstreamOf(
  exchange: Pick<Exchange, 'endpoint' | 'upstreamId' | 'attempts'>,
): SnapshotUpstream | null {
  const id = exchange.upstreamId ?? exchange.attempts[0]?.upstreamId;
  return exchange.endpoint?.upstreams.find((upstream) => upstream.id === id) ?? null;
}

/** A model as a metric's label: only what an endpoint's own list names, so that clients cannot make up series. */
export function modelLabel(
  endpoint: SnapshotEndpoint | null,
  model: string,
  upstreamModel: string | null,
): string {
  const listed = endpoint?.models.some(({ name }) => name === model) ?? false;
  return listed ? (upstreamModel ?? model) : OTHER;
}

const MODEL_NAME = /^[\w.:/@+-]{1,128}$/;

/** A model as an attribute of a span: what looks like a model's name. Anything else is text of a client. */
export const modelAttribute = (model: string): string => (MODEL_NAME.test(model) ? model : OTHER);

/** Codes of problems that are the operation's own failure; a guard's refusal is not. */
export function operationError(error: Exchange['error']): string {
  const code = error?.code ?? '';
  return code.startsWith('upstream_') || code === 'no_upstream' || code === 'client_closed' ? code : '';
}

/** Where an upstream is, without path or credentials. Null when its address cannot be read. */
export function serverOf(
  upstream: SnapshotUpstream,
  demoUrl: string | null,
): { readonly address: string; readonly port: number } | null {
  const text = upstream.provider === 'demo' ? demoUrl : upstream.baseUrl;
  if (!text || !URL.canParse(text)) return null;
  const { hostname, port, protocol } = new URL(text);
  return { address: hostname, port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port) };
}
