/** The process that runs one peer: other people's code, so away from everything else. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { PeerDetector } from './detectors.ts';
import { PEERS } from './detectors.ts';

export interface PeerQuestion {
  readonly id: number;
  readonly text: string;
}

export type PeerReply =
  | { readonly type: 'ready' }
  | { readonly type: 'unusable'; readonly message: string }
  | {
      readonly type: 'said';
      readonly id: number;
      readonly score: number;
      readonly flagged: boolean;
      readonly ms: number;
    }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

const say = (reply: PeerReply): void => {
  process.send?.(reply);
};

// hai-guardrails starts workers from a file that it does not bring; what its patterns say does not need them.
process.on('uncaughtException', () => {});
process.on('disconnect', () => process.exit(0));

async function open(name: string, folder: string): Promise<PeerDetector> {
  const spec = PEERS.find((peer) => peer.name === name);
  if (spec === undefined) throw new Error(`no peer "${name}"`);
  const path = createRequire(pathToFileURL(`${folder}/`)).resolve(spec.package);
  // The ES module beside the CommonJS one, where there are both: the latter does not load.
  const file = path.endsWith('.cjs') ? path.replace(/\.cjs$/, '.js') : path;
  return spec.open((await import(pathToFileURL(file).href)) as Record<string, unknown>);
}

const [name = '', folder = ''] = process.argv.slice(2);
try {
  const detect = await open(name, folder);
  process.on('message', async ({ id, text }: PeerQuestion) => {
    const from = performance.now();
    try {
      const { score, flagged } = await detect(text);
      say({ type: 'said', id, score, flagged, ms: performance.now() - from });
    } catch (error) {
      say({ type: 'failed', id, message: (error as Error).message });
    }
  });
  say({ type: 'ready' });
} catch (error) {
  say({ type: 'unusable', message: (error as Error).message });
}
