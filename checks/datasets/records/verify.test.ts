import { describe, expect, it } from 'vitest';
import type { Change } from './changes.ts';
import { diffByKey, type KeyedChange } from './keyed.ts';
import { leafFileHead, openLeaves } from './leaves.ts';
import { schemaDigest } from './schema.ts';
import { memorySpill } from './sort.ts';
import { streamOf } from './testing/chunks.ts';
import { createRecordTree } from './tree.ts';
import type { Schema, Value } from './types.ts';
import { recordHashes, verifyRecords } from './verify.ts';

const spill = memorySpill();
const schema: Schema = {
  columns: [
    { name: 'id', type: { kind: 'integer' } },
    { name: 'zip', type: { kind: 'text' } },
    { name: 'amount', type: { kind: 'double' } },
  ],
};
const rows: Value[][] = Array.from({ length: 600 }, (_, id) => [id, String(10_000 + (id % 7)), id / 4]);

async function pushed() {
  const tree = createRecordTree();
  const parts: Buffer[] = [];
  for await (const hashes of recordHashes(streamOf(schema, rows))) {
    tree.append(hashes);
    parts.push(hashes);
  }
  return { head: tree.head(), hashes: Buffer.concat(parts) };
}
const leavesOf = (hashes: Uint8Array) => {
  const bytes = Buffer.concat([leafFileHead(schemaDigest(schema)), hashes]);
  return openLeaves({
    length: bytes.length,
    read: (at, into) => into.set(bytes.subarray(at, at + into.length)),
  });
};
const data = (now: readonly Value[][]) => ({
  schemaDigest: schemaDigest(schema),
  hashes: recordHashes(streamOf(schema, now)),
});

describe('verification', () => {
  it('says that intact data are, with and without leaves', async () => {
    const { head, hashes } = await pushed();
    const stored = { head, blocks: head.blocks, schemaDigest: schemaDigest(schema) };
    expect(
      await verifyRecords({ ...stored, leaves: await leavesOf(hashes) }, data(rows), { spill }),
    ).toMatchObject({ intact: true, leaves: { sound: true }, changes: null, changedBlocks: null });
    expect(await verifyRecords(stored, data(rows), { spill })).toMatchObject({ intact: true, leaves: null });
  });

  it.each<[string, Value[][], Change[]]>([
    ['altered', rows.with(300, [300, '10006', 75.5]), [{ kind: 'altered', was: 300, now: 300 }]],
    ['altered to null', rows.with(300, [300, null, 75]), [{ kind: 'altered', was: 300, now: 300 }]],
    ['added', rows.toSpliced(300, 0, [9, 'x', 1]), [{ kind: 'added', now: 300 }]],
    ['removed', rows.toSpliced(300, 1), [{ kind: 'removed', was: 300 }]],
    [
      'moved',
      rows.toSpliced(300, 1).toSpliced(20, 0, rows[300] as Value[]),
      [{ kind: 'moved', was: 300, now: 20 }],
    ],
  ])('names the record that was %s', async (_, now, changes) => {
    const { head, hashes } = await pushed();
    const stored = {
      head,
      blocks: head.blocks,
      schemaDigest: schemaDigest(schema),
      leaves: await leavesOf(hashes),
    };
    const result = await verifyRecords(stored, data(now), { spill });
    expect(result).toMatchObject({ intact: false, leaves: { sound: true } });
    const named: Change[] = [];
    for await (const change of result.changes?.() ?? []) named.push(change);
    expect(named).toEqual(changes);
  });

  it('takes no word from leaves that were changed along with the data', async () => {
    const { head } = await pushed();
    const now = rows.with(300, [300, 'x', 0]);
    const forged: Buffer[] = [];
    for await (const hashes of recordHashes(streamOf(schema, now))) forged.push(hashes);
    const stored = {
      head,
      blocks: head.blocks,
      schemaDigest: schemaDigest(schema),
      leaves: await leavesOf(Buffer.concat(forged)),
    };
    expect(await verifyRecords(stored, data(now), { spill })).toMatchObject({
      intact: false,
      leaves: { sound: false, blocksSound: true, changedBlocks: [1] },
      changes: null,
      changedBlocks: [1],
    });
    expect(await verifyRecords(stored, data(rows), { spill })).toMatchObject({
      intact: true,
      leaves: { sound: false },
      changedBlocks: null,
    });
  });

  it('refuses other schemas', async () => {
    const { head } = await pushed();
    const other = { schemaDigest: Buffer.alloc(32), hashes: [] };
    await expect(
      verifyRecords({ head, schemaDigest: schemaDigest(schema) }, other, { spill }),
    ).rejects.toThrow('another schema');
  });
});

describe('differences by key', () => {
  const diff = async (was: Value[][], now: Value[][], keys = ['id'], after: Schema = schema) => {
    const { changes, schema: columns } = await diffByKey({
      was: () => streamOf(schema, was),
      now: () => streamOf(after, now),
      keys,
      spill,
      memoryBytes: 4096,
    });
    const named: KeyedChange[] = [];
    for await (const change of changes()) named.push(change);
    return { columns, named: named.toSorted((a, b) => a.kind.localeCompare(b.kind)) };
  };

  it('names added, removed and changed records with their columns, whatever the order', async () => {
    const now = rows
      .toReversed()
      .with(0, [599, '10004', 1])
      .with(10, [1000, '1', 1])
      .with(599, [0, 'x', null]);
    expect((await diff(rows, now)).named).toEqual([
      { kind: 'added', now: 10 },
      { kind: 'changed', was: 599, now: 0, columns: ['amount'] },
      { kind: 'changed', was: 0, now: 599, columns: ['zip', 'amount'] },
      { kind: 'removed', was: 589 },
    ]);
    expect((await diff(rows, rows.toReversed())).named).toEqual([]);
  });

  it('compares the columns that both have, and says which they have not', async () => {
    const wider: Schema = {
      columns: [
        ...schema.columns.slice(0, 2),
        { name: 'amount', type: { kind: 'text' } },
        { name: 'branch', type: { kind: 'text' } },
      ],
    };
    const { columns, named } = await diff(
      rows,
      rows.map(([id, zip], at) => [id ?? null, at === 5 ? 'x' : (zip ?? null), 'a', 'b']),
      ['id'],
      wider,
    );
    expect(columns).toEqual({ added: ['branch'], removed: [], retyped: ['amount'] });
    expect(named).toEqual([{ kind: 'changed', was: 5, now: 5, columns: ['zip'] }]);
  });

  it('counts records of one key', async () => {
    const [one, two]: [Value[], Value[]] = [
      [1, 'a', 1],
      [1, 'b', 1],
    ];
    expect((await diff([one, one, two], [two, one])).named).toEqual([{ kind: 'removed', was: 1 }]);
  });

  it('refuses keys that are not in both versions', async () => {
    await expect(diff(rows, rows, ['nope'])).rejects.toThrow('"nope"');
    await expect(diff(rows, rows, [])).rejects.toThrow('at least one');
  });
});
