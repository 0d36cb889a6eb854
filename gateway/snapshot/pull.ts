import { gatewayRoutes, Snapshot } from '@bartizan/contracts';
import { createServers } from '../servers.ts';

export interface PullOptions {
  /** One server, or several separated by commas. */
  readonly serverUrl: string;
  /** Internal token of the instance; never logged. */
  readonly token: string;
  readonly gatewayId: string;
  /** How long the server may hold a request until something changes, at most 30,000. */
  readonly waitMs: number;
}

/** What a gateway has. */
export interface Known {
  readonly version: string;
  readonly sequence: number;
}

export interface Puller {
  /**
   * The snapshot when it is not `known`, null when it is. Throws when the server gives no valid one, or one from
   * before what is known; the next server is asked then.
   */
  readonly pull: (known: Known | null, signal: AbortSignal) => Promise<Snapshot | null>;
  readonly close: () => Promise<void>;
}

const MAX_BYTES = 64 * 1024 * 1024;
const SLACK_MS = 10_000;
/** Where there is another server to ask, one that hangs is not waited for as long. */
const SHORT_WAIT_MS = 5_000;
const SHORT_SLACK_MS = 3_000;

/** A server that has not heard yet of a change that this gateway already serves by. */
export class ServerLags extends Error {
  constructor() {
    super('the server offers an older snapshot than the one in use');
    this.name = 'ServerLags';
  }
}

export function createPuller(options: PullOptions): Puller {
  const { token, gatewayId } = options;
  const servers = createServers(options.serverUrl, 1);
  const waitMs = servers.count > 1 ? Math.min(options.waitMs, SHORT_WAIT_MS) : options.waitMs;
  const slackMs = servers.count > 1 ? SHORT_SLACK_MS : SLACK_MS;

  async function pull(known: Known | null, signal: AbortSignal): Promise<Snapshot | null> {
    try {
      const snapshot = await ask(known, signal);
      if (snapshot && known && snapshot.sequence < known.sequence) throw new ServerLags();
      return snapshot;
    } catch (error) {
      servers.next();
      throw error;
    }
  }

  async function ask(known: Known | null, signal: AbortSignal): Promise<Snapshot | null> {
    const answer = await servers.pool().request({
      method: 'GET',
      path: `${gatewayRoutes.snapshot.path}?waitMs=${known === null ? 0 : waitMs}`,
      headers: {
        authorization: `Bearer ${token}`,
        'x-bartizan-gateway': gatewayId,
        'x-bartizan-snapshot': known?.version ?? '',
        ...(known === null
          ? {}
          : { 'if-none-match': `"${known.version}"`, 'x-bartizan-sequence': String(known.sequence) }),
      },
      headersTimeout: waitMs + slackMs,
      bodyTimeout: slackMs,
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
    return snapshot.version === known?.version ? null : snapshot;
  }

  return Object.freeze({ pull, close: servers.close });
}
