import { z } from 'zod';
import { hostOf, OutboundRefused, outboundGet } from '../../platform/outbound/index.ts';
import type { UpstreamSettings } from './store.ts';

export interface UpstreamTest {
  readonly ok: boolean;
  readonly message: string;
  readonly models: string[];
  readonly latencyMs: number;
}

const ANTHROPIC_VERSION = '2023-06-01';
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
const MAX_TIMEOUT_MS = 20_000;
const MAX_MODELS = 500;

const ModelList = z.object({ data: z.array(z.object({ id: z.string().max(200) })) });

function modelsUrl(settings: Pick<UpstreamSettings, 'provider' | 'baseUrl'>): URL {
  const base = settings.baseUrl.replace(/\/+$/, '');
  if (settings.provider === 'openai') return new URL(`${base}/models`);
  return new URL(base.endsWith('/v1') ? `${base}/models` : `${base}/v1/models`);
}

function credentials(provider: UpstreamSettings['provider'], apiKey: string | null): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (provider === 'anthropic') headers['anthropic-version'] = ANTHROPIC_VERSION;
  if (apiKey === null) return headers;
  if (provider === 'anthropic') headers['x-api-key'] = apiKey;
  else headers.authorization = `Bearer ${apiKey}`;
  return headers;
}

/** What a status means for the person who set the upstream up. Bodies of errors are never shown. */
function statusMessage(status: number, host: string): string {
  if (status === 401 || status === 403) return `${host} refuses the provider key (status ${status})`;
  if (status === 404) return `${host} answers, but not at this address (404): check the path of the base URL`;
  if (status >= 300 && status < 400) return `${host} redirects (${status}): give the address it redirects to`;
  if (status === 429) return `${host} answers and is limiting calls at the moment (429)`;
  return `${host} answers with status ${status}`;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up at the moment',
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  UND_ERR_CONNECT_TIMEOUT: 'it does not accept a connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it does not finish its answer in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** Why a call failed, without anything that the other side sent. */
function failureMessage(error: unknown, host: string): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof OutboundRefused) return cause.message;
    if (cause.name === 'TimeoutError' || cause.name === 'AbortError')
      return `${host} does not answer in time`;
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
    const reason = REASONS[code];
    if (reason) return `${host} cannot be reached: ${reason}`;
    if (cause instanceof AggregateError && cause.errors.length > 0)
      return failureMessage(cause.errors[0], host);
  }
  return `${host} cannot be reached`;
}

function readModels(body: string): string[] | null {
  try {
    const parsed = ModelList.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data.data.slice(0, MAX_MODELS).map(({ id }) => id) : null;
  } catch {
    return null;
  }
}

/** Asks an upstream for its models. Never throws, and never repeats the key or what the upstream sent. */
export async function testUpstream(
  settings: UpstreamSettings,
  apiKey: string | null,
  signal: AbortSignal,
): Promise<UpstreamTest> {
  const started = performance.now();
  const done = (ok: boolean, message: string, models: string[] = []): UpstreamTest => ({
    ok,
    message,
    models,
    latencyMs: Math.round(performance.now() - started),
  });
  if (settings.provider === 'demo') return done(true, 'the demo assistant is built in', ['demo']);
  const host = hostOf(new URL(settings.baseUrl));
  try {
    const { status, body } = await outboundGet({
      url: modelsUrl(settings),
      headers: credentials(settings.provider, apiKey),
      allowPrivateNetwork: settings.allowPrivateNetwork,
      connectTimeoutMs: Math.min(settings.connectTimeoutMs, MAX_TIMEOUT_MS),
      timeoutMs: Math.min(settings.headersTimeoutMs, MAX_TIMEOUT_MS),
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    });
    if (status < 200 || status >= 300) return done(false, statusMessage(status, host));
    const models = readModels(body);
    if (models === null) {
      return done(false, `${host} answers, but not with a list of models: check the base URL and provider`);
    }
    const mine = apiKey === null ? models : models.filter((model) => !model.includes(apiKey));
    return done(true, `${host} offers ${mine.length} model${mine.length === 1 ? '' : 's'}`, mine);
  } catch (error) {
    return done(false, failureMessage(error, host));
  }
}
