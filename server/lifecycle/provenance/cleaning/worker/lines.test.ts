import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyLines } from './lines.ts';
import { readRows, writeRows } from './rows.ts';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bartizan-lines-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function without(
  text: string,
  drop: number[],
  { delimiter = ',' as string | null, header = true } = {},
) {
  const path = (name: string) => join(folder, `${count}-${name}`);
  count += 1;
  await writeFile(path('in'), text);
  await writeRows(path('rows'), drop);
  const lines = { delimiter: delimiter === null ? null : Buffer.from(delimiter), header };
  await copyLines(path('in'), path('out'), lines, await readRows(path('rows')));
  return await readFile(path('out'), 'utf8');
}

test.each([
  ['line ends of Windows', 'a\r\n1\r\n2\r\n3\r\n', [1], 'a\r\n1\r\n3\r\n'],
  ['no line end at the end', 'a\n1\n2', [1], 'a\n1\n'],
  ['a line end within quotes', 'a,b\n1,"x\ny"\n2,z\n', [0], 'a,b\n2,z\n'],
  ['quotes within quotes', 'a,b\n1,"x"",\n""y"\n2,z\n', [0], 'a,b\n2,z\n'],
  ['a quote within a field opens nothing', 'a,b\n1,5" wide\n2,z\n', [0], 'a,b\n2,z\n'],
  ['empty lines are no records', 'a\n1\n\n2\n\n3\n', [1], 'a\n1\n\n\n3\n'],
  ['a byte order mark', '\ufeffa,b\n"1",x\n2,y\n', [0], '\ufeffa,b\n2,y\n'],
  ['quotes in the header', '"a\nb",c\n1,2\n3,4\n', [0], '"a\nb",c\n3,4\n'],
] as const)('%s', async (_, text, drop, expected) => {
  expect(await without(text, [...drop])).toBe(expected);
});

test('delimiters of several bytes, and none', async () => {
  expect(await without('1¦"a\n¦"\n2¦b\n', [0], { delimiter: '¦', header: false })).toBe('2¦b\n');
  expect(await without('{"a":"\\""}\n \n{"a":2}\n', [1], { delimiter: null, header: false })).toBe(
    '{"a":"\\""}\n \n',
  );
});

test('records that go over the pieces that are read', async () => {
  const long = 'x'.repeat(700_000);
  const text = `a\n${long}1\n"${long}\n2"\n${long}3\n`;
  expect(await without(text, [1])).toBe(`a\n${long}1\n${long}3\n`);
});
