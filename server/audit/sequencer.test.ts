import { createHash } from 'node:crypto';
import { leafHash } from '@bartizan/contracts/tlog/hash.ts';
import { verifyConsistency, verifyInclusion } from '@bartizan/contracts/tlog/proof.ts';
import { createEdge } from '@bartizan/contracts/tlog/tiles.ts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entryOf, startTestTrail, type TestTrail } from './testing.ts';

let t: TestTrail;
beforeAll(async () => {
  t = await startTestTrail();
}, 300_000);
afterAll(async () => t?.close());

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

describe('the sequencer', () => {
  test('gives every committed entry one place, and none to what was rolled back', async () => {
    const { log } = t.trail;
    const before = await t.settled();
    const work = Array.from({ length: 120 }, (_, n) =>
      t.open.database
        .transaction()
        .execute(async (tx) => {
          await log.record(entryOf(n), tx);
          await sql`select pg_sleep(${(n % 7) * 0.01})`.execute(tx);
          if (n % 3 === 0) throw new Error('the change failed');
        })
        .catch(() => undefined),
    );
    await Promise.all([...work, log.recordMany(Array.from({ length: 2_500 }, (_, n) => entryOf(1_000 + n)))]);
    const size = await t.settled(before + 80 + 2_500);
    expect(size).toBe(before + 80 + 2_500);
    const { rows } = await t.open.pool.query(
      `select count(*)::int as n, count(distinct s.index)::int as places, max(s.index)::int as last,
        count(e.id)::int as entries from audit_sequence s left join audit_entries e on e.id = s.id`,
    );
    expect(rows).toEqual([{ n: size, places: size, last: size - 1, entries: size }]);
    expect(await t.verify()).toMatchObject({ state: 'passed', size, problems: [] });
  }, 300_000);

  test('proofs lead from an entry to the signed root, and from an older root to it', async () => {
    const size = await t.settled();
    const { rows } = await t.open.pool.query('select id from audit_sequence where index = $1', [size - 5]);
    const { leaf, inclusion, checkpoint } = await t.trail.entry(rows[0].id);
    if (!inclusion || !checkpoint) throw new Error('no proof');
    expect(bytes(inclusion.leafHash)).toEqual(leafHash(Buffer.from(leaf)));
    const { index, root } = inclusion;
    expect(checkpoint.split('\n')[2]).toBe(root);
    const claim = {
      index,
      size: inclusion.size,
      leafHash: bytes(inclusion.leafHash),
      root: bytes(root),
      proof: inclusion.proof.map(bytes),
    };
    expect(verifyInclusion(claim)).toBe(true);
    expect(verifyInclusion({ ...claim, leafHash: createHash('sha256').update('x').digest() })).toBe(false);
    for (const from of [1, 255, 256, 257, 1_000, size - 1]) {
      const proof = await t.trail.proofs.consistency(from, size);
      expect(
        verifyConsistency({
          from,
          to: size,
          fromRoot: bytes(proof.fromRoot),
          toRoot: bytes(proof.toRoot),
          proof: proof.proof.map(bytes),
        }),
      ).toBe(true);
    }
    await expect(t.trail.proofs.inclusion(size, size)).rejects.toMatchObject({ code: 'not_found' });
    await expect(t.trail.proofs.consistency(1, size + 1_000)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('tiles and bundles are those of the tree', async () => {
    const size = await t.settled();
    const tile = await t.trail.proofs.tile('0/000');
    const bundle = await t.trail.proofs.tile('entries/000');
    const hashes: Buffer[] = [];
    for (let at = 0; at < bundle.length; ) {
      const length = bundle.readUInt16BE(at);
      hashes.push(leafHash(bundle.subarray(at + 2, at + 2 + length)));
      at += 2 + length;
    }
    expect(Buffer.concat(hashes)).toEqual(tile);
    const edge = createEdge();
    edge.append(tile);
    expect((await t.trail.proofs.tile('1/000.p/1')).equals(edge.root())).toBe(true);
    const width = size % 256;
    const last = `0/${String(Math.floor(size / 256)).padStart(3, '0')}.p/${width}`;
    expect((await t.trail.proofs.tile(last)).length).toBe(width * 32);
    for (const path of ['0/001/002', '9/x', '0/000.p/256', '../x', 'entries/-01', '0/000.p/0', '64/000']) {
      await expect(t.trail.proofs.tile(path)).rejects.toMatchObject({ code: 'invalid_input' });
    }
    await expect(t.trail.proofs.tile('0/900')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('what PostgreSQL cannot keep is recorded in a form that it can', async () => {
    const { log, reading } = t.trail;
    await log.record({
      actor: { kind: 'person', id: 'p', name: `bad \0 name \ud800` },
      action: 'tests.odd',
      subject: 'x:1',
      detail: {
        'a\0': 'b\0',
        lone: '\ud83d',
        pair: '😀',
        big: 1e300,
        small: 5e-324,
        negative: -0,
        gone: undefined,
        nan: Number.NaN,
        long: 'é'.repeat(3),
      },
    });
    await log.record({
      ...entryOf(1),
      action: 'tests.huge',
      detail: { purpose: 'because', text: 'x'.repeat(90_000) },
    });
    await t.settled();
    const { items } = await reading.list({ action: 'tests.odd,tests.huge' }, { limit: 10 });
    const huge = items.find(({ action }) => action === 'tests.huge');
    expect(huge?.detail).toMatchObject({ purpose: 'because', left_out: { bytes: expect.any(Number) } });
    expect(await t.verify()).toMatchObject({ state: 'passed', problems: [] });
  });

  test('two servers sequence at once and share one tree', async () => {
    const other = await t.beside();
    const before = await t.settled();
    const from = (trail: typeof other) =>
      Promise.all(Array.from({ length: 100 }, (_, n) => trail.log.record(entryOf(n))));
    await Promise.all([from(t.trail), from(other)]);
    expect(await t.settled(before + 200)).toBe(before + 200);
    expect(await t.verify()).toMatchObject({ state: 'passed', problems: [] });
    expect((await other.status()).breaks).toEqual([]);
  }, 300_000);

  test('a key is replaced by one that it vouches for, and old checkpoints still hold', async () => {
    const before = await t.trail.keys();
    const size = await t.settled();
    const key = await t.trail.rotateKey({ kind: 'person', id: 'p', name: 'Ada' });
    expect(key.vouchedBy).toContain(key.verifierKey);
    const keys = await t.trail.keys();
    expect(keys.map(({ keyId }) => keyId)).toEqual([key.keyId, ...before.map(({ keyId }) => keyId)]);
    await t.settled(size + 1);
    expect((await t.trail.status()).checkpoint?.keyId).toBe(key.keyId);
    const { rows } = await t.open.pool.query(
      'select sealed_key from audit_keys where retired_at is not null',
    );
    expect(rows).toEqual([{ sealed_key: null }]);
    expect(await t.verify()).toMatchObject({ state: 'passed', problems: [] });
  });

  test('after a restart it goes on where it was', async () => {
    const before = await t.settled();
    await t.restart();
    await t.trail.log.record(entryOf(1));
    expect(await t.settled(before + 1)).toBe(before + 1);
    expect((await t.trail.status()).breaks).toEqual([]);
    expect(t.warnings).toEqual([]);
  });
});
