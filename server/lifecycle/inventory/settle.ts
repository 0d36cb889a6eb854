import type { SystemPartyInput } from '@bartizan/contracts';
import type { DirectoryPerson } from '../../identity/index.ts';
import { AppError } from '../../kernel/error.ts';
import type { Caller } from '../../reviews/index.ts';
import type { Viewer } from '../sight.ts';
import type { Facts } from './facts.ts';
import { fieldsOf, invalid, isThere, type NewSystem, type StoredParty, type StoredSystem } from './model.ts';

/** Whom a caller may name: everybody where they may read accounts, else themselves and the people of their teams. */
export function namesWhom(caller: Pick<Caller, 'permissions' | 'teams' | 'kind' | 'id' | 'ownerId'>): {
  readonly teams: ReadonlySet<string> | '*';
  readonly self: string | null;
} {
  const self = caller.kind === 'person' ? caller.id : (caller.ownerId ?? null);
  return { self, teams: caller.permissions.has('people.read') ? '*' : caller.teams };
}

/** Whether a caller may name this person as an owner. */
export function mayName(caller: Caller, person: DirectoryPerson): boolean {
  const { teams, self } = namesWhom(caller);
  if (person.id === self || teams === '*') return true;
  return [...person.teams].some((team) => teams.has(team));
}

interface PartyQuestion {
  readonly path: 'owner' | 'backupOwner';
  readonly input: SystemPartyInput | null;
  /** As stored: who is there already may stay, whoever they are. */
  readonly before: StoredParty | null;
}

/** An owner as stored. Throws `invalid_input` for somebody whom the caller cannot name, or who is not there. */
export function settleParty(caller: Caller, question: PartyQuestion, facts: Facts): StoredParty | null {
  const { input, before, path } = question;
  if (input === null) return null;
  if (input.kind === 'named') return { kind: 'named', name: input.name };
  if (before !== null && before.kind === input.kind && before.id === input.id) return before;
  const nobody = () => invalid('the owner cannot be set', path, `there is no such ${input.kind}`);
  if (input.kind === 'team') {
    const team = facts.teams.get(input.id);
    if (!team || !isThere(caller, team.id)) throw nobody();
    return { kind: 'team', id: team.id, name: team.name };
  }
  const person = facts.people.get(input.id);
  if (!person || person.disabled || !mayName(caller, person)) throw nobody();
  return { kind: 'person', id: person.id, name: person.name };
}

type Known = ReadonlyMap<string, { readonly teamId: string | null }>;

interface LinkQuestion {
  readonly path: 'modelIds' | 'endpointIds';
  readonly noun: string;
  readonly given: readonly string[];
  readonly before: readonly string[];
}

/**
 * Ids as stored: what is given, and what was linked and is hidden from the caller. Throws `invalid_input` for what
 * is new and not there for them.
 */
export function settleLinks(viewer: Viewer, question: LinkQuestion, known: Known): string[] {
  const { given, before, path, noun } = question;
  const there = (id: string) => {
    const one = known.get(id);
    return one !== undefined && isThere(viewer, one.teamId);
  };
  for (const [index, id] of given.entries()) {
    // What was removed since may stay; what is hidden is answered as what never was.
    const stays = before.includes(id) && !known.has(id);
    if (!there(id) && !stays) {
      throw invalid(
        `the system names a ${noun} that does not exist`,
        `${path}.${index}`,
        `there is no such ${noun}`,
      );
    }
  }
  const hidden = before.filter((id) => known.has(id) && !there(id));
  return [...new Set([...given, ...hidden])].toSorted();
}

/** Throws where a team is not the caller's, or where they would take what is everybody's. */
export function settleTeam(
  viewer: Viewer,
  teamId: string | null,
  before: StoredSystem | null,
  facts: Facts,
): void {
  if (before !== null && before.teamId === teamId) return;
  if (teamId !== null && (!facts.teams.has(teamId) || !isThere(viewer, teamId))) {
    throw invalid(
      'the system names a team that does not exist, or that is not yours',
      'teamId',
      'there is no such team',
    );
  }
  if (before !== null && before.teamId === null && viewer.teams !== '*') {
    throw new AppError(
      'forbidden',
      'this system is everybody’s: giving it to one team takes it from the others',
      {
        hint: 'Somebody who looks after all teams (administrator or security) can do this.',
      },
    );
  }
}

/** What a system becomes by what a client wrote. Throws `invalid_input` and `forbidden`. */
export function settle(
  caller: Caller,
  input: NewSystem,
  before: StoredSystem | null,
  facts: Facts,
): Pick<StoredSystem, 'fields' | 'owner' | 'backupOwner' | 'teamId' | 'modelIds' | 'endpointIds'> {
  settleTeam(caller, input.teamId, before, facts);
  const party = (path: 'owner' | 'backupOwner') =>
    settleParty(caller, { path, input: input[path], before: before?.[path] ?? null }, facts);
  return {
    fields: fieldsOf(input),
    owner: party('owner'),
    backupOwner: party('backupOwner'),
    teamId: input.teamId,
    modelIds: settleLinks(
      caller,
      { path: 'modelIds', noun: 'model', given: input.modelIds, before: before?.modelIds ?? [] },
      facts.models,
    ),
    endpointIds: settleLinks(
      caller,
      { path: 'endpointIds', noun: 'endpoint', given: input.endpointIds, before: before?.endpointIds ?? [] },
      facts.endpoints,
    ),
  };
}
