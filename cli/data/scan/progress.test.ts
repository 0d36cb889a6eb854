import { expect, it } from 'vitest';
import { createBar } from './progress.ts';

it('writes a line every ten seconds where no terminal is, and none of a short scan', () => {
  let ms = 0;
  const written: string[] = [];
  const bar = createBar({ write: (text) => written.push(text) }, () => ms);
  for (; ms < 10_000; ms += 100) bar.update({ stage: 'Reading', part: ms / 100_000 });
  expect(written).toEqual([]);
  for (; ms <= 25_000; ms += 100) bar.update({ stage: 'Reading\u001b[2J', part: ms / 100_000 });
  for (; ms <= 60_000; ms += 100) bar.update({ stage: 'Neighbours', part: null });
  bar.clear();
  expect(written).toEqual(['Reading 10%\n', 'Reading 20%\n', 'Neighbours\n']);
});
