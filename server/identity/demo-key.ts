import { readFileSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeyService } from './keys.ts';
import { INVOKE } from './model.ts';
import { hashToken } from './tokens.ts';

function readKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * The secret of the demo's key, which calls one endpoint and nothing else. Made once and kept in a file that
 * only we can read, so that every start shows the same. Null when people revoked it: it is not made again.
 */
export async function ensureDemoKey(
  keys: Pick<KeyService, 'live' | 'revoke' | 'createForDemo'>,
  endpointId: string,
  path: string,
): Promise<string | null> {
  const kept = readKey(path);
  if (kept !== null) {
    const key = await keys.live(hashToken(kept));
    return key?.scopes.includes(INVOKE) && key.endpoints?.includes(endpointId) ? kept : null;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Fails when a second server on the same data is quicker; the file is then its.
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
