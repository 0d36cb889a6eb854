import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';

/**
 * Whether the caller is, or stands behind, who did something before: the person, the key, and everybody who may hold
 * that key's secret or answers for its account. What needs a second person needs somebody else than all of these.
 */
export async function isSamePerson(
  caller: Pick<Principal, 'id' | 'ownerId'>,
  actorId: string,
  standBehind: (keyId: string, within: Database) => Promise<ReadonlySet<string>>,
  tx: Database,
): Promise<boolean> {
  const person = caller.ownerId ?? caller.id;
  if (caller.id === actorId || person === actorId) return true;
  const behind = await standBehind(actorId, tx);
  if (behind.has(person)) return true;
  // A key decides for all who may hold it.
  const deciders = await standBehind(caller.id, tx);
  return deciders.has(actorId) || [...deciders].some((each) => behind.has(each));
}
