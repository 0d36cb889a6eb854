import { expect, it } from 'vitest';
import { isSamePerson } from './people.ts';

const BEHIND: Readonly<Record<string, readonly string[]>> = {
  'key of ada': ['ada'],
  'key of the account': ['ada', 'ben'],
};
const standBehind = async (id: string) => new Set(BEHIND[id] ?? []);
const same = (caller: { id: string; ownerId?: string | null }, actor: string) =>
  isSamePerson(caller, actor, standBehind, undefined as never);

it.each([
  [{ id: 'ada', ownerId: 'ada' }, 'ada', true],
  [{ id: 'ada', ownerId: 'ada' }, 'key of ada', true],
  [{ id: 'ben', ownerId: 'ben' }, 'key of the account', true],
  [{ id: 'key of ada', ownerId: 'ada' }, 'ada', true],
  [{ id: 'key of the account', ownerId: null }, 'key of ada', true],
  [{ id: 'ben', ownerId: 'ben' }, 'key of ada', false],
  [{ id: 'eve', ownerId: 'eve' }, 'key of the account', false],
  [{ id: 'ben', ownerId: 'ben' }, 'ada', false],
])('%j and %s are the same: %s', async (caller, actor, expected) => {
  expect(await same(caller, actor)).toBe(expected);
});
