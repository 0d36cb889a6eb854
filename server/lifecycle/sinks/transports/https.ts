import type { StoredTarget, TargetSecrets } from '../model.ts';
import { failed } from './failure.ts';
import { createHttpClient, shownAnswer, speaksOfContent, statusMessage } from './http.ts';
import type { Outcome, Rendered, Transport } from './transport.ts';

type Target = Extract<StoredTarget, { type: 'https' }>;

function headersOf(target: Target, secrets: TargetSecrets): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': target.body === 'ndjson' ? 'application/x-ndjson' : 'application/json',
  };
  for (const name of target.headers) {
    const value = secrets.headers?.[name.toLowerCase()];
    if (value !== undefined) headers[name.toLowerCase()] = value;
  }
  const password = secrets.password ?? '';
  if (target.auth === 'bearer') headers.authorization = `Bearer ${password}`;
  if (target.auth === 'basic') {
    headers.authorization = `Basic ${Buffer.from(`${target.username}:${password}`).toString('base64')}`;
  }
  return headers;
}

/** POSTs batches as a JSON array or as NDJSON. */
export function createHttpsTransport(target: Target, secrets: TargetSecrets, timeoutMs: number): Transport {
  const client = createHttpClient({ ...target, clientKey: secrets.clientKey ?? null, timeoutMs });
  const url = new URL(target.url);
  const headers = headersOf(target, secrets);

  return Object.freeze({
    async deliver(batch: readonly Rendered[], signal: AbortSignal): Promise<Outcome> {
      const lines = batch.map(({ text }) => text);
      const body = target.body === 'ndjson' ? `${lines.join('\n')}\n` : `[${lines.join(',')}]`;
      try {
        const {
          status,
          body: said,
          retryAfterMs,
        } = await client.post(url, headers, body, {
          compress: target.compress,
          signal,
        });
        const answer = shownAnswer(said);
        if (status >= 200 && status < 300) return { kind: 'delivered', status, answer };
        return {
          kind: speaksOfContent(status) ? 'refused' : 'failed',
          message: statusMessage(status, url),
          status,
          answer,
          ...(retryAfterMs === null ? {} : { retryAfterMs }),
        };
      } catch (error) {
        return failed(url.host, error);
      }
    },
    close: () => client.close(),
  });
}
