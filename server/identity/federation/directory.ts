import type { MembershipSource, Role } from '@bartizan/contracts';
import type { Actor } from '../../audit/index.ts';
import type { IdentityDeps } from '../deps.ts';
import { createKeyStore } from '../key-store.ts';
import { createPeopleStore } from '../people-store.ts';
import type { IdentityDatabase } from '../tables.ts';
import { setTeamsOf } from '../teams/index.ts';

type Deps = Pick<IdentityDeps, 'audit' | 'clock'>;

/** What a directory says that somebody gets. `roles` null: it says nothing of roles. */
export interface DirectoryGrant {
  readonly roles: readonly Role[] | null;
  readonly teams: readonly string[];
}

/** Which directory says so: a provider of single sign-on, or provisioning. */
export interface DirectorySource {
  /** `sso:<provider id>` or `scim`. */
  readonly name: string;
  readonly teams: MembershipSource;
  readonly actor: Actor;
}

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((item) => other.includes(item));

/** Whether directories decide on the roles of a person, so that nobody else does. */
export async function isManagedByDirectory(db: IdentityDatabase, personId: string): Promise<boolean> {
  const row = await db
    .selectFrom('directory_roles')
    .select('source')
    .where('person_id', '=', personId)
    .executeTakeFirst();
  return row !== undefined;
}

async function rolesOfDirectories(db: IdentityDatabase, personId: string): Promise<Role[] | null> {
  const rows = await db
    .selectFrom('directory_roles')
    .select('roles')
    .where('person_id', '=', personId)
    .execute();
  return rows.length === 0 ? null : [...new Set(rows.flatMap(({ roles }) => roles))].sort();
}

async function writeRoles(
  db: IdentityDatabase,
  personId: string,
  source: string,
  roles: readonly Role[] | null,
): Promise<void> {
  if (roles === null) {
    await db
      .deleteFrom('directory_roles')
      .where('person_id', '=', personId)
      .where('source', '=', source)
      .execute();
    return;
  }
  await db
    .insertInto('directory_roles')
    .values({ person_id: personId, source, roles: [...roles] })
    .onConflict((conflict) => conflict.columns(['person_id', 'source']).doUpdateSet({ roles: [...roles] }))
    .execute();
}

/** True when taking `administrator` away would leave nobody who administers with a password of their own. */
export async function isLastAdministrator(
  within: IdentityDatabase,
  person: { id: string; roles: readonly Role[]; disabled: boolean },
): Promise<boolean> {
  if (!person.roles.includes('administrator') || person.disabled) return false;
  const people = createPeopleStore(within);
  // One who has no password here never counted, so without them as many are left.
  if (!(await people.hasPassword(person.id))) return false;
  return (await people.countAdministrators(person.id)) === 0;
}

/**
 * Makes `grant` what `source` says of a person: their roles become those that all directories give together, and
 * the teams of this source are set. The last administrator keeps their roles. Call within a transaction that holds
 * the administrators' lock; true when anything changed, and then tell `people.changed` and `keys.changed`.
 */
export async function applyGrant(
  deps: Deps,
  within: IdentityDatabase,
  given: { readonly personId: string; readonly grant: DirectoryGrant; readonly source: DirectorySource },
): Promise<boolean> {
  const { personId, grant, source } = given;
  const people = createPeopleStore(within);
  const person = await people.byId(personId);
  if (!person) return false;
  await writeRoles(within, personId, source.name, grant.roles);
  const wanted = (await rolesOfDirectories(within, personId)) ?? person.roles;
  const keeps = !wanted.includes('administrator') && (await isLastAdministrator(within, person));
  const roles = keeps ? person.roles : wanted;
  const changed = !same(roles, person.roles);
  if (changed) await people.update(personId, { roles: [...roles], updated_at: new Date(deps.clock.now()) });
  const teams = await setTeamsOf(within, personId, grant.teams, source.teams);
  const moved = teams.joined.length + teams.left.length > 0;
  if (!changed && !moved && !keeps) return false;
  const detail = {
    source: source.name,
    roles,
    before: person.roles,
    teams,
    ...(keeps ? { kept: 'the last administrator' } : {}),
  };
  const entry = {
    actor: source.actor,
    action: 'people.directory-changed',
    subject: `person:${personId}`,
    detail,
  };
  await deps.audit.record(entry, within);
  return changed || moved;
}

/** Ends sessions, links and keys of a person, at once and for good. Service accounts live on, orphaned. */
export async function endAccess(within: IdentityDatabase, personId: string, at: Date) {
  const people = createPeopleStore(within);
  const sessions = await people.endSessions(personId, null);
  await people.dropTokens(personId);
  await within.deleteFrom('pending_sign_ins').where('person_id', '=', personId).execute();
  const keys = await createKeyStore(within).revokeAllOf(personId, at);
  return { sessions, keys };
}
