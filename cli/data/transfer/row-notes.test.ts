import { expect, it } from 'vitest';
import { rowNotes } from './row-notes.ts';

it('says a number once, and not more often than every five seconds', () => {
  let ms = 0;
  const lines: string[] = [];
  const read = rowNotes(
    (line) => lines.push(line),
    'Read',
    () => ms,
  );
  // Half a second each: nothing read for a minute, then 10 records each time, then nothing more.
  const rows = [
    ...Array(120).fill(0),
    ...Array.from({ length: 20 }, (_, at) => (at + 1) * 10),
    ...Array(60).fill(200),
  ];
  for (const each of rows) {
    ms += 500;
    read(each);
  }
  expect(lines).toEqual(['Read 10 records', 'Read 110 records', 'Read 200 records']);
});

it('says nothing of what is done at once', () => {
  const lines: string[] = [];
  const read = rowNotes((line) => lines.push(line), 'Read');
  for (let rows = 0; rows < 1_000; rows++) read(rows);
  expect(lines).toEqual([]);
});
