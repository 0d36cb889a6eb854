import { Buffer } from 'node:buffer';
import type { ByteSource, ScanContext } from '../types.ts';
import { ScanFault } from '../types.ts';
import type { Journal } from './journal.ts';
import { createJournal } from './journal.ts';
import { runWindow } from './machine.ts';
import { createMemo } from './memo.ts';
import { isTextPayload } from './payload.ts';
import { createStack, shed } from './stack.ts';
import type { Flaw, Machine, Status } from './state.ts';
import { textReader } from './texts.ts';

/** Bytes read at once: little after content was skipped, for what follows may be skipped too, then ever more. */
const LEAST_WINDOW = 32_768;
const MOST_WINDOW = 262_144;

/** How one pickle ended. */
export interface PickleEnd {
  /** Offset after STOP, or of the opcode where a loader would fail. */
  readonly end: number;
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly reason: string;
}

/** Reads the pickles of one stream, one after the other, without building anything. */
export interface PickleReader {
  /**
   * Reads the pickle at `start`, from its first opcode to STOP or to where a loader would fail. Memory stays
   * constant; content is skipped, not read, where it is long. Throws what `checkpoint` or `source` throws.
   */
  read(start: number): Promise<PickleEnd>;
  /** Bytes at `offset`, from the window where they are in it. */
  peek(offset: number, length: number): Promise<Uint8Array>;
  /** What all pickles read so far do. */
  readonly journal: Journal;
  readonly opcodes: () => number;
  /** Offset from where joblib and other loaders read differently; -1 when they don't. */
  readonly parts: () => number;
  /** Offset where the last frame of the pickle read last ends by its own account; 0 where it has none. */
  readonly frameEnd: () => number;
  /** The first thing that Python's own loader refuses and that was read over. */
  readonly flaw: () => Flaw | undefined;
  /** A loader might go on where this reader gave up. */
  readonly limited: () => boolean;
}

export interface ReaderOptions {
  /** Read arrays inline as joblib does. */
  readonly joblib: boolean;
}

function createMachine(size: number, context: ScanContext, joblib: boolean): Machine {
  const trail = new Float64Array(16);
  const journal = createJournal(trail, () => machine.opcodes);
  const texts = textReader(size, (value, at, length, isWhole) => {
    if (!isWhole) machine.flaw ??= { at: machine.at, reason: 'a text is not UTF-8' };
    if (!isTextPayload(value.text, length)) return;
    const range = { offset: machine.base + at, length };
    journal.payload({ at: machine.at, value, range, loaded: 'never' });
  });
  const machine: Machine = {
    stack: createStack(),
    memo: createMemo(context.limits.memo),
    texts,
    journal,
    trail,
    opcodes: 0,
    status: 'more',
    reason: '',
    next: 0,
    base: 0,
    lineEnd: -1,
    at: 0,
    size,
    memoLimit: context.limits.memo,
    protocol: 0,
    frameEnd: 0,
    flaw: undefined,
    joblib,
    parts: -1,
    wide: 0,
    inline: 0,
    outer: [],
  };
  return machine;
}

function restart(machine: Machine, start: number): void {
  machine.stack = createStack();
  machine.memo = machine.outer[0]?.memo ?? machine.memo;
  machine.memo.clear();
  machine.outer.length = 0;
  machine.status = 'more';
  machine.reason = '';
  machine.frameEnd = 0;
  machine.next = start;
  machine.lineEnd = -1;
}

/** Bytes of one line that are looked through: honest ones are far shorter, and empty disks far longer. */
const MOST_LINE = 128 * 2 ** 20;

/** Offset of the newline that ends a long line; -1 when there is none near. */
async function findNewline(source: ByteSource, from: number, context: ScanContext): Promise<number> {
  const most = Math.min(source.size, from + MOST_LINE);
  for (let offset = from; offset < most; offset += MOST_WINDOW) {
    context.checkpoint();
    const window = await source.read(offset, MOST_WINDOW);
    const found = window.indexOf(10);
    if (found >= 0) return offset + found;
  }
  return -1;
}

export function pickleReader(
  source: ByteSource,
  context: ScanContext,
  { joblib }: ReaderOptions,
): PickleReader {
  const machine = createMachine(source.size, context, joblib);
  let window: Buffer = Buffer.alloc(0);
  let wanted = LEAST_WINDOW;
  let limited = false;

  async function moveWindow(): Promise<void> {
    context.checkpoint();
    const isSkip = machine.next > machine.base + window.length;
    wanted = isSkip ? LEAST_WINDOW : Math.min(MOST_WINDOW, wanted * 4);
    const read = await source.read(machine.next, wanted);
    window = Buffer.from(read.buffer, read.byteOffset, read.length);
    machine.base = machine.next;
    if (window.length === 0) throw new ScanFault('bytes are missing', machine.next);
  }

  function broken(reason: string): void {
    machine.status = 'broken';
    machine.reason = reason;
  }

  async function findLine(): Promise<void> {
    machine.lineEnd = await findNewline(source, machine.next, context);
    if (machine.lineEnd >= 0) return;
    limited = source.size - machine.next > MOST_LINE;
    broken(limited ? 'a line is longer than is followed' : 'a line has no end');
  }

  /** Runs over the window and sees that it gets on. */
  function advance(): void {
    const [opcodes, began] = [machine.opcodes, machine.next];
    runWindow(machine, window);
    context.budget.opcodes += machine.opcodes - opcodes;
    shed(machine.stack, context.limits.stack);
    if (context.budget.opcodes > context.limits.opcodes) broken('there are more opcodes than are followed');
    if (machine.stack.marks.length > 4 * context.limits.stack)
      broken('there are more marks than are followed');
    const isStuck = machine.status === 'more' && machine.next === began && machine.base === began;
    if (isStuck && window.length >= MOST_WINDOW) {
      broken('an opcode is longer than any can be');
    }
  }

  async function read(start: number): Promise<PickleEnd> {
    restart(machine, start);
    const within = start >= machine.base && start < machine.base + window.length;
    if (!within && start < source.size) await moveWindow();
    const status = (): Status => machine.status;
    while (status() === 'more' || status() === 'line') {
      if (machine.next >= source.size) broken('the stream ends before STOP');
      else if (status() === 'line') {
        if (machine.base !== machine.next || window.length < MOST_WINDOW) await moveWindow();
        else await findLine();
      }
      if (status() === 'broken') break;
      advance();
      // Whatever is missing begins at `next`.
      if (status() === 'more' && machine.next < source.size) await moveWindow();
    }
    return { end: machine.next, complete: machine.status === 'stopped', reason: machine.reason };
  }

  return Object.freeze({
    read,
    async peek(offset: number, length: number) {
      const from = offset - machine.base;
      const last = Math.min(from + length, source.size - machine.base);
      if (from >= 0 && last <= window.length) return window.subarray(from, last);
      return source.read(offset, length);
    },
    journal: machine.journal,
    opcodes: () => machine.opcodes,
    parts: () => machine.parts,
    frameEnd: () => machine.frameEnd,
    flaw: () => machine.flaw,
    limited: () => limited,
  });
}
