import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { holderOf } from './data-dir.ts';

const FILE = 'running.json';

/** Where the roles of a running instance listen, as `bartizan up` writes it into the data directory. */
const Running = z.object({
  /** Of the supervisor. */
  pid: z.number().int().positive(),
  server: z.url({ protocol: /^http$/ }),
  gateway: z.url({ protocol: /^http$/ }),
});
export type Running = z.infer<typeof Running>;

/** Writes down where this process's instance listens; returns what takes that back. */
export function noteRunning(dataDir: string, at: Pick<Running, 'server' | 'gateway'>): () => void {
  const file = join(dataDir, FILE);
  rmSync(file, { force: true });
  const { server, gateway } = at;
  writeFileSync(file, `${JSON.stringify({ pid: process.pid, server, gateway })}\n`, { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** The instance that runs on a data directory; null where none does, or one that did not write where. */
export function findRunning(dataDir: string): Running | null {
  const root = resolve(dataDir);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(root, FILE), 'utf8'));
  } catch {
    return null;
  }
  const { data } = Running.safeParse(value);
  // What a killed one left says nothing about who holds the directory now.
  return data && data.pid === holderOf(root) ? data : null;
}
