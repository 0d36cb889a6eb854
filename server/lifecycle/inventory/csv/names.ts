import type { DirectoryPerson } from '../../../identity/index.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { Facts } from '../facts.ts';
import { isThere } from '../model.ts';
import { mayName } from '../settle.ts';
import type { Names } from './values.ts';

function index<T extends { readonly id: string; readonly teamId: string | null }>(
  caller: Caller,
  all: ReadonlyMap<string, T>,
  nameOf: (one: T) => string,
) {
  const there = [...all.values()].filter(({ teamId }) => isThere(caller, teamId));
  const ids = new Map<string, string>();
  const twice = new Set<string>();
  for (const one of there) {
    const name = nameOf(one).toLowerCase();
    if (ids.has(name)) twice.add(name);
    ids.set(name, one.id);
  }
  // A name that several have names none of them: they are written by their id.
  for (const name of twice) ids.delete(name);
  return {
    id: (name: string) => ids.get(name.trim().toLowerCase()),
    name(id: string) {
      const one = all.get(id);
      if (!one || !isThere(caller, one.teamId)) return undefined;
      return twice.has(nameOf(one).toLowerCase()) ? undefined : nameOf(one);
    },
    hides: (id: string) => {
      const one = all.get(id);
      return one !== undefined && !isThere(caller, one.teamId);
    },
  };
}

/** The names that a file may use for what has ids: of what is there for the caller, and of nothing else. */
export function namesFor(
  caller: Caller,
  facts: Facts,
  people: ReadonlyMap<string, DirectoryPerson>,
): Omit<Names, 'warn'> {
  const models = index(caller, facts.models, ({ name }) => name);
  const endpoints = index(caller, facts.endpoints, ({ slug }) => slug);
  const readsPeople = caller.permissions.has('people.read');
  const teams = [...facts.teams.values()].filter(({ id }) => isThere(caller, id));
  return {
    teamId: (name) => teams.find((team) => team.name.toLowerCase() === name.trim().toLowerCase())?.id,
    teamName: (id) => teams.find((team) => team.id === id)?.name,
    personId(email) {
      const person = people.get(email.trim().toLowerCase());
      return person && mayName(caller, person) ? person.id : undefined;
    },
    personMail: (id) => (readsPeople ? (facts.people.get(id)?.email ?? '') : ''),
    modelId: models.id,
    modelName: models.name,
    endpointId: endpoints.id,
    endpointSlug: endpoints.name,
    isHidden: (kind, id) => (kind === 'model' ? models.hides(id) : endpoints.hides(id)),
  };
}
