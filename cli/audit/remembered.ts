import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../exit.ts';
import { sessionFile } from '../session.ts';

/** What the command line keeps of a log between two verifications. */
const Remembered = z.object({
  origin: z.string(),
  /** The key that is trusted: the first one seen, or the one given with --key. */
  key: z.string(),
  size: z.number().int().nonnegative(),
  root: z.string(),
  /** Hashes of the tiles at the right edge of the tree, by level, base64. */
  edge: z.array(z.string().max(12_000)).max(10),
  /** When the key was first trusted here, in ms since the epoch. */
  keySince: z.number().int().nonnegative().optional(),
  /** When a later verification failed: from then on, nothing is taken as verified before. */
  failedAt: z.number().int().nonnegative().optional(),
});
export type Remembered = z.infer<typeof Remembered>;

function fileOf(url: string): string {
  const name = createHash('sha256').update(url).digest('hex').slice(0, 16);
  return join(dirname(sessionFile()), 'audit', `${name}.json`);
}

/** Null when this server's log was never verified from here. */
export function readRemembered(url: string): Remembered | null {
  const file = fileOf(url);
  if (!existsSync(file)) return null;
  try {
    return Remembered.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new CliError(
      `${file} is damaged: what is known of this log from before cannot be read. Remove it to begin anew.`,
    );
  }
}

export function writeRemembered(url: string, remembered: Remembered): void {
  const file = fileOf(url);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(remembered), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
