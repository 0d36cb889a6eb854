import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpenDatabase } from '../../platform/database/index.ts';
import { withTestDatabase } from '../../platform/database/testing.ts';
import { identityMigrations } from '../index.ts';
import type { IdentityDatabase, IdentityTables } from '../tables.ts';
import { setTeamsOf } from './index.ts';
import { createTeamStore } from './store.ts';

let open: OpenDatabase;
let db: IdentityDatabase;
beforeAll(async () => {
  open = await withTestDatabase(identityMigrations);
  db = open.database.withTables<IdentityTables>();
});
afterAll(() => open?.close());

async function person(): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto('people')
    .values({
      id,
      name: 'P',
      email: `${id}@example.com`,
      roles: ['viewer'],
      created_at: new Date(),
      updated_at: new Date(),
    })
    .execute();
  return id;
}

async function team(): Promise<string> {
  const id = randomUUID();
  await createTeamStore(db).add({ id, name: `team ${id}`, description: '', created_at: new Date() });
  return id;
}

const teamsOf = async (personId: string): Promise<string[]> =>
  [...(await createTeamStore(db).idsOf(personId))].toSorted();

test('an identity provider sets the teams that it speaks for, and no others', async () => {
  const who = await person();
  const [a, b, c] = [await team(), await team(), await team()];
  const store = createTeamStore(db);
  await store.join(a, who, 'manual');
  expect(await setTeamsOf(db, who, [a, b], 'sso')).toMatchObject({ left: [] });
  expect(await teamsOf(who)).toEqual([a, b].toSorted());

  expect(await setTeamsOf(db, who, [c, c], 'sso')).toMatchObject({ joined: [c] });
  // Somebody put them into the first by hand: that stays.
  expect(await teamsOf(who)).toEqual([a, c].toSorted());
  expect(await setTeamsOf(db, who, [c], 'sso')).toEqual({ joined: [], left: [] });

  await setTeamsOf(db, who, [b], 'scim');
  expect(await setTeamsOf(db, who, [], 'sso')).toEqual({ joined: [], left: [c] });
  expect(await teamsOf(who)).toEqual([a, b].toSorted());
});

test('teams that are not there are left out, and others’ teams stay as they are', async () => {
  const [who, other] = [await person(), await person()];
  const a = await team();
  await setTeamsOf(db, other, [a], 'sso');
  expect(await setTeamsOf(db, who, [randomUUID(), a], 'sso')).toEqual({ joined: [a], left: [] });
  await setTeamsOf(db, who, [], 'sso');
  expect(await teamsOf(who)).toEqual([]);
  expect(await teamsOf(other)).toEqual([a]);
});

test('a person is counted and listed once, whoever says that they are in', async () => {
  const who = await person();
  const a = await team();
  const store = createTeamStore(db);
  for (const source of ['manual', 'scim', 'sso'] as const)
    expect(await store.join(a, who, source)).toBe(true);
  expect(await store.join(a, who, 'sso')).toBe(false);
  expect(await store.byId(a)).toMatchObject({ people: 1 });
  expect(await store.members(a)).toEqual([
    { id: who, name: 'P', email: `${who}@example.com`, sources: ['manual', 'scim', 'sso'] },
  ]);
  expect(await store.leave(a, who, 'manual')).toBe(true);
  expect(await store.leave(a, who, 'manual')).toBe(false);
  expect(await teamsOf(who)).toEqual([a]);
});

test('what is gone takes its memberships along', async () => {
  const who = await person();
  const [a, b] = [await team(), await team()];
  await setTeamsOf(db, who, [a, b], 'sso');
  expect(await createTeamStore(db).remove(a)).toBe(true);
  expect(await teamsOf(who)).toEqual([b]);
  await db.deleteFrom('people').where('id', '=', who).execute();
  expect(await createTeamStore(db).byId(b)).toMatchObject({ people: 0 });
});
