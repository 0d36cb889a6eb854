import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands outside: the model provider, where everything is counted, and a SIEM that can be away. */
export interface Outside {
  readonly upstream: string;
  readonly siem: string;
  /** When requests arrived at the provider, by the last part of its address (one for each endpoint), in ms. */
  readonly arrivals: ReadonlyMap<string, number[]>;
  /** Ids of interactions that the SIEM has taken, with in how many requests. */
  readonly received: ReadonlyMap<string, number>;
  /** False: the SIEM answers 503. */
  readonly setSiem: (up: boolean) => void;
  readonly close: () => Promise<void>;
}

/** Tokens that the provider says it used for each request. */
export const TOKENS_EACH = 10;

const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'Yes, on Saturdays too.' }, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: TOKENS_EACH - 4, completion_tokens: 4, total_tokens: TOKENS_EACH },
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const listening = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** Every id in an event; that of the interaction is among them, and in no other event. */
const IDS = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

export async function openOutside(): Promise<Outside> {
  const arrivals = new Map<string, number[]>();
  const received = new Map<string, number>();
  let up = true;
  const provider = createServer((request, response) => {
    const name = /^\/([a-z]+)\/v1\//.exec(request.url ?? '')?.[1] ?? '?';
    arrivals.set(name, [...(arrivals.get(name) ?? []), Date.now()]);
    void textOf(request).then(() => {
      // An answer takes a moment, so that kills meet requests under way.
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
      }, 20);
    });
  });
  const siem = createServer((request, response) => {
    void textOf(request).then((text) => {
      if (!up) return response.writeHead(503).end();
      const ids = new Set([...text.matchAll(IDS)].map(([id]) => id));
      for (const id of ids) received.set(id, (received.get(id) ?? 0) + 1);
      return response.writeHead(200).end('{}');
    });
  });
  const [upstream, sink] = [await listening(provider), await listening(siem)];
  return Object.freeze({
    upstream,
    siem: sink,
    arrivals,
    received,
    setSiem: (now: boolean) => {
      up = now;
    },
    close: async () => {
      for (const server of [provider, siem]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  });
}
