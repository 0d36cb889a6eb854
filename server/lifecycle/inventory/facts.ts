import type { TeamRef } from '@bartizan/contracts';
import type { DirectoryPerson } from '../../identity/index.ts';
import type { StoredParty, StoredSystem } from './model.ts';
import type { InventoryDeps, KnownEndpoint, KnownModel } from './ports.ts';

/** What there is beside systems, as of now. */
export interface Facts {
  /** Of those asked for; who is missing is gone. */
  readonly people: ReadonlyMap<string, DirectoryPerson>;
  readonly teams: ReadonlyMap<string, TeamRef>;
  readonly models: ReadonlyMap<string, KnownModel>;
  readonly endpoints: ReadonlyMap<string, KnownEndpoint>;
}

const byId = <T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> =>
  new Map(all.map((one) => [one.id, one]));

const personOf = (party: StoredParty | null): string[] => (party?.kind === 'person' ? [party.id] : []);

/** Reads the facts that systems are shown with. */
export async function loadFacts(
  { directory, ports }: Pick<InventoryDeps, 'directory' | 'ports'>,
  systems: readonly Pick<StoredSystem, 'owner' | 'backupOwner'>[],
): Promise<Facts> {
  const ids = systems.flatMap(({ owner, backupOwner }) => [...personOf(owner), ...personOf(backupOwner)]);
  const [people, teams, models, endpoints] = await Promise.all([
    directory.people(ids),
    directory.teams(),
    ports.models.all(),
    ports.endpoints.all(),
  ]);
  return { people, teams: byId(teams), models: byId(models), endpoints: byId(endpoints) };
}
