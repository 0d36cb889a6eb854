import { readFileSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeyService } from './keys.ts';
import { hashToken } from './tokens.ts';

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

function readKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/**
 * The secret of the demo's key, which calls one endpoint and nothing else. Made once and kept in the file
 * `path`, which only we can read, so that every start shows the same; `endpoint` makes or finds the
 * endpoint and is asked only then, so that a demo that people removed stays removed. Null when people
 * revoked the key: it is not made again. A file of another database is replaced.
 */
export async function ensureDemoKey(
  keys: Pick<KeyService, 'state' | 'createForDemo'>,
  endpoint: () => Promise<string>,
  path: string,
): Promise<string | null> {
  const kept = readKey(path);
  if (kept !== null) {
    const state = await keys.state(hashToken(kept));
    if (state !== 'unknown') return state === 'live' ? kept : null;
    await rm(path, { force: true });
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const endpointId = await endpoint();
  // Exclusive: never writes through a link or over a file that somebody else put there.
  const file = await open(path, 'wx', 0o600);
  try {
    const { secret } = await keys.createForDemo(endpointId);
    await file.writeFile(`${secret}\n`);
    await file.sync();
    return secret;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}
