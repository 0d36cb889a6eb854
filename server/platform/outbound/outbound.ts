import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { Agent, request } from 'undici';
import { addressProblem, hostProblem } from './addresses.ts';

/** A call that was not made or not finished; the message is safe to show. */
export class OutboundRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutboundRefused';
  }
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/**
 * A look-up that answers only with addresses that may be connected to, so that the address that was judged is
 * the one that is used (no second look-up in between). One bad address refuses the whole name.
 */
export function guardedLookup(allowPrivateNetwork: boolean) {
  return (host: string, options: LookupOptions, callback: LookupCallback): void => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      for (const { address } of addresses) {
        const problem = addressProblem(address, allowPrivateNetwork);
        if (problem !== null) return callback(new OutboundRefused(`the address is refused: ${problem}`), []);
      }
      if (options.all) return callback(null, addresses);
      const first = addresses[0];
      if (!first) return callback(new OutboundRefused('the name has no address'), []);
      return callback(null, first.address, first.family);
    });
  };
}

export interface OutboundGet {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowPrivateNetwork: boolean;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface OutboundRequest extends OutboundGet {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly body?: string | Uint8Array;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/**
 * One request to an address that people configured, whether it is written as a name or as a number. Redirects
 * are not followed. Rejects with {@link OutboundRefused} when the guard says no or the answer is too large, else
 * with the transport's error.
 */
export async function outboundRequest(wanted: OutboundRequest): Promise<OutboundAnswer> {
  const problem = hostProblem(wanted.url, wanted.allowPrivateNetwork);
  if (problem !== null) throw new OutboundRefused(`the address is refused: ${problem}`);
  const agent = new Agent({
    connect: { timeout: wanted.connectTimeoutMs, lookup: guardedLookup(wanted.allowPrivateNetwork) },
    headersTimeout: wanted.timeoutMs,
    bodyTimeout: wanted.timeoutMs,
    maxHeaderSize: 32 * 1024,
  });
  try {
    const answer = await request(wanted.url, {
      method: wanted.method,
      headers: wanted.headers,
      ...(wanted.body === undefined ? {} : { body: wanted.body }),
      dispatcher: agent,
      signal: AbortSignal.any([wanted.signal, AbortSignal.timeout(wanted.timeoutMs)]),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > wanted.maxBytes) {
        throw new OutboundRefused(`the answer is larger than ${wanted.maxBytes} bytes`);
      }
      chunks.push(chunk);
    }
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
  } finally {
    await agent.destroy().catch(() => undefined);
  }
}

/** {@link outboundRequest} that only reads. */
export const outboundGet = (get: OutboundGet): Promise<OutboundAnswer> =>
  outboundRequest({ ...get, method: 'GET' });
