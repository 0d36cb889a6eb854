import { fork, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Judge, Timed } from '../judge.ts';
import type { PeerSpec } from './detectors.ts';
import { PEERS } from './detectors.ts';
import type { PeerReply } from './main.ts';

/** Where peers are installed: they are no dependencies of ours, and one brings a TypeScript of its own. */
const FOLDER = fileURLToPath(new URL('../../../.cache/bench-injection', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));
const INSTALL_MS = 300_000;
const START_MS = 60_000;
/** A text that takes longer counts as not judged. */
const TEXT_MS = 60_000;

/** A peer that runs. */
export interface PeerJudge extends Judge {
  readonly version: string;
  readonly time: (text: string) => Promise<Timed>;
  readonly close: () => void;
}

function installedVersion(name: string): string | null {
  try {
    const path = join(FOLDER, 'node_modules', name, 'package.json');
    return (JSON.parse(readFileSync(path, 'utf8')) as { version?: string }).version ?? null;
  } catch {
    return null;
  }
}

/** Installs the peers' packages in their pinned versions, without their scripts. Answers why not, or null. */
function install(): string | null {
  const wanted = [...new Map(PEERS.map((peer) => [peer.package, peer.version]))];
  if (wanted.every(([name, version]) => installedVersion(name) === version)) return null;
  mkdirSync(FOLDER, { recursive: true });
  const manifest = join(FOLDER, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, '{"name":"bench-injection","private":true}\n');
  process.stderr.write(`installing ${wanted.map((pair) => pair.join('@')).join(', ')} into ${FOLDER}\n`);
  const done = spawnSync(
    'npm',
    [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--save-exact',
      ...wanted.map(([name, version]) => `${name}@${version}`),
    ],
    { cwd: FOLDER, encoding: 'utf8', timeout: INSTALL_MS },
  );
  return done.status === 0 ? null : `npm could not install it: ${(done.stderr ?? '').trim().slice(-300)}`;
}

async function openPeer(spec: PeerSpec): Promise<PeerJudge> {
  const child = fork(PROGRAM, [spec.name, FOLDER], {
    cwd: FOLDER,
    env: { PATH: process.env.PATH ?? '' },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const waiting = new Map<number, { resolve: (said: PeerReply) => void; reject: (error: Error) => void }>();
  const fail = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  child.on('exit', (code, signal) => fail(new Error(`${spec.name} went down: ${signal ?? code}`)));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`did not start within ${START_MS} ms`));
    }, START_MS);
    child.once('error', reject);
    child.on('message', (reply: PeerReply) => {
      clearTimeout(timer);
      if (reply.type === 'ready') return resolve();
      if (reply.type === 'unusable') {
        child.kill('SIGKILL');
        return reject(new Error(reply.message));
      }
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (reply.type === 'said') asked?.resolve(reply);
      else asked?.reject(new Error(`${spec.name} failed: ${reply.message}`));
    });
  });
  let questions = 0;
  async function ask(text: string): Promise<Extract<PeerReply, { type: 'said' }>> {
    questions += 1;
    const id = questions;
    const timer = setTimeout(() => child.kill('SIGKILL'), TEXT_MS);
    try {
      return await new Promise((resolve, reject) => {
        waiting.set(id, { resolve: (said) => resolve(said as never), reject });
        child.send({ id, text });
      });
    } finally {
      clearTimeout(timer);
    }
  }
  return {
    name: `${spec.name} ${spec.version}`,
    version: spec.version,
    points: ['default'],
    judge: async (text) => {
      const { score, flagged } = await ask(text);
      return { score, flagged: { default: flagged }, stage: 'peer' };
    },
    time: async (text) => ({ ms: (await ask(text)).ms, stage: 'peer' }),
    close: () => {
      child.kill('SIGKILL');
    },
  };
}

/** Runs `work` with each peer that can be had here, one after the other; answers why the others cannot. */
export async function withPeers(
  work: (peer: PeerJudge) => Promise<void>,
): Promise<Readonly<Record<string, string>>> {
  const failed = install();
  const skipped: Record<string, string> = {};
  for (const spec of PEERS) {
    let peer: PeerJudge | null = null;
    try {
      if (failed !== null) throw new Error(failed);
      peer = await openPeer(spec);
      await work(peer);
    } catch (error) {
      skipped[spec.name] = (error as Error).message;
    } finally {
      peer?.close();
    }
  }
  return skipped;
}
