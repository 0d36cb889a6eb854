import { expect, it } from 'vitest';
import { guessFormat } from './push.ts';

it.each([
  [['loans.csv'], 'csv'],
  [['loans.TSV'], 'tsv'],
  [['a.ndjson'], 'jsonl'],
  [['x.parquet'], 'parquet'],
  [['cat/1.png', 'dog/2.JPG'], 'images'],
  [['a/1.txt', 'b/2.txt'], 'texts'],
  [['a/1.txt', 'b/2.png'], null],
  [['model.bin'], null],
  [[], null],
])('%j looks like %s', (paths, format) => {
  expect(guessFormat(paths)).toBe(format);
});
