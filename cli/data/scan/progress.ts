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

const LINE_MS = 10_000;

/** A line every ten seconds, where something has changed: nothing of scans that end before. */
function createLines(terminal: Terminal, nowMs: () => number): Bar {
  let saidMs = nowMs();
  let said = '';
  return Object.freeze({
    update({ stage, part }: ScanProgress) {
      if (nowMs() - saidMs < LINE_MS) return;
      const line = `${printable(stage)}${part === null ? '' : ` ${Math.floor(part * 100)}%`}`;
      if (line === said) return;
      saidMs = nowMs();
      said = line;
      terminal.write(`${line}\n`);
    },
    clear: () => {},
  });
}

/** A bar for each stage of a scan on a terminal, a line now and then elsewhere. */
export function createBar(
  terminal: Terminal = process.stderr,
  nowMs: () => number = () => performance.now(),
): Bar {
  if (terminal.isTTY !== true) return createLines(terminal, nowMs);
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
