import { printable } from '../output.ts';

/** Shows how far a backup or a restore is, without a line for each table. */
export interface Steps {
  readonly show: (line: string) => void;
  /** Ends it: the last thing that was to be shown is there, and the line is free for others. */
  readonly done: () => void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const EVERY_MS = 10_000;
const OF_A_TABLE = /^\S+: \d+ rows/;

/** One line that changes on a terminal; elsewhere what is not about a single table, of those the first and one in 10 seconds, and the last. */
export function createSteps(
  terminal: Terminal = process.stderr,
  nowMs: () => number = () => performance.now(),
): Steps {
  return terminal.isTTY === true ? onTerminal(terminal) : inLines(terminal, nowMs);
}

function onTerminal(terminal: Terminal): Steps {
  let open = false;
  return Object.freeze({
    show(line: string) {
      open = true;
      terminal.write(`\r\u001b[K${printable(line).slice(0, Math.max(20, (terminal.columns ?? 80) - 1))}`);
    },
    done() {
      if (open) terminal.write('\n');
      open = false;
    },
  });
}

function inLines(terminal: Terminal, nowMs: () => number): Steps {
  let shownMs = Number.NEGATIVE_INFINITY;
  let waiting: string | null = null;
  const print = (line: string) => {
    terminal.write(`${line}\n`);
    waiting = null;
  };
  return Object.freeze({
    show(line: string) {
      if (!OF_A_TABLE.test(line)) return print(line);
      if (nowMs() - shownMs < EVERY_MS) waiting = line;
      else {
        shownMs = nowMs();
        print(line);
      }
    },
    done() {
      if (waiting !== null) print(waiting);
    },
  });
}
