import { createHash } from 'node:crypto';
import { verifyInclusion } from '@bartizan/contracts/tlog/proof.ts';
import { createEdge } from '@bartizan/contracts/tlog/tiles.ts';
import { describe, expect, it } from 'vitest';
import { checkLeaves, leafFileBytes, leafFileHead, openLeaves } from './leaves.ts';
import { createRecordTree, proveInclusion, verifyRecord } from './tree.ts';

const leafHashes = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => createHash('sha256').update(`record ${i}`).digest()));
const treeOf = (hashes: Uint8Array, step = 7 * 32) => {
  const tree = createRecordTree();
  for (let at = 0; at < hashes.length; at += step) tree.append(hashes.subarray(at, at + step));
  return tree.head();
};
const fileOf = (hashes: Uint8Array) => {
  const bytes = Buffer.concat([leafFileHead(Buffer.alloc(32, 5)), hashes]);
  return {
    length: bytes.length,
    read: (at: number, into: Uint8Array) => into.set(bytes.subarray(at, at + into.length)),
    bytes,
  };
};
const SIZES = [0, 1, 2, 3, 5, 255, 256, 257, 511, 512, 513, 1000, 2049, 9001];

describe('the tree over records', () => {
  it.each(SIZES)('of %i has the root of RFC 6962, as the audit log computes it', (size) => {
    const hashes = leafHashes(size);
    const edge = createEdge();
    edge.append(hashes);
    expect(Buffer.from(treeOf(hashes).root).toString('hex')).toBe(edge.root().toString('hex'));
    expect(treeOf(hashes)).toEqual(treeOf(hashes, 300 * 32));
    expect(treeOf(hashes).size).toBe(size);
  });

  it.each(SIZES.filter((size) => size > 0))('of %i proves that records are in it', async (size) => {
    const hashes = leafHashes(size);
    const head = treeOf(hashes);
    const leaves = (index: number, into: Uint8Array) =>
      into.set(hashes.subarray(index * 32, index * 32 + into.length));
    for (const index of new Set([0, 1, size >> 1, 255, 256, size - 2, size - 1])) {
      if (index < 0 || index >= size) continue;
      const proof = await proveInclusion({ ...head, index, leaves });
      const hash = hashes.subarray(index * 32, index * 32 + 32);
      expect(verifyRecord(head, { index, hash, proof })).toBe(true);
      expect(verifyInclusion({ index, size, leafHash: hash, root: head.root, proof })).toBe(true);
      expect(verifyRecord(head, { index: index === 0 ? size : index - 1, hash, proof })).toBe(false);
      expect(verifyRecord(head, { index, hash: Buffer.alloc(32), proof })).toBe(false);
      expect(verifyRecord(head, { index, hash, proof: [...proof, hash] })).toBe(false);
    }
  });

  it('proves nothing from leaves or blocks that were changed', async () => {
    const hashes = leafHashes(600);
    const head = treeOf(hashes);
    const leaves = (index: number, into: Uint8Array) =>
      into.set(hashes.subarray(index * 32, index * 32 + into.length));
    await expect(proveInclusion({ ...head, index: 600, leaves })).rejects.toThrow('no record 600');
    const blocks = Buffer.from(head.blocks);
    blocks[0] = (blocks[0] ?? 0) ^ 1;
    await expect(proveInclusion({ ...head, blocks, index: 300, leaves })).rejects.toThrow(
      'roots of the blocks',
    );
    hashes[9000] = (hashes[9000] ?? 0) ^ 1;
    await expect(proveInclusion({ ...head, index: 300, leaves })).rejects.toThrow('block 1');
  });
});

describe('a leaf file', () => {
  it('is sound as written, and every changed, missing or added leaf is found against the head', async () => {
    const hashes = leafHashes(1000);
    const head = treeOf(hashes);
    const check = async (content: Uint8Array, blocks?: Uint8Array) =>
      checkLeaves(await openLeaves(fileOf(content)), { ...head, blocks });
    expect(await check(hashes, head.blocks)).toEqual({
      sound: true,
      blocksSound: true,
      changedBlocks: [],
      changedCount: 0,
    });
    for (const at of [0, 31, 256 * 32, 999 * 32 + 31]) {
      const changed = Buffer.from(hashes);
      changed[at] = (changed[at] ?? 0) ^ 0x80;
      expect(await check(changed, head.blocks)).toEqual({
        sound: false,
        blocksSound: true,
        changedBlocks: [at >> 13],
        changedCount: 1,
      });
      expect((await check(changed)).sound).toBe(false);
    }
    expect((await check(hashes.subarray(32))).sound).toBe(false);
    expect((await check(hashes.subarray(0, -32))).sound).toBe(false);
    expect((await check(Buffer.concat([hashes, hashes.subarray(0, 32)]))).sound).toBe(false);
    expect(await check(hashes, Buffer.alloc(128))).toMatchObject({
      sound: true,
      blocksSound: false,
      changedBlocks: [],
    });
  });

  it('has its format, its schema and its number of leaves', async () => {
    const leaves = await openLeaves(fileOf(leafHashes(3)));
    expect(leaves.size).toBe(3);
    expect(leaves.schemaDigest.equals(Buffer.alloc(32, 5))).toBe(true);
    expect(fileOf(leafHashes(3)).length).toBe(leafFileBytes(3));
    const bad = (bytes: Buffer) =>
      openLeaves({
        length: bytes.length,
        read: (at, into) => into.set(bytes.subarray(at, at + into.length)),
      });
    await expect(bad(Buffer.alloc(10))).rejects.toThrow('too short');
    await expect(bad(Buffer.alloc(96))).rejects.toThrow('no leaf file');
    await expect(bad(fileOf(leafHashes(1)).bytes.subarray(0, -1))).rejects.toThrow('within a hash');
  });
});
