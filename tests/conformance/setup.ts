import type { Direction } from '@bartizan/checks/text/types.ts';
import {
  startTestGateway,
  type TestGateway,
  testEndpoint,
  testUpstream,
} from '../../gateway/http/testing.ts';
import { testPolicy } from '../../gateway/stream/testing.ts';
import { createUpstreams } from '../../gateway/upstream/index.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts';

/** The provider key that the gateway holds; no client may ever see it. */
export const PROVIDER_KEY = 'sk-upstream-0123456789';

export interface Conformance {
  readonly upstream: ScriptedUpstream;
  /** Guards requests and answers. */
  readonly gateway: TestGateway;
  /** Guards answers only, so that what a question commands is not judged itself. */
  readonly answersOnly: TestGateway;
  readonly close: () => Promise<void>;
}

/** Gateways as they run, over real sockets, in front of providers of both families. */
export async function startConformance(): Promise<Conformance> {
  const upstream = await startScriptedUpstream();
  const shared = { baseUrl: upstream.url, headersTimeoutMs: 400, idleTimeoutMs: 400, connectTimeoutMs: 100 };
  const upstreams = createUpstreams({
    apiKeyOf: () => PROVIDER_KEY,
    demoUrl: null,
    clock: { now: () => Date.now() },
    random: Math.random,
    logger: { warn: () => undefined },
    // Failures are commanded here; the circuit must not open over them.
    breaker: { windowMs: 10_000, minimumCalls: 1_000_000, failureRatio: 1, openMs: 1, maxOpenMs: 1 },
  });
  const start = (directions: Direction[]): Promise<TestGateway> =>
    startTestGateway({
      upstreams,
      endpoints: [
        testEndpoint({
          upstreams: [
            testUpstream({ ...shared, name: 'o', provider: 'openai' }),
            testUpstream({
              ...shared,
              name: 'a',
              provider: 'anthropic',
              id: '018f0000-0000-7000-8000-000000000031',
            }),
          ],
        }),
      ],
      policy: testPolicy({ directions }),
      providerKey: PROVIDER_KEY,
    });
  const gateway = await start(['input', 'output']);
  const answersOnly = await start(['output']);
  return {
    upstream,
    gateway,
    answersOnly,
    close: async () => {
      await Promise.all([gateway.close(), answersOnly.close()]);
      await upstreams.close();
      await upstream.close();
    },
  };
}
