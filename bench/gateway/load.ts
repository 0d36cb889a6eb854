import autocannon from 'autocannon';

/** One bounded burst of load. `limit` is a number of requests, or `seconds` a time. */
export interface Burst {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface BurstResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** Answers that were not 2xx, and connections that broke. */
  readonly failures: number;
}

/** Sends the same request over and over; latencies are autocannon's, in milliseconds with fractions. */
export async function burst(options: Burst): Promise<BurstResult> {
  const result = await autocannon({
    url: options.url,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: options.body,
    connections: options.connections,
    duration: options.seconds,
    timeout: 10,
  });
  return {
    requestsPerSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    requests: result.requests.total,
    failures: result.non2xx + result.errors + result.timeouts,
  };
}

/**
 * Sends one request after the other over one connection and times each to the microsecond
 * (autocannon's histogram knows whole milliseconds only). Returns sorted times in milliseconds.
 */
export async function sequential(
  options: Omit<Burst, 'connections' | 'seconds'> & { count: number },
): Promise<number[]> {
  const { Client } = await import('undici');
  const { origin, pathname } = new URL(options.url);
  const client = new Client(origin, { pipelining: 1 });
  const times: number[] = [];
  try {
    for (let sent = 0; sent < options.count; sent++) {
      const started = performance.now();
      const answer = await client.request({
        method: 'POST',
        path: pathname,
        headers: { 'content-type': 'application/json', ...options.headers },
        body: options.body,
      });
      await answer.body.dump();
      if (answer.statusCode !== 200) throw new Error(`${options.url} answered ${answer.statusCode}`);
      times.push(performance.now() - started);
    }
  } finally {
    await client.close();
  }
  return times.sort((a, b) => a - b);
}

/** Time until the first non-empty content delta of a streamed answer, in milliseconds. */
export async function firstToken(options: Omit<Burst, 'connections' | 'seconds'>): Promise<number> {
  const started = performance.now();
  const response = await fetch(options.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: options.body,
  });
  if (!response.ok || !response.body) throw new Error(`${options.url} answered ${response.status}`);
  let at = 0;
  let text = '';
  for await (const part of response.body) {
    text += Buffer.from(part as Uint8Array).toString();
    if (at === 0 && /"content":"[^"]/.test(text)) at = performance.now() - started;
  }
  if (at === 0) throw new Error(`${options.url} streamed no content`);
  return at;
}

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

export const median = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
