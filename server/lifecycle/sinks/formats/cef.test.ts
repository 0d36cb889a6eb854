import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readOctetCounted } from '../testing.ts';
import { cefHeader, cefValue, toCef } from './cef.ts';
import { anyEvent, hostile } from './samples.ts';
import { octetCounted, syslogMessage } from './syslog.ts';

/** Reads CEF as a receiver does: header fields end at a pipe that is not escaped, values at ` key=`. */
function readCef(line: string): { header: string[]; fields: Map<string, string> } {
  const header: string[] = [];
  let rest = line;
  while (header.length < 7) {
    const match = /^((?:[^\\|]|\\.)*)\|/u.exec(rest);
    if (!match) throw new Error(`not CEF: ${line.slice(0, 100)}`);
    header.push((match[1] ?? '').replace(/\\([\\|])/g, '$1'));
    rest = rest.slice(match[0].length);
  }
  const fields = new Map<string, string>();
  const starts = [...rest.matchAll(/(?:^| )([A-Za-z0-9]+)=/g)];
  for (const [index, start] of starts.entries()) {
    const value = rest.slice(start.index + start[0].length, starts[index + 1]?.index);
    fields.set(
      start[1] ?? '',
      value.replace(/\\([\\=nr])/g, (_, one) => ({ n: '\n', r: '\r' })[one as string] ?? one),
    );
  }
  return { header, fields };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

test.each([
  ['a|b\\c', 'a\\|b\\\\c'],
  ['two\r\nlines', 'two lines'],
  ['a=b', 'a=b'],
])('a header field %j is written %j', (given, written) => {
  expect(cefHeader(given)).toBe(written);
});

test.each([
  ['a=b|c\\d', 'a\\=b|c\\\\d'],
  ['two\r\nlines', 'two\\r\\nlines'],
  ['bell\x07', 'bell'],
])('a value %j is written %j', (given, written) => {
  expect(cefValue(given)).toBe(written);
});

test('whatever an event holds, it is one line of CEF with our header and only our fields', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const line = toCef(event, '1.2.3');
      expect(line).not.toMatch(CONTROL);
      const { header, fields } = readCef(line);
      expect(header.slice(0, 4)).toEqual(['CEF:0', 'Bartizan', 'Bartizan', '1.2.3']);
      expect(header).toHaveLength(7);
      expect(Number(header[6])).toBeGreaterThanOrEqual(1);
      expect(fields.get('rt')).toBe(String(event.at));
      expect(fields.get('externalId')).toBe(event.uid);
      expect(fields.get('cat')).toBe(event.kind);
      if (event.kind === 'interactions') expect(fields.get('act')).toBe(event.interaction.verdict);
      expect(line.match(/(?<!\\)(?:\\\\)*(?:^| )cat=/g)).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});

test('a syslog message has one header, whatever its parts hold, and octet counting keeps messages apart', () => {
  const message = fc
    .record({
      facility: fc.integer({ min: 0, max: 23 }),
      severity: fc.constantFrom('informational' as const, 'critical' as const),
      atMs: fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.constantFrom(-5, Number.MAX_SAFE_INTEGER)),
      host: hostile,
      appName: hostile,
      kind: fc.constant('audit' as const),
      text: hostile,
    })
    .map(({ text, ...header }) => syslogMessage(header, text));
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
      for (const one of messages) {
        expect(one.toString()).toMatch(
          /^<\d{1,3}>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [\x21-\x7e]{1,255} [\x21-\x7e]{1,48} - audit - [^\r\n\0]*$/u,
        );
      }
      const read = readOctetCounted(Buffer.concat(messages.map(octetCounted)));
      expect(read.rest).toHaveLength(0);
      expect(read.messages).toEqual(messages.map(String));
    }),
  );
});
