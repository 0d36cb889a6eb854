import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { RowSet } from './rows.ts';

/** How records lie in a file of lines. */
export interface Lines {
  /** Character between columns, as UTF-8; null: no quotes, one record a line. */
  readonly delimiter: Buffer | null;
  readonly header: boolean;
}

const [LF, CR, QUOTE, SPACE, TAB] = [10, 13, 34, 32, 9];
const FLUSH_BYTES = 1 << 20;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Copies the file without some records, byte for byte. Where records end is told as RFC 4180 has it: at a line's end
 * outside of quotes, which open where a field begins. Lines without anything are no records. The caller compares what
 * came out, record by record: another reading of quotes is noticed there.
 */
export async function copyLines(from: string, to: string, lines: Lines, drop: RowSet): Promise<void> {
  const out = await open(to, 'wx', 0o600);
  try {
    const writer = createWriter(out);
    const machine = createMachine(lines, drop, writer.add);
    for await (const chunk of createReadStream(from, { highWaterMark: FLUSH_BYTES })) {
      machine.feed(chunk as Buffer);
      await writer.flush(FLUSH_BYTES);
    }
    machine.end();
    await writer.flush(0);
    await out.sync();
  } finally {
    await out.close();
  }
}

function createWriter(out: FileHandle) {
  let parts: Buffer[] = [];
  let held = 0;
  return {
    add(part: Buffer): void {
      parts.push(part);
      held += part.length;
    },
    async flush(above: number): Promise<void> {
      if (held <= above) return;
      const whole = Buffer.concat(parts);
      [parts, held] = [[], 0];
      await out.writeFile(whole);
    },
  };
}

/** Where a record ends, byte by byte; state outlasts chunks. */
function createMachine({ delimiter, header }: Lines, drop: RowSet, add: (part: Buffer) => void) {
  let record = header ? -1 : 0;
  let [quoted, fieldStart, empty, closing] = [false, true, true, false];
  /** Places that matched of a delimiter of several bytes. */
  let matched = 0;
  /** Of the record so far, from chunks before. */
  let pending: Buffer[] = [];
  let first = true;

  function close(part: Buffer): void {
    if (empty) {
      for (const each of [...pending, part]) add(each);
    } else {
      if (record < 0 || !drop.has(record)) for (const each of [...pending, part]) add(each);
      record += 1;
    }
    pending = [];
    [quoted, fieldStart, empty, closing, matched] = [false, true, true, false, 0];
  }

  function step(byte: number): void {
    if (quoted) {
      if (byte === QUOTE) [quoted, closing] = [false, true];
      return;
    }
    if (closing && byte === QUOTE) {
      [quoted, closing] = [true, false];
      return;
    }
    closing = false;
    if (delimiter !== null && fieldStart && byte === QUOTE) {
      [quoted, fieldStart] = [true, false];
      return;
    }
    matched = delimiter !== null && byte === delimiter[matched] ? matched + 1 : 0;
    const ends = delimiter !== null && matched === delimiter.length;
    if (ends) matched = 0;
    fieldStart = ends;
  }

  function feed(given: Buffer): void {
    let chunk = given;
    if (first && chunk.subarray(0, 3).equals(BOM)) {
      add(chunk.subarray(0, 3));
      chunk = chunk.subarray(3);
    }
    first = false;
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === LF && !quoted) {
        close(chunk.subarray(from, at + 1));
        from = at + 1;
        continue;
      }
      const blank = byte === CR || (delimiter === null && (byte === SPACE || byte === TAB));
      if (!blank) empty = false;
      step(byte);
    }
    if (from < chunk.length) pending.push(Buffer.from(chunk.subarray(from)));
  }

  return {
    feed,
    end(): void {
      if (pending.length > 0) close(Buffer.alloc(0));
    },
  };
}
