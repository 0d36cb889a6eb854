import { createHash, randomUUID } from 'node:crypto';
import { type InteractionRecord, NO_LIMITS, ShipBatch, type Snapshot } from '@bartizan/contracts';
import { endpointWith, httpServer, type TestServer, upstreamOf } from '../upstream/testing.ts';

/** For tests: a control plane that gives one snapshot and takes interactions. */
export interface FakeServer extends TestServer {
  readonly shipped: () => readonly string[];
  /** The same with how they ended and how much text of answers they keep. */
  readonly endings: () => readonly Ending[];
  /** Status for shipped batches; 200 takes them. */
  setShipStatus: (status: number) => void;
}

export interface Ending {
  readonly id: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly answerChars: number;
}

function endingOf({ id, outcome, error, segments }: InteractionRecord): Ending {
  const answer = segments.filter(({ direction }) => direction === 'output');
  const answerChars = answer.reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
  return { id, outcome, code: error?.code ?? null, answerChars };
}

export const TEST_KEY = 'bz_test_key_for_the_gateway';

export function testSnapshot(fields: Partial<Snapshot> = {}): Snapshot {
  const hash = createHash('sha256').update(TEST_KEY).digest('hex');
  return {
    version: 'v1',
    sequence: 1,
    issuedAt: 1,
    keys: [{ id: randomUUID(), name: 'app', hash, endpoints: '*', limits: NO_LIMITS, expiresAt: null }],
    endpoints: [
      endpointWith([upstreamOf({ provider: 'demo' })], { slug: 'demo', models: [{ name: 'demo' }] }),
    ],
    policies: [],
    ...fields,
  };
}

export async function fakeServer(snapshot: Snapshot): Promise<FakeServer> {
  const endings: Ending[] = [];
  let shipStatus = 200;
  const server = await httpServer((request, response) => {
    if (request.method === 'GET') {
      request.resume();
      if (request.headers['if-none-match'] !== undefined) {
        const timer = setTimeout(() => response.writeHead(304).end(), 1000);
        response.once('close', () => clearTimeout(timer));
        return;
      }
      response.writeHead(200, { etag: `"${snapshot.version}"` }).end(JSON.stringify(snapshot));
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const batch = ShipBatch.parse(JSON.parse(Buffer.concat(chunks).toString()));
      if (shipStatus === 200) endings.push(...batch.interactions.map(endingOf));
      response.writeHead(shipStatus, { 'content-type': 'application/json' }).end('{"stored":0,"known":0}');
    });
  });
  return {
    ...server,
    shipped: () => endings.map(({ id }) => id),
    endings: () => endings,
    setShipStatus: (status) => {
      shipStatus = status;
    },
  };
}
