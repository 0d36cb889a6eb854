import { type ApiKey, Id, identityRoutes } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { CliError } from '../exit.ts';

const SHOWN = 3;

/**
 * The id of the key that is meant by its id or its name, which several may have: one that is not revoked goes
 * before those that are. An id is taken as it is, so that who may not list keys can name one.
 */
export async function keyIdOf(api: Client, given: string): Promise<string> {
  if (Id.safeParse(given).success) return given;
  const { items } = await api.call(identityRoutes.keys, {});
  return chooseKey(items, given).id;
}

/** The one key of that name; throws where there is none, or several of the same standing. */
export function chooseKey<Key extends Pick<ApiKey, 'id' | 'name' | 'prefix' | 'ownerName' | 'revokedAt'>>(
  keys: readonly Key[],
  name: string,
): Key {
  const named = keys.filter((key) => key.name === name);
  const live = named.filter((key) => key.revokedAt === null);
  const [found, ...others] = live.length > 0 ? live : named;
  if (!found) throw new CliError(`no key '${name}'; see bartizan key list`);
  if (others.length === 0) return found;
  const lines = [found, ...others].map((key) => `  ${key.id}  ${key.prefix}…  of ${key.ownerName}`);
  throw new CliError(
    `${lines.length} keys are called '${name}'; give the id of the one that is meant:\n${lines.join('\n')}`,
  );
}

/** The first few of a list, and how many more there are. */
export function abbreviated(names: readonly string[]): string {
  const left = names.length - SHOWN;
  // To say "and 1 more" takes as much room as the name.
  return left > 1 ? `${names.slice(0, SHOWN).join(' ')} and ${left} more` : names.join(' ');
}
