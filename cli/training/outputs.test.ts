import { expect, it } from 'vitest';
import { printable } from '../output.ts';
import { comparedLines, compareOutputs } from './outputs.ts';

const file = (path: string, sha256: string) => ({ path, bytes: 1, sha256 });

it('holds outputs of a replay against those of the run, by path and digest', () => {
  const compared = compareOutputs(
    [file('outputs/a', '1'), file('outputs/b', '2'), file('model/m', '3')],
    [file('outputs/b', '9'), file('outputs/a', '1'), file('outputs/c', '4')],
  );
  expect(compared).toEqual([
    { path: 'outputs/a', outcome: 'same', was: '1', now: '1' },
    { path: 'outputs/b', outcome: 'different', was: '2', now: '9' },
    { path: 'model/m', outcome: 'not-made', was: '3', now: null },
    { path: 'outputs/c', outcome: 'new', was: null, now: '4' },
  ]);
  expect(comparedLines(compared, printable)[1]).toBe('  outputs/b  not the same as it was');
  expect(comparedLines(null, printable).join('')).toContain('not compared');
  expect(compareOutputs([], [])).toEqual([]);
});
