import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Agent, request } from 'undici';
import { guardedLookup, hostOf, hostProblem, OutboundRefused } from '../../../platform/outbound/index.ts';
import { shownAnswer } from './transport.ts';

const compress = promisify(gzip);

/** What all transports over a network need. */
export interface NetworkSettings {
  readonly allowPrivateNetwork: boolean;
  readonly allowPlaintext: boolean;
  readonly ca: string | null;
  readonly clientCertificate: string | null;
  readonly clientKey: string | null;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs: number | null;
}

/** Longest pause that a receiver may ask for. */
const MAX_RETRY_AFTER_MS = 3_600_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), at most an hour; null where there is none. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const given = header.trim();
  const ms = /^\d{1,9}$/.test(given) ? Number(given) * 1000 : Date.parse(given) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : null;
}

/** PEM parts as TLS wants them. */
export const tlsOptions = (settings: NetworkSettings) => ({
  ...(settings.ca === null ? {} : { ca: settings.ca }),
  ...(settings.clientCertificate === null ? {} : { cert: settings.clientCertificate }),
  ...(settings.clientKey === null ? {} : { key: settings.clientKey }),
});

/** A client for one receiver that keeps its connections. Redirects are not followed; names go through the guard. */
export function createHttpClient(settings: NetworkSettings) {
  const agent = new Agent({
    connect: {
      timeout: settings.timeoutMs,
      lookup: guardedLookup(settings.allowPrivateNetwork),
      ...tlsOptions(settings),
    },
    connections: 2,
    keepAliveTimeout: 10_000,
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
    maxHeaderSize: 32 * 1024,
  });

  async function read(body: AsyncIterable<Buffer>): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) break;
    }
    return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
  }

  return Object.freeze({
    /** Rejects with {@link OutboundRefused} or the transport's error. */
    async post(
      url: URL,
      headers: Readonly<Record<string, string>>,
      body: string,
      options: { readonly compress: boolean; readonly signal: AbortSignal },
    ): Promise<HttpAnswer> {
      const problem = hostProblem(url, settings.allowPrivateNetwork);
      if (problem !== null) throw new OutboundRefused(`the address is refused: ${problem}`);
      if (url.protocol !== 'https:' && !settings.allowPlaintext)
        throw new OutboundRefused('the address is refused: it is not https');
      const answer = await request(url, {
        method: 'POST',
        headers: {
          'user-agent': 'bartizan',
          ...headers,
          ...(options.compress ? { 'content-encoding': 'gzip' } : {}),
        },
        body: options.compress ? await compress(body) : body,
        dispatcher: agent,
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(settings.timeoutMs)]),
      });
      const header = answer.headers['retry-after'];
      return {
        status: answer.statusCode,
        body: await read(answer.body as AsyncIterable<Buffer>),
        retryAfterMs: retryAfterMs(Array.isArray(header) ? header[0] : header, Date.now()),
      };
    },
    close: () => agent.destroy(),
  });
}
export type HttpClient = ReturnType<typeof createHttpClient>;

/** What a status that is not 2xx means to the person who set the sink up. */
export function statusMessage(status: number, url: URL): string {
  const host = hostOf(url);
  if (status === 401 || status === 403) return `${host} refuses our credentials (status ${status})`;
  if (status === 404 || status === 405) return `${host} has no receiver at this address (status ${status})`;
  if (status >= 300 && status < 400) return `${host} redirects (${status}): give the address it redirects to`;
  if (status === 413) return `${host} says that the request is too large (413)`;
  if (status === 429) return `${host} asks us to slow down (429)`;
  if (status === 400 || status === 422) return `${host} refuses the event (status ${status})`;
  return `${host} answers with status ${status}`;
}

/** 400, 413 and 422 speak of what was sent; every other answer but success of the receiver itself. */
export const speaksOfContent = (status: number): boolean => [400, 413, 422].includes(status);

export { shownAnswer };
