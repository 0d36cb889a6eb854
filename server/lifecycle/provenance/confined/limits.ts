import { readFile } from 'node:fs/promises';

/** What a process that reads foreign data may take. */
export interface Limits {
  /** Resident memory of the process, in bytes. */
  readonly memoryBytes: number;
  /** Of the content, in bytes. */
  readonly contentBytes: number;
  readonly timeMs: number;
}

export const MIB = 1024 * 1024;
/** How often both sides look at the memory. */
export const WATCH_MS = 250;
/** The process ends with this when it has taken more memory than it may. */
export const EXIT_MEMORY = 76;

const PAGE_BYTES = 4096;

/** Resident memory of a process, in bytes; null where the system does not tell. */
export async function residentBytes(pid: number): Promise<number | null> {
  try {
    const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]);
    return Number.isFinite(pages) ? pages * PAGE_BYTES : null;
  } catch {
    return null;
  }
}
