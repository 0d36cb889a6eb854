import type { ScanProgress } from '@bartizan/checks/datasets/scan/worker/index.ts';
import { printable } from '../../output.ts';

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Bar {
  readonly update: (progress: ScanProgress) => void;
  readonly clear: () => void;
}

const BAR = 24;

/** A bar for each stage of a scan on a terminal, nothing elsewhere. */
export function createBar(terminal: Terminal = process.stderr): Bar {
  if (terminal.isTTY !== true) return Object.freeze({ update: () => {}, clear: () => {} });
  let shown = false;
  return Object.freeze({
    update({ stage, part }: ScanProgress) {
      const full = Math.round((part ?? 0) * BAR);
      const share = part === null ? '    ' : `${String(Math.floor(part * 100)).padStart(3)}%`;
      const line = `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${share} ${printable(stage)}`;
      terminal.write(`\r\u001b[K${line.slice(0, Math.max(20, (terminal.columns ?? 80) - 1))}`);
      shown = true;
    },
    clear() {
      if (shown) terminal.write('\r\u001b[K');
      shown = false;
    },
  });
}
