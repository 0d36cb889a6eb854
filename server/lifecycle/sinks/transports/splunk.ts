import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { StoredTarget, TargetSecrets } from '../model.ts';
import { failed } from './failure.ts';
import { createHttpClient, type HttpAnswer, shownAnswer, speaksOfContent, statusMessage } from './http.ts';
import type { Outcome, Rendered, Transport } from './transport.ts';

type Target = Extract<StoredTarget, { type: 'splunk-hec' }>;

const EVENT_PATH = '/services/collector/event';
const ACK_EVERY_MS = 500;

/** Splunk's answer: `{"text", "code", "ackId"?}`. */
const Answer = z.object({
  text: z.string().optional(),
  code: z.number().optional(),
  ackId: z.number().optional(),
});
const Acks = z.object({ acks: z.record(z.string(), z.boolean()) });

/** Codes of Splunk's HEC that speak of one event: no data, invalid format, event field missing or blank, raw data. */
const OF_THE_EVENT = new Set([5, 6, 12, 13, 15]);

function parse<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Where events go: the given address, or the standard path where it has none. */
export function eventUrl(address: string): URL {
  const url = new URL(address);
  if (url.pathname === '/' || url.pathname === '') url.pathname = EVENT_PATH;
  return url;
}

/** Sends to Splunk's HTTP Event Collector, and waits for its indexer where asked to. */
export function createSplunkTransport(target: Target, secrets: TargetSecrets, timeoutMs: number): Transport {
  const client = createHttpClient({ ...target, clientKey: secrets.clientKey ?? null, timeoutMs });
  const url = eventUrl(target.url);
  const ackUrl = new URL(url.href.replace(/\/event\/?$/, '/ack'));
  const host = hostname();
  const channel = randomUUID();
  ackUrl.searchParams.set('channel', channel);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    authorization: `Splunk ${secrets.token ?? ''}`,
    ...(target.ack ? { 'x-splunk-request-channel': channel } : {}),
  };
  const { source, sourcetype, index } = target;
  const common = JSON.stringify({ host, source, sourcetype, ...(index === '' ? {} : { index }) }).slice(1);

  const envelope = ({ event, text }: Rendered): string =>
    `{"time":${(event.at / 1000).toFixed(3)},"event":${text},${common}`;

  async function acknowledged(ackId: number, signal: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      const answer = await client.post(ackUrl, headers, JSON.stringify({ acks: [ackId] }), {
        compress: false,
        signal,
      });
      if (parse(Acks, answer.body)?.acks[String(ackId)]) return true;
      await sleep(ACK_EVERY_MS, undefined, { signal });
    }
    return false;
  }

  function refusal(answer: HttpAnswer): Outcome {
    const { status, body, retryAfterMs } = answer;
    const code = parse(Answer, body)?.code;
    const ofTheEvent = speaksOfContent(status) && (code === undefined || OF_THE_EVENT.has(code));
    return {
      kind: ofTheEvent ? 'refused' : 'failed',
      message: statusMessage(status, url),
      status,
      answer: shownAnswer(body),
      ...(retryAfterMs === null ? {} : { retryAfterMs }),
    };
  }

  return Object.freeze({
    async deliver(batch: readonly Rendered[], signal: AbortSignal): Promise<Outcome> {
      try {
        const options = { compress: target.compress, signal };
        const answer = await client.post(url, headers, batch.map(envelope).join('\n'), options);
        if (answer.status < 200 || answer.status >= 300) return refusal(answer);
        const said = { status: answer.status, answer: shownAnswer(answer.body) };
        if (!target.ack) return { kind: 'delivered', ...said };
        const ackId = parse(Answer, answer.body)?.ackId;
        if (ackId === undefined)
          return {
            kind: 'failed',
            message: `${url.host} gives no acknowledgement; switch it on for this token`,
            ...said,
          };
        if (await acknowledged(ackId, signal)) return { kind: 'delivered', ...said };
        return { kind: 'failed', message: `${url.host} did not acknowledge the events in time`, ...said };
      } catch (error) {
        return failed(url.host, error);
      }
    },
    close: () => client.close(),
  });
}
