import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseParser, type SseEvent } from './sse.ts';

const summary = (events: readonly SseEvent[]) => events.map(({ name, data }) => ({ name, data }));

function parse(chunks: readonly Buffer[]): SseEvent[] {
  const parser = createSseParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length));
}

describe('the event parser', () => {
  test.each([
    ['LF', 'data: a\n\ndata: b\n\n'],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n'],
    ['CR', 'data: a\r\rdata: b\r\r'],
    ['mixed', 'data: a\r\n\ndata: b\r\r\n'],
  ])('reads %s line ends', (_name, body) => {
    expect(summary(parse([Buffer.from(body)])).filter((event) => event.data !== null)).toEqual([
      { name: '', data: 'a' },
      { name: '', data: 'b' },
    ]);
  });

  test('joins data lines, keeps names, skips comments and a byte order mark', () => {
    const body = '\ufeffevent: x\ndata: a\ndata:b\ndata\n\n: comment\n\nid: 1\nretry: 5\ndata:  c\n\n';
    expect(summary(parse([Buffer.from(body)]))).toEqual([
      { name: 'x', data: 'a\nb\n' },
      { name: '', data: null },
      { name: '', data: ' c' },
    ]);
  });

  test('gives the same events however the bytes are cut, and loses none of them', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'data: {"a":1}',
        'data:x',
        'event: ping',
        ': hush',
        'id: 4',
        'data',
        'daté: ü',
        'data: 😀',
      ),
      fc.string({ maxLength: 12 }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, '')}`),
    );
    const body = fc
      .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\r\r')), {
        maxLength: 12,
      })
      .map((lines) => Buffer.from(lines.flat().join('')));
    fc.assert(
      fc.property(body, fc.array(fc.nat(400), { maxLength: 12 }), (bytes, places) => {
        const whole = parse([bytes]);
        const pieces = parse(cut(bytes, places));
        const real = (events: SseEvent[]) =>
          summary(events).filter((event) => event.data !== null || event.name !== '');
        expect(real(pieces)).toEqual(real(whole));
        const raw = Buffer.concat(whole.map((event) => event.raw));
        expect(bytes.subarray(0, raw.length).equals(raw)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  test('stops at an event that never ends', () => {
    const parser = createSseParser(1000);
    expect(() => {
      for (let i = 0; i < 100; i += 1) parser.push(Buffer.from('data: aaaaaaaaaaaaaaaaaaaa\n'));
    }).toThrow('too_large');
  });

  test('takes any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (chunks) => {
        parse(chunks.map((chunk) => Buffer.from(chunk)));
      }),
      { numRuns: 500 },
    );
  });
});
