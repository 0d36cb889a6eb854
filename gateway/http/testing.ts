import { hash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { CompiledPolicy } from '@bartizan/checks/policy/types.ts';
import type { InteractionRecord, SnapshotEndpoint, SnapshotKey, SnapshotUpstream } from '@bartizan/contracts';
import { NO_LIMITS } from '@bartizan/contracts';
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts';
import {
  type Admission,
  type ForwardRequest,
  JournalFull,
  type LiveConfiguration,
  type UpstreamAnswer,
  type Upstreams,
  type UpstreamUnavailable,
} from '../ports.ts';
import { createGatewayServer } from './server.ts';

/** Fakes of the gateway's ports and a gateway on a free port, for tests. */

export const TEST_KEY = `bz_${'k'.repeat(43)}`;
const id = (last: number): string => `018f0000-0000-7000-8000-${String(last).padStart(12, '0')}`;

export const testUpstream = (over: Partial<SnapshotUpstream> = {}): SnapshotUpstream => ({
  id: id(30),
  name: 'fake',
  provider: 'openai',
  baseUrl: 'http://127.0.0.1:9',
  enabled: true,
  weight: 1,
  priority: 0,
  connectTimeoutMs: 1000,
  headersTimeoutMs: 1000,
  idleTimeoutMs: 1000,
  maxResponseBytes: 1024 * 1024,
  allowPrivateNetwork: true,
  sealedApiKey: null,
  ...over,
});

export const testEndpoint = (over: Partial<SnapshotEndpoint> = {}): SnapshotEndpoint => ({
  id: id(20),
  kind: 'llm',
  slug: 'main',
  name: 'Main',
  description: '',
  enabled: true,
  policyId: null,
  models: [],
  retry: { maxAttempts: 1, baseDelayMs: 10, maxDelayMs: 10 },
  limits: NO_LIMITS,
  userLimits: NO_LIMITS,
  retention: { content: 'full', days: 30 },
  onGuardError: 'deny',
  canaries: [],
  maxRequestBytes: 1024 * 1024,
  upstreams: [testUpstream()],
  ...over,
});

export const testKey = (over: Partial<SnapshotKey> = {}): SnapshotKey => ({
  id: id(10),
  name: 'test key',
  hash: hash('sha256', TEST_KEY, 'hex'),
  endpoints: '*',
  limits: NO_LIMITS,
  expiresAt: null,
  ...over,
});

export interface TestConfiguration {
  readonly endpoints?: readonly SnapshotEndpoint[];
  readonly keys?: readonly SnapshotKey[];
  readonly policy?: CompiledPolicy | null;
  readonly providerKey?: string | null;
}

export function testConfiguration(options: TestConfiguration = {}): LiveConfiguration {
  const endpoints = options.endpoints ?? [testEndpoint()];
  const keys = options.keys ?? [testKey()];
  const { policy } = options;
  const active = policy == null ? null : { id: id(40), version: 1, compiled: policy };
  return {
    version: 'v1',
    keyByHash: (digest) => keys.find((key) => key.hash === digest),
    endpointById: (wanted) => endpoints.find((endpoint) => endpoint.id === wanted),
    endpointBySlug: (slug) => endpoints.find((endpoint) => endpoint.slug === slug),
    endpoints,
    policyOf: () => active,
    apiKeyOf: () => options.providerKey ?? null,
  };
}

export interface UpstreamScript {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks: Iterable<Buffer | string> | AsyncIterable<Buffer | string>;
}

/** What a scripted upstream makes of a request. */
export type Respond = (
  request: ForwardRequest,
  body: unknown,
) => UpstreamScript | UpstreamUnavailable | Promise<UpstreamScript | UpstreamUnavailable>;

export const json = (value: unknown, status = 200): UpstreamScript => ({
  status,
  headers: { 'content-type': 'application/json' },
  chunks: [JSON.stringify(value)],
});

export const sse = (chunks: UpstreamScript['chunks']): UpstreamScript => ({
  headers: { 'content-type': 'text/event-stream' },
  chunks,
});

export interface ForwardedCall {
  readonly request: ForwardRequest;
  readonly text: string;
}

export function testUpstreams(respond: Respond): Upstreams & { readonly calls: ForwardedCall[] } {
  const calls: ForwardedCall[] = [];
  return {
    calls,
    async forward(request): Promise<UpstreamAnswer | UpstreamUnavailable> {
      const text = request.body().toString('utf8');
      calls.push({ request, text });
      const script = await respond(request, text === '' ? null : JSON.parse(text));
      if ('ok' in script) return script;
      const { chunks } = script;
      return {
        ok: true,
        upstream: request.endpoint.upstreams[0] ?? testUpstream(),
        status: script.status ?? 200,
        headers: script.headers ?? {},
        attempts: [],
        body: (async function* body() {
          for await (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
        })(),
      };
    },
  };
}

export interface TestGateway {
  readonly url: string;
  readonly gateway: Gateway;
  readonly records: InteractionRecord[];
  readonly calls: ForwardedCall[];
  /** Makes the journal refuse from now on. */
  readonly fillJournal: () => void;
  readonly settled: number[];
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>;
  readonly close: () => Promise<void>;
}

export interface TestGatewayOptions
  extends TestConfiguration,
    Pick<GatewayOptions, 'measures' | 'beginTrace' | 'unread' | 'room'> {
  readonly respond?: Respond;
  readonly upstreams?: Upstreams;
  readonly admit?: () => Admission;
  readonly bodyTimeoutMs?: number;
  readonly live?: () => LiveConfiguration | null;
}

/** A gateway with fakes behind it, listening on a free port of this machine. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const records: InteractionRecord[] = [];
  const settled: number[] = [];
  let full = false;
  const fakes = testUpstreams(options.respond ?? (() => json({ choices: [] })));
  const live = testConfiguration(options);
  const gateway = createGateway({
    configuration: { current: options.live ?? (() => live) },
    journal: {
      append: async (record) => {
        if (full) throw new JournalFull();
        records.push(structuredClone(record));
      },
      writable: () => !full,
      backlog: () => records.length,
    },
    limiter: {
      admit: options.admit ?? (() => ({ admitted: true, settle: (tokens) => settled.push(tokens) })),
    },
    upstreams: options.upstreams ?? fakes,
    gatewayId: 'gw-test',
    clock: { now: () => Date.now() },
    logger: {
      error: (fields, message) =>
        process.stderr.write(`${message} ${String((fields as { err?: Error }).err?.stack)}\n`),
    },
    ...(options.measures === undefined ? {} : { measures: options.measures }),
    ...(options.beginTrace === undefined ? {} : { beginTrace: options.beginTrace }),
    ...(options.unread === undefined ? {} : { unread: options.unread }),
    ...(options.room === undefined ? {} : { room: options.room }),
    ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs: options.bodyTimeoutMs }),
  });
  const server = createGatewayServer(gateway);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    gateway,
    records,
    settled,
    calls: fakes.calls,
    fillJournal: () => {
      full = true;
    },
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_KEY}`, 'content-type': 'application/json', ...headers },
        body:
          typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
