import type { AddressInfo } from 'node:net';
import { textChecks } from '@bartizan/checks/catalogue.ts';
import { compilePolicy } from '@bartizan/checks/policy/compile.ts';
import { defaultPolicy } from '@bartizan/checks/policy/default.ts';
import { createGateway } from '@bartizan/gateway/gateway.ts';
import { createGatewayServer } from '@bartizan/gateway/http/server.ts';
import { TEST_KEY, testConfiguration, testUpstream } from '@bartizan/gateway/http/testing.ts';
import type { UpstreamAnswer, Upstreams } from '@bartizan/gateway/ports.ts';
import { Pool } from 'undici';
import { chunked, mutateBytes, mutateJson, pick, type Random } from './mutate.ts';
import { SEEDS, type Seed, wire } from './seeds.ts';

/** The provider's key, which the mutated upstream likes to quote. No client may ever see it. */
const PROVIDER_KEY = 'sk-provider-0123456789abcdef';
/** Time for an answer while 32 are asked at once on a busy machine: what hangs takes longer. */
const SLOW_MS = 60_000;
const PARALLEL = 32;

export interface FuzzReport {
  readonly requests: number;
  readonly streams: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** What went wrong, with the request that did it. */
  readonly faults: readonly string[];
  readonly slowestMs: number;
  readonly residentMib: { readonly start: number; readonly end: number };
}

interface Plan {
  readonly body: Buffer;
  readonly path: string;
  readonly answer: Pick<UpstreamAnswer, 'status' | 'headers'> & {
    readonly chunks: readonly Buffer[];
    readonly breaks: boolean;
  };
}

/** Sends `count` mutated requests, each answered by a mutated upstream, through a real gateway with all guards on. */
export async function fuzzGateway(
  count: number,
  random: Random,
  log: (line: string) => void,
): Promise<FuzzReport> {
  const plans = new Map<string, Plan>();
  const faults: string[] = [];
  const gateway = await listen(plans, faults);
  const pool = new Pool(gateway.url, { connections: PARALLEL });
  const statuses: Record<string, number> = {};
  let sent = 0;
  let streams = 0;
  let slowestMs = 0;
  const start = residentMib();
  const onCrash = (error: unknown) =>
    faults.push(`escaped: ${String(error instanceof Error ? error.stack : error)}`);
  process.on('uncaughtException', onCrash).on('unhandledRejection', onCrash);
  const worker = async () => {
    while (sent < count && faults.length < 20) {
      const number = sent++;
      if (number > 0 && number % 50_000 === 0)
        log(`${number} requests, ${residentMib()} MiB resident, ${faults.length} faults`);
      const plan = makePlan(random);
      const id = `fuzz-${number}`;
      plans.set(id, plan);
      const began = performance.now();
      const outcome = await send(pool, plan, id);
      slowestMs = Math.max(slowestMs, performance.now() - began);
      plans.delete(id);
      statuses[outcome.status] = (statuses[outcome.status] ?? 0) + 1;
      if (outcome.streamed) streams++;
      const fault = judge(outcome);
      if (fault) faults.push(`${fault}; ${plan.path} ${plan.body.toString('base64').slice(0, 4000)}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  process.off('uncaughtException', onCrash).off('unhandledRejection', onCrash);
  await pool.destroy();
  await gateway.close();
  return {
    requests: sent,
    streams,
    statuses,
    faults,
    slowestMs: Math.round(slowestMs),
    residentMib: { start, end: residentMib() },
  };
}

function makePlan(random: Random): Plan {
  const seed = pick(random, SEEDS);
  const streamed = seed.events !== undefined && random() < 0.5;
  const request = streamed ? { ...seed.request, stream: true } : seed.request;
  return {
    path: seed.path,
    body: mutatedBody(random, request),
    answer: mutatedAnswer(random, seed, streamed),
  };
}

function mutatedBody(random: Random, request: Record<string, unknown>): Buffer {
  const way = random();
  if (way < 0.4) return Buffer.from(JSON.stringify(request));
  const text = Buffer.from(JSON.stringify(way < 0.85 ? mutateJson(random, request) : request) ?? 'null');
  return way < 0.8 ? text : mutateBytes(random, text);
}

function mutatedAnswer(random: Random, seed: Seed, streamed: boolean): Plan['answer'] {
  const way = random();
  const leak = { error: { message: `bad key ${PROVIDER_KEY} at /srv/internal`, type: 'x', code: 'y' } };
  if (way < 0.08)
    return whole(
      random,
      pick(random, [400, 401, 403, 404, 422, 429, 500, 503]),
      Buffer.from(JSON.stringify(leak)),
    );
  if (streamed && seed.events) {
    const events = way < 0.5 ? seed.events : (mutateJson(random, seed.events) as typeof seed.events);
    const safe = Array.isArray(events)
      ? events.map((event) => (typeof event === 'object' && event !== null ? event : { data: event }))
      : [];
    const bytes = way < 0.75 ? wire(safe) : mutateBytes(random, wire(safe));
    const type = random() < 0.95 ? 'text/event-stream' : 'application/json';
    return {
      status: 200,
      headers: { 'content-type': type },
      chunks: chunked(random, bytes),
      breaks: random() < 0.05,
    };
  }
  const body = Buffer.from(JSON.stringify(way < 0.5 ? seed.answer : mutateJson(random, seed.answer)) ?? '');
  return whole(random, 200, way < 0.8 ? body : mutateBytes(random, body));
}

const whole = (random: Random, status: number, body: Buffer): Plan['answer'] => ({
  status,
  headers: { 'content-type': 'application/json' },
  chunks: chunked(random, body),
  breaks: random() < 0.05,
});

interface Outcome {
  readonly status: number;
  readonly streamed: boolean;
  readonly text: string;
  readonly ms: number;
  readonly broken: string | null;
}

async function send(pool: Pool, plan: Plan, id: string): Promise<Outcome> {
  const began = performance.now();
  try {
    const answer = await pool.request({
      method: 'POST',
      path: plan.path,
      headers: {
        authorization: `Bearer ${TEST_KEY}`,
        'content-type': 'application/json',
        'idempotency-key': id,
      },
      body: plan.body,
      headersTimeout: SLOW_MS * 2,
      bodyTimeout: SLOW_MS * 2,
    });
    const text = await answer.body.text();
    const streamed = String(answer.headers['content-type']).startsWith('text/event-stream');
    return { status: answer.statusCode, streamed, text, ms: performance.now() - began, broken: null };
  } catch (error) {
    return { status: 0, streamed: false, text: '', ms: performance.now() - began, broken: String(error) };
  }
}

/** What no answer may be, whatever was sent. */
function judge({ status, streamed, text, ms, broken }: Outcome): string | null {
  if (broken) return `connection broke: ${broken}`;
  if (ms > SLOW_MS) return `took ${Math.round(ms)} ms`;
  if (text.includes(PROVIDER_KEY)) return 'the provider key reached the client';
  if (/at (?:Object|async|file:|node:)|\.ts:\d+/.test(text))
    return `a stack trace reached the client: ${text.slice(0, 300)}`;
  if (status === 500) return `internal error: ${text.slice(0, 300)}`;
  if (streamed) return null;
  try {
    const body = JSON.parse(text) as { error?: unknown };
    if (status >= 400 && (typeof body.error !== 'object' || body.error === null))
      return `an error without the API's shape: ${text.slice(0, 200)}`;
  } catch {
    return `status ${status} with a body that is no JSON: ${text.slice(0, 200)}`;
  }
  return null;
}

async function listen(
  plans: ReadonlyMap<string, Plan>,
  faults: string[],
): Promise<{ url: string; close: () => Promise<void> }> {
  const live = testConfiguration({
    policy: compilePolicy(defaultPolicy(), textChecks),
    providerKey: PROVIDER_KEY,
  });
  const gateway = createGateway({
    configuration: { current: () => live },
    journal: {
      append: async (record) => void JSON.stringify(record),
      writable: () => true,
      backlog: () => 0,
    },
    limiter: { admit: () => ({ admitted: true, settle: () => {} }) },
    upstreams: mutatedUpstreams(plans),
    gatewayId: 'fuzz',
    clock: { now: () => Date.now() },
    logger: {
      error: (fields, message) =>
        faults.push(`logged: ${message} ${String((fields as { err?: Error }).err?.stack)}`),
    },
  });
  const server = createGatewayServer(gateway);
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((settle) => server.close(settle));
    },
  };
}

function mutatedUpstreams(plans: ReadonlyMap<string, Plan>): Upstreams {
  return {
    async forward(request): Promise<UpstreamAnswer> {
      request.body();
      const plan = plans.get(request.headers['idempotency-key'] ?? '');
      const answer = plan?.answer ?? { status: 200, headers: {}, chunks: [], breaks: false };
      return {
        ok: true,
        upstream: testUpstream(),
        status: answer.status,
        headers: answer.headers,
        attempts: [],
        body: (async function* body() {
          for (const [index, part] of answer.chunks.entries()) {
            if (answer.breaks && index === answer.chunks.length - 1)
              throw new (await import('@bartizan/gateway/ports.ts')).UpstreamFailure('connection');
            yield part;
          }
        })(),
      };
    },
  };
}

const residentMib = (): number => Math.round(process.memoryUsage.rss() / 1_048_576);
