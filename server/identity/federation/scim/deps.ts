import type { Actor } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import type { IdentityDeps } from '../../deps.ts';
import { createPeopleStore } from '../../people-store.ts';
import type { IdentityDatabase } from '../../tables.ts';
import { applyGrant, type DirectorySource } from '../directory.ts';
import { createSettingsStore } from '../settings.ts';
import { ScimProblem, taken } from './problem.ts';
import { createUserStore } from './user-store.ts';

export type ScimDeps = IdentityDeps;

/** The address of SCIM itself. */
export const baseUrlOf = ({ publicUrl }: Pick<ScimDeps, 'publicUrl'>): string => `${publicUrl()}/scim/v2`;

export const sourceOf = (actor: Actor): DirectorySource => ({ name: 'scim', teams: 'scim', actor });

/** Roles and teams that a person's groups give, and the default roles where they give none. */
export async function regrant(deps: ScimDeps, within: IdentityDatabase, personId: string, actor: Actor) {
  const known = await createUserStore(within).scim(personId);
  const groups = await within
    .selectFrom('scim_members as m')
    .innerJoin('scim_groups as g', 'g.id', 'm.group_id')
    .where('m.person_id', '=', personId)
    .select(['g.roles', 'g.teams'])
    .execute();
  const roles = [...new Set(groups.flatMap((group) => group.roles))];
  const teams = [...new Set(groups.flatMap((group) => group.teams))];
  const { scim_default_roles: standard } = await createSettingsStore(within).read();
  // An account that was there before keeps the roles that people here gave it, until a group gives some.
  const provisioned = known !== undefined && known.deleted_at === null && known.provisioned;
  const given = roles.length > 0 ? roles : provisioned ? standard : null;
  const grant = { roles: given, teams };
  await applyGrant(deps, within, { personId, grant, source: sourceOf(actor) });
}

const code = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/**
 * Runs a change in one transaction, alone among those that change who administers, and tells the rest of the
 * process of the people that it named. What cannot be becomes a {@link ScimProblem}.
 */
export async function change<T>(
  deps: ScimDeps,
  run: (within: IdentityDatabase, touched: Set<string>) => Promise<T>,
): Promise<T> {
  const touched = new Set<string>();
  try {
    const result = await deps.db.transaction().execute(async (transaction) => {
      await createPeopleStore(transaction).lockAdministrators();
      return run(transaction, touched);
    });
    for (const personId of touched) deps.events.emit('people.changed', { personId });
    if (touched.size > 0) deps.events.emit('keys.changed', { reason: 'provisioning changed people' });
    return result;
  } catch (error) {
    if (code(error) === '23505') throw taken('there is already one of this name or address');
    if (error instanceof AppError && error.code === 'conflict')
      throw new ScimProblem(409, undefined, error.message);
    throw error;
  }
}
