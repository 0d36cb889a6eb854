import { randomBytes } from 'node:crypto';
import { createEdge } from '@bartizan/contracts/tlog/tiles.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashOf, readPlaces } from './rows.ts';
import { entryOf, startTestTrail, type TestTrail } from './testing.ts';

/** More than two blocks, so that there is a level above the leaves. */
const COUNT = 600;

let t: TestTrail;
let size: number;
beforeEach(async () => {
  t = await startTestTrail();
  await t.trail.log.recordMany(Array.from({ length: COUNT }, (_, n) => entryOf(n)));
  size = await t.settled(COUNT + 1);
}, 300_000);
afterEach(async () => t?.close());

const idAt = async (index: number): Promise<string> =>
  (await t.open.pool.query('select id from audit_sequence where index = $1', [index])).rows[0].id;
const failed = async () => {
  const result = await t.verify();
  expect(result.state).toBe('failed');
  return result;
};

/** What somebody does who has read the source but has no key: builds the tree anew over what stands there. */
async function rebuildTree(): Promise<void> {
  const places = await readPlaces(t.open.database, 0, 1_000_000);
  const edge = createEdge();
  const grown = edge.append(Buffer.concat(places.flatMap(({ entry }) => (entry ? [hashOf(entry)] : []))));
  await t.attack('delete from audit_tiles');
  for (const { level, number, hashes } of grown) {
    await t.attack('insert into audit_tiles values ($1, $2, $3)', [level, number, hashes]);
  }
  await t.attack('update audit_tree set size = $1, root = $2', [edge.size(), edge.root()]);
}

describe('an administrator of the database who alters entries is found', () => {
  test.each([
    ['at', "at = at + interval '1 millisecond'"],
    ['at by less than is shown', "at = at + interval '3 microseconds'"],
    ['actor_kind', "actor_kind = 'person'"],
    ['actor_id', "actor_id = 'somebody'"],
    ['actor_name', "actor_name = 'Somebody'"],
    ['action', "action = 'tests.other'"],
    ['subject', "subject = 'number:0'"],
    ['detail', `detail = jsonb_set(detail, '{n}', '7')`],
    ['detail that is no object', `detail = '[]'`],
    ['id', 'id = gen_random_uuid()'],
  ])('%s', async (column, change) => {
    const id = await idAt(300);
    await t.attack(`update audit_entries set ${change} where id = '${id}'`);
    const kind = column === 'id' ? 'entry-missing' : 'entry-altered';
    expect((await failed()).firstAltered).toMatchObject({ kind, index: 300, id });
  });

  test('a row that was deleted, alone and with its place', async () => {
    const id = await idAt(10);
    await t.attack(`delete from audit_entries where id = '${id}'`);
    expect((await failed()).firstAltered).toMatchObject({ kind: 'entry-missing', index: 10, id });
    await t.attack(`delete from audit_sequence where index = 10`);
    expect((await failed()).firstAltered).toMatchObject({ kind: 'entry-missing', index: 10, id: null });
  });

  test('a row that was deleted and whose gap was closed', async () => {
    const id = await idAt(20);
    await t.attack(`delete from audit_entries where id = '${id}'`);
    await t.attack('delete from audit_sequence where index = 20');
    await t.attack('update audit_sequence set index = -index where index > 20');
    await t.attack('update audit_sequence set index = -index - 1 where index < 0');
    const { firstAltered, problems } = await failed();
    expect(firstAltered).toMatchObject({ kind: 'entry-removed', index: 20 });
    expect(problems.length).toBeLessThan(10);
  });

  test('rows that changed places', async () => {
    const [a, b] = [await idAt(40), await idAt(45)];
    await t.attack(`update audit_sequence set index = -1 where index = 40`);
    await t.attack(`update audit_sequence set index = 40 where index = 45`);
    await t.attack(`update audit_sequence set index = 45 where index = -1`);
    const { problems } = await failed();
    expect(problems.map(({ kind, index, id }) => [kind, index, id])).toEqual([
      ['entry-moved', 40, b],
      ['entry-moved', 45, a],
    ]);
  });

  test('a row that was put in, with a place, past the end, and with none', async () => {
    const insert = `insert into audit_entries (id, at, actor_kind, actor_id, actor_name, action, subject, detail)
      values ('018f3b1e-7f10-7000-8000-000000000000', now(), 'person', 'p', 'Ada', 'keys.created', 'key:1', '{}')`;
    await t.attack(insert);
    expect((await failed()).problems).toMatchObject([
      { kind: 'entry-inserted', id: '018f3b1e-7f10-7000-8000-000000000000' },
    ]);
    // What was found has left entries.
    await expect.poll(async () => (await t.trail.status()).size, { timeout: 20_000 }).toBe(size + 2);
    size += 2;
    await t.attack(`insert into audit_sequence values (${size}, '018f3b1e-7f10-7000-8000-000000000000')`);
    expect((await failed()).firstAltered).toMatchObject({ kind: 'entry-inserted', index: size });
    await t.attack('delete from audit_sequence where index >= $1', [size]);
    await t.attack('update audit_sequence set index = -index - 1 where index >= 50');
    await t.attack('update audit_sequence set index = -index where index < 0');
    await t.attack("insert into audit_sequence values (50, '018f3b1e-7f10-7000-8000-000000000000')");
    expect((await failed()).firstAltered).toMatchObject({ kind: 'entry-inserted', index: 50 });
  });

  test('the end that was cut off', async () => {
    const cut = size - 7;
    await t.attack(
      `delete from audit_entries where id in (select id from audit_sequence where index >= ${cut})`,
    );
    await t.attack(`delete from audit_sequence where index >= ${cut}`);
    const { firstAltered } = await failed();
    expect(firstAltered).toMatchObject({ index: cut });
  });

  test('all of it that was cut off', async () => {
    await t.attack(
      'truncate audit_entries, audit_sequence, audit_tiles, audit_tree, audit_checkpoints cascade',
    );
    expect((await failed()).firstAltered).toMatchObject({ index: 0 });
    await t.restart();
    expect((await t.trail.status()).breaks.map(({ kind }) => kind)).toContain('rolled-back');
  });
});

describe('so is one who alters the tree', () => {
  test.each([
    ['a leaf', 0, 0, 40],
    ['a leaf at the edge', 0, 2, 5],
    ['a node', 1, 0, 1],
  ])('%s', async (_, level, number, place) => {
    const { rows } = await t.open.pool.query(
      'select hashes from audit_tiles where level = $1 and number = $2',
      [level, number],
    );
    const hashes: Buffer = rows[0].hashes;
    hashes[place * 32] = (hashes[place * 32] ?? 0) ^ 1;
    await t.attack('update audit_tiles set hashes = $1 where level = $2 and number = $3', [
      hashes,
      level,
      number,
    ]);
    const { problems } = await failed();
    expect(new Set(problems.map(({ kind }) => kind))).toEqual(new Set(['tree-altered']));
  });

  test('entries and the whole tree over them, told to the stretch between two checkpoints', async () => {
    await t.trail.log.recordMany(Array.from({ length: 50 }, (_, n) => entryOf(n)));
    await t.settled(size + 50);
    await t.attack(`update audit_entries set actor_name = 'Nobody' where id = '${await idAt(size + 3)}'`);
    await rebuildTree();
    const { problems } = await failed();
    expect(problems).toContainEqual(expect.objectContaining({ kind: 'checkpoint-altered' }));
    const found = problems.find(({ kind }) => kind === 'entry-altered');
    expect(found?.index).toBeLessThanOrEqual(size + 3);
    expect(found?.before).toBeGreaterThan(size + 3);
    await t.trail.log.record(entryOf(1));
    await expect.poll(async () => (await t.trail.status()).state, { timeout: 20_000 }).toBe('stopped');
    expect((await t.trail.status()).size).toBe(size + 50);
  });

  test('checkpoints, also signed with a key of their own', async () => {
    await t.attack("update audit_checkpoints set note = replace(note, 'time 1', 'time 2')");
    expect((await failed()).problems).toContainEqual(expect.objectContaining({ kind: 'checkpoint-altered' }));
    // What was found has left entries, and with their places a checkpoint.
    await expect.poll(async () => (await t.trail.status()).size, { timeout: 20_000 }).toBe(size + 2);
    const change = "update audit_tree set checkpoint = replace(checkpoint, 'time 1', 'time 2')";
    await t.attack(change);
    expect((await failed()).problems.length).toBeGreaterThan(1);
    const head = async () => (await t.open.pool.query('select size from audit_tree')).rows[0].size;
    let before = 0;
    await t.restart({
      meanwhile: async () => {
        before = await head();
        await t.attack(change);
      },
    });
    await t.trail.log.record(entryOf(1));
    await expect.poll(async () => (await t.trail.status()).state, { timeout: 20_000 }).toBe('stopped');
    expect(await t.trail.status()).toMatchObject({ size: before });
  });

  test('the keys that sign', async () => {
    const other = await startTestTrail();
    const { rows } = await other.open.pool.query('select * from audit_keys');
    await other.close();
    await t.attack('update audit_keys set verifier_key = $1, key_id = $2, sealed_key = $3', [
      rows[0].verifier_key,
      rows[0].key_id,
      rows[0].sealed_key,
    ]);
    expect((await failed()).problems).toContainEqual(expect.objectContaining({ kind: 'key-altered' }));
    await t.restart();
    await expect.poll(async () => (await t.trail.status()).state, { timeout: 20_000 }).toBe('stopped');
  });
});

describe('so is one who brings back an older copy of the tables', () => {
  const TABLES = ['audit_entries', 'audit_sequence', 'audit_tiles', 'audit_tree', 'audit_checkpoints'];
  const copy = async () => {
    for (const table of TABLES) await t.attack(`create table old_${table} as table ${table}`);
  };
  const bringBack = async () => {
    await t.attack(`truncate ${TABLES.join(', ')}, audit_waiting`);
    for (const table of TABLES) await t.attack(`insert into ${table} select * from old_${table}`);
  };

  test('while the server runs, and while it does not; it goes on and says so until somebody knows', async () => {
    await copy();
    await t.trail.log.recordMany([entryOf(1), entryOf(2)]);
    await t.settled(size + 2);
    await bringBack();
    await expect
      .poll(async () => (await t.trail.status()).breaks.map(({ kind, index }) => [kind, index]), {
        timeout: 20_000,
      })
      .toContainEqual(['rolled-back', size]);
    expect((await failed()).firstAltered).toMatchObject({ kind: 'rolled-back', index: size });
    await t.settled(size + 1);

    const later = await t.settled();
    await t.restart({ meanwhile: bringBack });
    const { breaks } = await t.trail.status();
    expect(breaks.map(({ kind, index }) => [kind, index])).toContainEqual(['rolled-back', size]);
    // Once when it was noticed, once more at the next start, since nobody had acknowledged it.
    expect(t.told.filter((kind) => kind === 'rolled-back').length).toBeGreaterThanOrEqual(2);
    expect(later).toBeGreaterThan(size);
    for (const { id } of breaks) {
      const ada = { kind: 'person', id: 'p', name: 'Ada' } as const;
      await t.trail.acknowledge(id, 'a backup was restored on purpose', ada);
    }
    await t.settled();
    expect(await t.verify()).toMatchObject({ state: 'passed' });
    const told = t.told.length;
    await t.restart();
    expect(t.told).toHaveLength(told);
  }, 300_000);

  test('and has other entries put after it: the checkpoint outside tells the two apart', async () => {
    await copy();
    await t.trail.log.record(entryOf(1));
    await t.settled(size + 1);
    const folder = t.dataDir;
    await t.restart({ fresh: true, meanwhile: bringBack });
    await t.trail.log.recordMany([entryOf(7), entryOf(8), entryOf(9)]);
    await t.settled(size + 3);
    expect(folder).not.toBe(t.dataDir);
    expect((await t.trail.status()).breaks).toEqual([]);
    await t.restart({ back: folder });
    expect((await t.trail.status()).breaks.map(({ kind }) => kind)).toEqual(['forked']);
  }, 300_000);
});

describe('so is one who alters what waits for its place', () => {
  const waiting = async (change: () => Promise<void>) => {
    await t.restart({
      meanwhile: async () => {
        await t.trail.log.recordMany([entryOf(1), entryOf(2)]);
        await change();
      },
    });
    await expect.poll(async () => (await t.trail.status()).waiting.entries, { timeout: 20_000 }).toBe(0);
  };
  const kinds = async () => (await t.trail.status()).breaks.map(({ kind }) => kind);

  test('another leaf, another seal, another id', async () => {
    await waiting(() => t.attack('update audit_waiting set leaves = $1', [randomBytes(64)]));
    expect(await kinds()).toEqual(['waiting-altered']);
    expect((await failed()).firstAltered).toMatchObject({ kind: 'entry-altered', index: size });
  });

  test('the content alone', async () => {
    await waiting(() =>
      t.attack("update audit_entries set actor_name = 'Nobody' where subject = 'number:1'"),
    );
    expect((await failed()).problems.map(({ index }) => index)).toContain(size);
  });

  test('the row that waits, but not the entry', async () => {
    await waiting(() => t.attack('truncate audit_waiting'));
    await expect.poll(kinds, { timeout: 20_000 }).toContain('entry-inserted');
  });

  test('a place for what has one already', async () => {
    const id = await idAt(5);
    await waiting(() => t.attack(`update audit_waiting set ids[1] = '${id}'`));
    expect(await kinds()).toContain('waiting-altered');
    const { rows } = await t.open.pool.query('select count(*)::int as n from audit_sequence where id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  test.each(['audit_entries', 'audit_waiting'])(
    'a trigger that swallows what goes into %s: nothing is done without its entry',
    async (table) => {
      await t.attack(
        `create function swallow() returns trigger language plpgsql as 'begin return null; end'`,
      );
      await t.attack(
        `create trigger swallow before insert on ${table} for each row execute function swallow()`,
      );
      await expect(t.trail.log.record(entryOf(4))).rejects.toThrow(/did not take an entry/);
      await t.attack(`drop trigger swallow on ${table}`);
      await t.trail.log.record(entryOf(5));
      expect(await t.settled(size + 1)).toBeGreaterThan(size);
    },
  );

  test('both, while the server that wrote them lives', async () => {
    const client = await t.open.pool.connect();
    await client.query('begin');
    await client.query('select from audit_tree for update');
    await t.trail.log.record(entryOf(3));
    await t.attack(
      "delete from audit_entries where subject = 'number:3' and id in (select unnest(ids) from audit_waiting)",
    );
    await t.attack('truncate audit_waiting');
    await client.query('commit');
    client.release();
    await expect.poll(kinds, { timeout: 30_000 }).toEqual(['waiting-altered']);
    const [noticed] = (await t.trail.status()).breaks;
    expect(noticed?.message).toMatch(/was committed and taken away/);
  }, 300_000);
});
