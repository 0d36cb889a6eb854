import { gatewayRoutes, Snapshot } from '@bartizan/contracts';
import { Pool } from 'undici';

export interface PullOptions {
  readonly serverUrl: string;
  /** Internal token of the instance; never logged. */
  readonly token: string;
  readonly gatewayId: string;
  /** How long the server may hold a request until something changes, at most 30,000. */
  readonly waitMs: number;
}

export interface Puller {
  /** The snapshot when it is not `known`, null when it is. Throws when the server gives no valid one. */
  readonly pull: (known: string | null, signal: AbortSignal) => Promise<Snapshot | null>;
  readonly close: () => Promise<void>;
}

const MAX_BYTES = 64 * 1024 * 1024;
const SLACK_MS = 10_000;

export function createPuller(options: PullOptions): Puller {
  const { serverUrl, token, gatewayId, waitMs } = options;
  const pool = new Pool(new URL(serverUrl).origin, { connections: 1, allowH2: false });

  async function pull(known: string | null, signal: AbortSignal): Promise<Snapshot | null> {
    const answer = await pool.request({
      method: 'GET',
      path: `${gatewayRoutes.snapshot.path}?waitMs=${known === null ? 0 : waitMs}`,
      headers: {
        authorization: `Bearer ${token}`,
        'x-bartizan-gateway': gatewayId,
        'x-bartizan-snapshot': known ?? '',
        ...(known === null ? {} : { 'if-none-match': `"${known}"` }),
      },
      headersTimeout: waitMs + SLACK_MS,
      bodyTimeout: SLACK_MS,
      signal,
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump({ limit: 64 * 1024 });
      if (answer.statusCode === 304) return null;
      throw new Error(`the server answered ${answer.statusCode}`);
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new Error('the snapshot is larger than 64 MiB');
      chunks.push(chunk);
    }
    const snapshot = Snapshot.parse(JSON.parse(Buffer.concat(chunks).toString()));
    return snapshot.version === known ? null : snapshot;
  }

  return Object.freeze({ pull, close: () => pool.destroy() });
}
