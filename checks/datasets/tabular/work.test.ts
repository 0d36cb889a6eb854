import { describe, expect, it } from 'vitest';
import { finish } from '../neighbours/index.ts';
import { DatasetInputError } from '../types.ts';
import { checkTableTriggers, workOf } from './index.ts';
import { loans } from './testing/loans.ts';

describe('the work of a table', () => {
  it('is done once for the same input, and again for another one', () => {
    const input = loans({ rows: 600, seed: 4 });
    const work = workOf(input);
    expect(workOf(input)).toBe(work);
    expect(workOf({ ...input })).not.toBe(work);
    const marks = Uint8Array.from(input.labels.values, (label) => Number(label === 1));
    const first = finish(work.screenOf(1, marks, { rows: 500, seed: 0 }));
    expect(finish(work.screenOf(1, marks, { rows: 500, seed: 0 }))).toBe(first);
    expect(finish(work.screenOf(1, marks, { rows: 500, seed: 1 }))).not.toBe(first);
  });

  it('changes no outcome', () => {
    const input = loans({ rows: 1200, seed: 5 });
    const alone = finish(checkTableTriggers({ ...input }));
    expect(finish(checkTableTriggers(input))).toEqual(alone);
    expect(finish(checkTableTriggers(input))).toEqual(alone);
  });

  it('is refused each time for what cannot be judged', () => {
    const input = { ...loans({ rows: 100, seed: 6 }), columns: [] };
    expect(() => workOf(input)).toThrow(DatasetInputError);
    expect(() => workOf(input)).toThrow(DatasetInputError);
  });
});
