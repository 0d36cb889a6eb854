import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { defaultPolicy } from '@bartizan/checks/policy/default.ts';
import {
  EndpointFields,
  NO_LIMITS,
  PolicyDocument,
  type Snapshot,
  UpstreamFields,
} from '@bartizan/contracts';

/**
 * Stands for the control plane on another machine, so that only the gateway is measured: hands out one real
 * snapshot and acknowledges shipped interactions without storing them. Run as its own process with the
 * upstream's URL and the key hash; prints its port on one line.
 */
const [upstreamUrl = '', keyHash = ''] = process.argv.slice(2);
const POLICY_OFF = '01900000-0000-7000-8000-000000000001';
const POLICY_ON = '01900000-0000-7000-8000-000000000002';

const HIGH = { requestsPerMinute: 1_000_000_000, tokensPerMinute: 1_000_000_000_000, tokensPerDay: null };

const endpoint = (
  slug: string,
  id: string,
  policyId: string,
  limits: object = HIGH,
): Snapshot['endpoints'][number] => ({
  ...EndpointFields.parse({ slug, name: slug, policyId, limits }),
  id,
  kind: 'llm',
  upstreams: [
    {
      ...UpstreamFields.parse({
        name: 'bench',
        provider: 'openai',
        baseUrl: `${upstreamUrl}/v1`,
        allowPrivateNetwork: true,
      }),
      id: `01900000-0000-7000-8000-0000000000a${slug.length}`,
      sealedApiKey: null,
    },
  ],
});

const snapshot: Snapshot = {
  version: 'bench-1',
  sequence: 1,
  issuedAt: Date.now(),
  keys: [
    {
      id: '01900000-0000-7000-8000-0000000000ff',
      name: 'bench',
      hash: keyHash,
      endpoints: '*',
      limits: { ...NO_LIMITS, requestsPerMinute: 1_000_000_000 },
      expiresAt: null,
    },
  ],
  endpoints: [
    endpoint('plain', '01900000-0000-7000-8000-0000000000e1', POLICY_OFF),
    endpoint('guarded', '01900000-0000-7000-8000-0000000000e2', POLICY_ON),
    // With a limit of requests at once, every request asks Redis, where there is one.
    endpoint('asking', '01900000-0000-7000-8000-0000000000e3', POLICY_OFF, { ...HIGH, concurrent: 100_000 }),
  ],
  policies: [
    { id: POLICY_OFF, name: 'No rules', version: 1, document: PolicyDocument.parse({ rules: [] }) },
    { id: POLICY_ON, name: 'Standard', version: 1, document: PolicyDocument.parse(defaultPolicy()) },
  ],
};
const body = Buffer.from(JSON.stringify(snapshot));

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  if (request.method === 'GET') {
    if (request.headers['if-none-match']?.includes(snapshot.version)) {
      // A long poll that has nothing new to say.
      setTimeout(() => response.writeHead(304).end(), 5_000);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', etag: `"${snapshot.version}"` }).end(body);
    return;
  }
  let count = 0;
  request.on('data', (part: Buffer) => {
    count += part.length;
  });
  request.on('end', () => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ stored: count > 0 ? 1 : 0, known: 0 }));
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' && address ? address.port : 0);
});
process.on('disconnect', () => process.exit(0));
