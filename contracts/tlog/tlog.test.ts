import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, leafText, parseLeaf } from './canonical.ts';
import { checkpointText, keyChain, openCheckpoint, parseCheckpointText, voucherText } from './checkpoint.ts';
import { exportLine, parseExportLine } from './export.ts';
import { EMPTY_ROOT, leafHash, nodeHash } from './hash.ts';
import {
  createCosigner,
  createSigner,
  formatNote,
  parseNote,
  parseVerifierKey,
  signatureLine,
  signedBy,
} from './note.ts';
import {
  consistencyRanges,
  inclusionRanges,
  isSubtree,
  type Range,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './proof.ts';
import {
  createEdge,
  decodeTileNumber,
  encodeTileNumber,
  parseTilePath,
  rangeRoot,
  tileKey,
  tilePath,
} from './tiles.ts';

const leaf = (n: number): Buffer => leafHash(Buffer.from(`leaf ${n}`));
const LEAVES = Array.from({ length: 700 }, (_, n) => leaf(n));

/** The definition of RFC 6962 §2.1, word by word. */
function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Buffer;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}
const rootOf = ({ start, end }: Range): Buffer => mth(LEAVES.slice(start, end));
const size = fc.integer({ min: 1, max: 600 });
const flip = (hash: Buffer, bit = 0): Buffer => {
  const other = Buffer.from(hash);
  other[0] = (other[0] ?? 0) ^ (1 << bit);
  return other;
};

describe('a tree', () => {
  test('built by its edge, in any steps, has the root of the definition, and its tiles make it up', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 4 }), (steps) => {
        let edge = createEdge();
        const tiles = new Map<string, Buffer>();
        let count = 0;
        for (const step of steps.filter((_, i) => i < 2)) {
          const grown = edge.append(Buffer.concat(LEAVES.slice(count, count + step)));
          for (const { level, number, hashes } of grown) tiles.set(tileKey(level, number), hashes);
          count = Math.min(count + step, LEAVES.length);
          edge = createEdge(count, edge.tiles());
        }
        expect(edge.root()).toEqual(rootOf({ start: 0, end: count }));
        const source = (level: number, number: number) =>
          tiles.get(tileKey(level, number)) ?? Buffer.alloc(0);
        expect(rangeRoot({ start: 0, end: count }, source)).toEqual(edge.root());
      }),
      { numRuns: 40 },
    );
  });
});

describe('an inclusion proof', () => {
  const claimOf = (index: number, end: number) => ({
    index,
    size: end,
    leafHash: leaf(index),
    root: rootOf({ start: 0, end }),
    proof: inclusionRanges(index, end).map(rootOf),
  });

  test('holds for every leaf, and with nothing changed', () => {
    fc.assert(
      fc.property(size, fc.nat(), (end, n) => {
        const claim = claimOf(n % end, end);
        expect(verifyInclusion(claim)).toBe(true);
        const { index, proof, root, leafHash: hash } = claim;
        const wrong = [
          { leafHash: flip(hash) },
          { root: flip(root) },
          { index: index + 1 },
          { index: index ^ 2 },
          { index: -1 },
          { index: end },
          { size: 0 },
          { size: Number.NaN },
          { proof: [...proof, root] },
          { proof: [root, ...proof] },
          { proof: [...proof, Buffer.alloc(0)] },
          { leafHash: Buffer.alloc(0) },
          ...(proof.length > 0 ? [{ proof: proof.slice(1) }, { proof: proof.slice(0, -1) }] : []),
          ...proof.map((one, i) => ({ proof: proof.with(i, flip(one, i % 8)) })),
        ];
        for (const change of wrong) expect(verifyInclusion({ ...claim, ...change })).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('in a subtree likewise', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 1, max: 64 }),
        fc.nat(),
        (at, width, n) => {
          const range = { start: at * 64, end: at * 64 + width };
          const index = range.start + (n % width);
          const proof = inclusionRanges(index - range.start, width).map(({ start, end }) =>
            rootOf({ start: start + range.start, end: end + range.start }),
          );
          const claim = { ...range, index, leafHash: leaf(index), root: rootOf(range), proof };
          expect(verifySubtreeInclusion(claim)).toBe(true);
          expect(verifySubtreeInclusion({ ...claim, index: range.end })).toBe(false);
          expect(verifySubtreeInclusion({ ...claim, index: range.start - 1 })).toBe(false);
          if (width > 1) expect(verifySubtreeInclusion({ ...claim, start: range.start + 1 })).toBe(false);
          expect(verifySubtreeInclusion({ ...claim, root: flip(claim.root) })).toBe(false);
          expect(verifySubtreeInclusion({ ...claim, end: range.start })).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a consistency proof', () => {
  test('holds between any two sizes, and with nothing changed', () => {
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const proof = from === to ? [] : consistencyRanges({ start: 0, end: from }, to).map(rootOf);
        const claim = {
          from,
          to,
          fromRoot: rootOf({ start: 0, end: from }),
          toRoot: rootOf({ start: 0, end: to }),
          proof,
        };
        expect(verifyConsistency(claim)).toBe(true);
        const wrong = [
          { fromRoot: flip(claim.fromRoot) },
          { toRoot: flip(claim.toRoot) },
          { proof: [...proof, claim.toRoot] },
          { proof: [claim.fromRoot, ...proof] },
          { from: to + 1 },
          { from: 0 },
          { from: -1 },
          ...(proof.length > 0
            ? [{ proof: [] }, { proof: proof.slice(1) }, { proof: proof.slice(0, -1) }]
            : []),
          ...proof.map((one, i) => ({ proof: proof.with(i, flip(one, i % 8)) })),
        ];
        for (const change of wrong) expect(verifyConsistency({ ...claim, ...change })).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('of a subtree likewise, and of empty ones', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 64 }),
        fc.nat({ max: 90 }),
        (at, width, more) => {
          const range = { start: at * 64, end: at * 64 + width };
          expect(isSubtree(range)).toBe(true);
          const end = Math.min(range.end + more, LEAVES.length);
          const whole = range.start === 0 && range.end === end;
          const proof = whole ? [] : consistencyRanges(range, end).map(rootOf);
          const claim = {
            ...range,
            size: end,
            subtreeRoot: rootOf(range),
            root: rootOf({ start: 0, end }),
            proof,
          };
          expect(verifySubtreeConsistency(claim)).toBe(true);
          expect(verifySubtreeConsistency({ ...claim, subtreeRoot: flip(claim.subtreeRoot) })).toBe(false);
          expect(verifySubtreeConsistency({ ...claim, root: flip(claim.root) })).toBe(false);
          expect(verifySubtreeConsistency({ ...claim, size: range.end - 1 })).toBe(false);
          for (const [i, one] of proof.entries())
            expect(verifySubtreeConsistency({ ...claim, proof: proof.with(i, flip(one)) })).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
    const empty = {
      start: 3,
      end: 3,
      size: 5,
      subtreeRoot: EMPTY_ROOT,
      root: rootOf({ start: 0, end: 5 }),
      proof: [],
    };
    expect(verifySubtreeConsistency(empty)).toBe(true);
    expect(verifySubtreeConsistency({ ...empty, subtreeRoot: empty.root })).toBe(false);
    const none = { from: 0, to: 0, fromRoot: EMPTY_ROOT, toRoot: EMPTY_ROOT, proof: [] };
    expect(verifyConsistency(none)).toBe(true);
    expect(verifyConsistency({ ...none, toRoot: leaf(1) })).toBe(false);
    expect(verifyConsistency({ ...none, to: 1, toRoot: leaf(0) })).toBe(false);
  });
});

const key = () => generateKeyPairSync('ed25519').privateKey;
const verifierOf = (text: string) => {
  const verifier = parseVerifierKey(text);
  if (!verifier) throw new Error('no key');
  return verifier;
};

describe('a note', () => {
  const signer = createSigner('log.example/one', key());
  const witness = createCosigner('witness.example', key(), () => 1_700_000_000_000);
  const body = { origin: signer.name, size: 7, root: leaf(7), at: 1_700_000_000_000 };
  const text = checkpointText(body);
  const note = formatNote({ text, signatures: [signer.sign(text), witness.sign(text)] });

  test('is signed and cosigned, each by its own key and none by another', () => {
    const parsed = parseNote(note);
    if (!parsed) throw new Error('no note');
    expect(signedBy(parsed, verifierOf(signer.verifierKey))).toBe(0);
    expect(signedBy(parsed, verifierOf(witness.verifierKey))).toBe(1_700_000_000_000);
    expect(signedBy(parsed, verifierOf(createSigner(signer.name, key()).verifierKey))).toBe(null);
    expect(openCheckpoint(note, [verifierOf(signer.verifierKey)])).toMatchObject(body);
    expect(openCheckpoint(note, [verifierOf(witness.verifierKey)])).toBe(null);
    const twice = formatNote({ text, signatures: [{ ...signer.sign(`${text}x\n`) }, signer.sign(text)] });
    expect(openCheckpoint(twice, [verifierOf(signer.verifierKey)])).toBe(null);
  });

  test('with any one character changed is not signed', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: note.length - 1 }),
        fc.string({ minLength: 1, maxLength: 1 }),
        (at, other) => {
          const changed = note.slice(0, at) + other + note.slice(at + 1);
          if (changed === note) return;
          const opened = openCheckpoint(changed, [verifierOf(signer.verifierKey)]);
          // A change in the cosignature leaves the log's own signature as it was.
          if (at < note.indexOf('— witness')) expect(opened).toBe(null);
          const parsed = parseNote(changed);
          if (parsed && at >= note.indexOf('— witness'))
            expect(signedBy(parsed, verifierOf(witness.verifierKey))).toBe(null);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('keys vouch for the next, in a chain, and nobody else does', () => {
    const [first, second, third] = [key(), key(), key()].map((one) => createSigner(signer.name, one));
    if (!first || !second || !third) throw new Error('no keys');
    const vouch = (by: typeof first, next: typeof first) => {
      const said = voucherText({ next: next.verifierKey, size: 3 });
      return {
        verifierKey: next.verifierKey,
        vouchedBy: formatNote({ text: said, signatures: [by.sign(said)] }),
      };
    };
    const begin = { verifierKey: first.verifierKey, vouchedBy: null };
    const ids = (all: Parameters<typeof keyChain>[1]) =>
      keyChain(first.verifierKey, all).map(({ keyId }) => keyId);
    expect(ids([vouch(second, third), begin, vouch(first, second)])).toEqual(
      [first, second, third].map((one) => one.keyId),
    );
    expect(ids([begin, vouch(second, third)])).toEqual([first.keyId]);
    expect(ids([begin, { ...vouch(first, second), verifierKey: third.verifierKey }])).toEqual([first.keyId]);
    expect(ids([begin, { verifierKey: second.verifierKey, vouchedBy: null }])).toEqual([first.keyId]);
    expect(keyChain('nonsense', [begin])).toEqual([]);
    expect(signatureLine(first.sign('x\n'))).toMatch(/^— log\.example\/one [A-Za-z0-9+/]+=*$/);
  });
});

describe('foreign bytes', () => {
  const readers: readonly [string, (text: string) => unknown][] = [
    ['note', parseNote],
    ['checkpoint', parseCheckpointText],
    ['key', parseVerifierKey],
    ['tile path', parseTilePath],
    ['tile number', decodeTileNumber],
    ['export line', parseExportLine],
    ['leaf', parseLeaf],
  ];
  const seeds = [
    'log.example\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n',
    'a\n\n— b AAAAAAAA\n',
    '0/x001/x234/067.p/8',
    exportLine.tree(leaf(1)),
    exportLine.entry(3, '{}'),
    '{"type":"leaves","start":0,"hashes":""}',
    '{"__proto__":null,"type":"log"}',
    '[[[[[[[[',
  ];
  test.each(readers)('as a %s are read or refused, and never throw', (_, read) => {
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.tuple(fc.constantFrom(...seeds), fc.nat(), fc.string({ maxLength: 5 })).map(([seed, at, more]) => {
        const cut = at % (seed.length + 1);
        return seed.slice(0, cut) + more + seed.slice(cut + (at % 3));
      }),
    );
    fc.assert(
      fc.property(text, (one) => {
        read(one);
      }),
      { numRuns: 400 },
    );
  });

  test('tile paths have one form', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 40 }),
        fc.integer({ min: 1, max: 256 }),
        fc.nat({ max: 5 }),
        (number, width, level) => {
          expect(decodeTileNumber(encodeTileNumber(number))).toBe(number);
          const tile = { level, number, width };
          expect(parseTilePath(tilePath(tile))).toEqual({ kind: 'hashes', tile });
        },
      ),
    );
    for (const path of [
      '0/1',
      '0/x000/001',
      '0/001.p/256',
      '0/001.p/0',
      '0/001.p/01',
      '00/001',
      '0//001',
      '0/001/',
    ])
      expect([path, parseTilePath(path)]).toEqual([path, null]);
    expect(encodeTileNumber(1_234_067)).toBe('x001/x234/067');
  });
});

describe('the canonical form', () => {
  test('says the same of what is equal, and is read back only in that form', () => {
    const detail = fc.dictionary(fc.string(), fc.jsonValue()).map((one) => JSON.parse(JSON.stringify(one)));
    fc.assert(
      fc.property(detail, fc.string(), (given, name) => {
        const reversed = Object.fromEntries(Object.entries(given).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(given));
        const entry = {
          id: 'i',
          at: 5,
          actor: { kind: 'k', id: 'a', name },
          action: 'x.y',
          subject: 's',
          detail: given,
        };
        const text = leafText(entry);
        expect(text).toBe(canonicalJson({ ...entry, v: 1 }));
        const again = parseLeaf(text);
        if (name.isWellFormed()) expect(again && leafText(again)).toBe(text);
        expect(parseLeaf(` ${text}`)).toBe(null);
      }),
    );
    expect(canonicalJson({ b: [1e21, -0, 0.1, 'é'], a: null })).toBe('{"a":null,"b":[1e+21,0,0.1,"é"]}');
    expect(parseLeaf('{"v":1}')).toBe(null);
  });
});
