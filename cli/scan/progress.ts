import { basename } from 'node:path';
import { printable } from '../output.ts';

/** Shows how far a scan is. */
export interface Progress {
  /** `doneBytes` over all files, `file` the one that is being read. */
  readonly update: (doneBytes: number, file: string) => void;
  readonly clear: () => void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const EVERY_MS = 100;
const BAR = 24;

/** A bar on a terminal, nothing elsewhere. */
export function createProgress(
  totalBytes: number,
  terminal: Terminal = process.stderr,
  nowMs: () => number = () => performance.now(),
): Progress {
  if (terminal.isTTY !== true) return Object.freeze({ update: () => {}, clear: () => {} });
  const startedMs = nowMs();
  let shownMs = Number.NEGATIVE_INFINITY;
  return Object.freeze({
    update(doneBytes: number, file: string) {
      const now = nowMs();
      if (now - shownMs < EVERY_MS) return;
      shownMs = now;
      const part = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
      const full = Math.round(part * BAR);
      const seconds = Math.max(0.001, (now - startedMs) / 1000);
      const line = `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${String(Math.floor(part * 100)).padStart(3)}% ${Math.round(doneBytes / 2 ** 20 / seconds)} MiB/s ${printable(basename(file))}`;
      terminal.write(`\r\u001b[K${line.slice(0, Math.max(20, (terminal.columns ?? 80) - 1))}`);
    },
    clear() {
      if (shownMs > Number.NEGATIVE_INFINITY) terminal.write('\r\u001b[K');
    },
  });
}
