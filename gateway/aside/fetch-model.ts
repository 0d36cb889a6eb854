import { createModelFolders, type LaidModel } from '@bartizan/checks/text/injection/model/folders.ts';
import { detectorGatewayRoutes, type Snapshot } from '@bartizan/contracts';
import { createServers } from '../servers.ts';

export type WantedModel = NonNullable<Snapshot['detector']>;

export interface FetchOptions {
  /** One server, or several separated by commas. */
  readonly serverUrl: string;
  /** Internal token of the instance; never logged. */
  readonly token: string;
  /** Where models lie, each in a folder named after the digest of its manifest. */
  readonly root: string;
}

export interface ModelFetcher {
  /** The model, whole and checked, fetched where it is not there yet; it stays until it is let go of. */
  readonly take: (wanted: WantedModel, signal: AbortSignal) => Promise<LaidModel>;
  readonly close: () => Promise<void>;
}

const TIMEOUT_MS = 60_000;
/** Models kept on disk: the one in use, the one before for the way back, and one more. */
const MOST_KEPT = 3;

/** Gets models from the server by digest: whatever else arrives is thrown away. */
export function createModelFetcher({ serverUrl, token, root }: FetchOptions): ModelFetcher {
  const servers = createServers(serverUrl, 1);
  const folders = createModelFolders({ root, most: MOST_KEPT });

  async function ask(sha256: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const answer = await servers.pool().request({
      method: 'GET',
      path: detectorGatewayRoutes.file.path.replace(':digest', sha256),
      headers: { authorization: `Bearer ${token}` },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      // Over all of the file: a server that trickles holds no draft for ever.
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (answer.statusCode === 200) return answer.body as AsyncIterable<Uint8Array>;
    await answer.body.dump({ limit: 64 * 1024 });
    throw new Error(`the server answered ${answer.statusCode}`);
  }

  return Object.freeze({
    async take(wanted: WantedModel, signal: AbortSignal): Promise<LaidModel> {
      try {
        return await folders.take(wanted, ({ sha256 }) => ask(sha256, signal));
      } catch (error) {
        servers.next();
        throw error;
      }
    },
    close: servers.close,
  });
}
