import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRecordedEntries, type RecordedEntries } from './recorded.ts';
import { entryOf, startTestTrail, type TestTrail } from './testing.ts';

let log: TestTrail;
let recorded: RecordedEntries;
beforeAll(async () => {
  log = await startTestTrail();
  recorded = createRecordedEntries({ database: log.open.database, masterKey: log.masterKey });
  for (let n = 0; n < 5; n++) await log.trail.log.record(entryOf(n));
  await log.settled();
}, 120_000);
afterAll(() => log?.close());

const find = (n: number) => recorded.find('tests.counted', `number:${n}`);

test('an entry is told with its place in the signed tree', async () => {
  const [entry, ...others] = await find(3);
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ standing: 'in-tree', detail: { n: 3 } });
  expect(entry?.index).toBeGreaterThanOrEqual(0);
  expect(await find(99)).toEqual([]);
});

test('one whose row was changed, and one that was put there, are broken', async () => {
  await log.attack(`update audit_entries set detail = '{"n": 7}' where subject = 'number:1'`);
  expect(await find(1)).toMatchObject([{ standing: 'broken', detail: { n: 7 } }]);
  await log.attack(
    `insert into audit_entries (id, at, actor_kind, actor_id, actor_name, action, subject, detail)
     select gen_random_uuid(), at, actor_kind, actor_id, actor_name, action, subject, '{"n": 8}'
     from audit_entries where subject = 'number:2'`,
  );
  const standings = (await find(2)).map(({ standing }) => standing).sort();
  expect(standings).toEqual(['broken', 'in-tree']);
});

test('one whose leaf in the tree was changed with it is broken: the root is signed', async () => {
  await log.attack(
    `update audit_tiles set hashes = set_byte(hashes, 4, 255 - get_byte(hashes, 4)) where level = 0`,
  );
  const found = await Promise.all([0, 1, 2, 3, 4].map(find));
  expect(found.flat().some(({ standing }) => standing === 'broken')).toBe(true);
});

test('entries that are given their places while they are read are not taken for broken', async () => {
  const fresh = await startTestTrail();
  try {
    const read = createRecordedEntries({ database: fresh.open.database, masterKey: fresh.masterKey });
    let writing = true;
    const broken: string[] = [];
    const reader = async (): Promise<void> => {
      while (writing)
        for (const { id, standing } of await read.history('one:2', ['tests.counted']))
          if (standing === 'broken') broken.push(id);
    };
    const readers = [reader(), reader(), reader()];
    for (let n = 0; n < 60; n++) {
      await fresh.trail.log.record({ ...entryOf(n), subject: 'one:2' });
      if (n % 5 === 0) await fresh.settled();
    }
    writing = false;
    await Promise.all(readers);
    expect(broken).toEqual([]);
    expect(await read.history('one:2', ['tests.counted'])).toHaveLength(60);
  } finally {
    await fresh.close();
  }
}, 120_000);

test('the history of a subject comes in pages, in its order, and each entry with its standing', async () => {
  const fresh = await startTestTrail();
  try {
    const read = createRecordedEntries({ database: fresh.open.database, masterKey: fresh.masterKey });
    const write = (n: number) => fresh.trail.log.record({ ...entryOf(n), subject: 'one:1' });
    for (let n = 0; n < 7; n++) await write(n);
    await fresh.settled();
    await write(7);
    const history = await read.history('one:1', ['tests.counted', 'tests.others']);
    expect(history.map(({ detail }) => detail.n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(history.map(({ standing }) => standing))).not.toContain('broken');
    expect(history[0]).toMatchObject({ action: 'tests.counted', actor: { kind: 'system' } });
    const sizes: number[] = [];
    for await (const page of read.pages('one:1', ['tests.counted'], { limit: 3 })) sizes.push(page.length);
    expect(sizes).toEqual([3, 3, 2]);
    expect(await read.history('one:1', ['tests.others'])).toEqual([]);
    await fresh.attack(`update audit_entries set detail = '{"n": 70}' where detail->>'n' = '2'`);
    const after = await read.history('one:1', ['tests.counted']);
    expect(after.filter(({ standing }) => standing === 'broken').map(({ detail }) => detail.n)).toEqual([70]);
  } finally {
    await fresh.close();
  }
}, 120_000);
