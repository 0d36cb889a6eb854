import { expect, test } from 'vitest';
import { cellsOf, changesOf } from './record-cells.ts';

const text = { kind: 'text' } as const;
const side = (names: readonly string[], row: number, values: readonly unknown[], cut: string[] = []) => ({
  schema: { columns: names.map((name) => ({ name, type: text })) },
  items: [{ row, values: [...values], cut }],
  complete: true,
});
const was = side(['id', 'zip', 'approved'], 3, ['7', '01001', 'no'], ['zip']);
const now = side(['approved', 'id', 'batch'], 9, ['yes', '7', 'b']);

test('a record is found by its row, with what was cut', () => {
  expect(cellsOf(was, 3)).toEqual([
    { name: 'id', value: '7', isCut: false },
    { name: 'zip', value: '01001', isCut: true },
    { name: 'approved', value: 'no', isCut: false },
  ]);
  expect(cellsOf(was, 9)).toBeNull();
  expect(cellsOf(null, 3)).toBeNull();
});

test('columns are matched by name; those only one version has differ', () => {
  const changes = changesOf(cellsOf(was, 3) ?? [], cellsOf(now, 9) ?? [], []);
  expect(changes.map(({ name, was: a, now: b }) => [name, a?.value, b?.value])).toEqual([
    ['zip', '01001', undefined],
    ['approved', 'no', 'yes'],
    ['batch', undefined, 'b'],
  ]);
});

test('columns that are known to differ are shown though what was sent of them is the same', () => {
  const same = cellsOf(was, 3) ?? [];
  expect(changesOf(same, same, [])).toEqual([]);
  expect(changesOf(same, same, ['zip']).map(({ name }) => name)).toEqual(['zip']);
});
