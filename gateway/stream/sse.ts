import { UpstreamFailure } from '../ports.ts';

/** One server-sent event (WHATWG HTML §9.2.6). */
export interface SseEvent {
  /** The `event` field; empty when there was none. */
  readonly name: string;
  /** `data` lines joined by newlines; null for a block without data (comments, ids). */
  readonly data: string | null;
  /** The bytes it came in, final blank line included. */
  readonly raw: Buffer;
}

export interface SseParser {
  /** Takes bytes cut anywhere; gives the events that they complete. Throws on an event over the limit. */
  readonly push: (chunk: Buffer) => SseEvent[];
  /** True when bytes of an unfinished event are left. */
  readonly pending: () => boolean;
  /** Bytes of the unfinished event. */
  readonly held: () => number;
}

/** A whole answer is repeated in the last event of some APIs. */
export const MAX_EVENT_BYTES = 32 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const EMPTY = Buffer.alloc(0);

/** Incremental parser: LF, CRLF and CR line ends, comments, a leading byte order mark. */
export function createSseParser(maxEventBytes = MAX_EVENT_BYTES): SseParser {
  /** Bytes of the event that is being read; scanned up to `scanned`, its current line from `line`. */
  let held: Buffer = EMPTY;
  let scanned = 0;
  let line = 0;
  let name = '';
  let data: string | null = null;
  /** The last byte was a CR that ended a line, so that an LF right after belongs to it. */
  let afterCr = false;
  let first = true;

  function field(from: number, to: number): void {
    const start =
      first && held[from] === 0xef && held[from + 1] === 0xbb && held[from + 2] === 0xbf ? from + 3 : from;
    first = false;
    if (start === to || held[start] === COLON) return;
    const colon = held.indexOf(COLON, start);
    const end = colon < 0 || colon > to ? to : colon;
    const key = held.toString('latin1', start, end);
    if (key !== 'data' && key !== 'event') return;
    let value = end === to ? to : end + 1;
    if (value < to && held[value] === SPACE) value += 1;
    const text = held.toString('utf8', value, to);
    if (key === 'event') name = text;
    else data = data === null ? text : `${data}\n${text}`;
  }

  function push(chunk: Buffer): SseEvent[] {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const events: SseEvent[] = [];
    let begin = 0;
    let i = scanned;
    for (; i < held.length; i += 1) {
      const byte = held[i];
      if (byte !== LF && byte !== CR) {
        afterCr = false;
        continue;
      }
      if (byte === LF && afterCr) {
        afterCr = false;
        line = i + 1;
        continue;
      }
      afterCr = byte === CR;
      if (i > line) field(line, i);
      else {
        first = false;
        // The LF of a final CRLF goes with its event when it is here already.
        const end = byte === CR && held[i + 1] === LF ? i + 2 : i + 1;
        events.push({ name, data, raw: held.subarray(begin, end) });
        name = '';
        data = null;
        begin = end;
        if (end === i + 2) {
          afterCr = false;
          i += 1;
        }
      }
      line = i + 1;
    }
    held = begin === 0 ? held : held.subarray(begin);
    scanned = i - begin;
    line -= begin;
    if (held.length > maxEventBytes) throw new UpstreamFailure('too_large');
    return events;
  }

  return Object.freeze({
    push,
    pending: () => data !== null || name !== '' || line < held.length,
    held: () => held.length,
  });
}

/** An event as bytes on the wire. `data` is one line (JSON). */
export const sseEvent = (name: string, data: string): string =>
  name === '' ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
