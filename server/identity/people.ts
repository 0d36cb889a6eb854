import { type Permission, type Person, ROLE_PERMISSIONS, type Role } from '@bartizan/contracts';
import type { Actor } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { IdentityDeps } from './deps.ts';
import { addressForPeople } from './factors/relying-party.ts';
import { isManagedByDirectory } from './federation/directory.ts';
import { createKeyStore } from './key-store.ts';
import { type PersonRow, toPerson, within } from './model.ts';
import { createPeopleStore, type PeopleStore } from './people-store.ts';
import type { IdentityDatabase } from './tables.ts';
import { hashToken, newToken } from './tokens.ts';

const INVITE_MS = 72 * 60 * 60_000;

/** Who changes something, and what they may do themselves. */
export interface Granter extends Actor {
  readonly permissions: ReadonlySet<Permission>;
}

export interface PersonChange {
  readonly name?: string | undefined;
  readonly roles?: Role[] | undefined;
  readonly disabled?: boolean | undefined;
}

const notFound = () => new AppError('not_found', 'there is no such person');

/** Nobody gives away what they do not have: else a limited key could make itself an administrator. */
export function demandMayGrant(by: Pick<Granter, 'permissions'>, roles: readonly Role[]): void {
  const beyond = roles.find((role) => !within(ROLE_PERMISSIONS[role], by.permissions));
  if (!beyond) return;
  throw new AppError('forbidden', `you cannot give the role ${beyond}: it may do more than you`);
}

export async function demandAnotherAdministrator(people: PeopleStore, id: string): Promise<void> {
  if ((await people.countAdministrators(id)) > 0) return;
  throw new AppError('conflict', 'this is the last administrator', {
    hint: 'Make somebody else an administrator first.',
  });
}

/** Roles that a directory gives are changed there: else they would come back, or go, at the next sign-in. */
async function demandOwnRoles(
  within: IdentityDatabase,
  person: Pick<PersonRow, 'id' | 'roles'>,
  roles: readonly Role[] | undefined,
): Promise<void> {
  const same = roles?.length === person.roles.length && roles.every((role) => person.roles.includes(role));
  if (roles === undefined || same) return;
  if (!(await isManagedByDirectory(within, person.id))) return;
  throw new AppError('conflict', 'the roles of this person come from your directory', {
    hint: 'Change their groups there, or what the groups give under Sign-in.',
  });
}

export function createPeopleService(deps: IdentityDeps) {
  const { db, audit, events, clock } = deps;

  async function invite(people: PeopleStore, personId: string): Promise<string> {
    const token = newToken();
    await people.dropTokens(personId);
    await people.addToken(hashToken(token), 'invite', personId, new Date(clock.now() + INVITE_MS));
    return `${addressForPeople(deps.publicUrl())}/invite?token=${token}`;
  }

  /** A person who never chose a password may be invited anew; anybody else is taken. */
  async function renewable(people: PeopleStore, email: string): Promise<string | null> {
    const known = await people.byEmail(email);
    if (!known) return null;
    if (known.disabled || (await people.hasPassword(known.id)) || (await people.signsInElsewhere(known.id))) {
      throw new AppError('conflict', 'there is already an account with this e-mail address');
    }
    return known.id;
  }

  return Object.freeze({
    async list(): Promise<Person[]> {
      return (await createPeopleStore(db).list()).map(toPerson);
    },

    /**
     * Adds a person with a link, good for 72 hours and one use, on which they choose a password. Adding
     * somebody who did not use theirs replaces it. Throws `conflict` when the address has an account.
     */
    async add(
      input: { name: string; email: string; roles: Role[] },
      by: Granter,
    ): Promise<{ person: Person; inviteUrl: string }> {
      demandMayGrant(by, input.roles);
      const roles = [...new Set(input.roles)];
      const result = await db.transaction().execute(async (transaction) => {
        const people = createPeopleStore(transaction);
        await people.lockAdministrators();
        const at = new Date(clock.now());
        const pending = await renewable(people, input.email);
        const id = pending ?? uuidv7(clock.now());
        // A directory that made the account decides on its roles.
        const given = pending && (await isManagedByDirectory(transaction, pending)) ? {} : { roles };
        if (pending) await people.update(id, { name: input.name, ...given, updated_at: at });
        else await people.add({ ...input, roles, id, at });
        const inviteUrl = await invite(people, id);
        await audit.record(
          {
            actor: by,
            action: 'people.invited',
            subject: `person:${id}`,
            detail: { email: input.email, roles },
          },
          transaction,
        );
        const row = await people.byId(id);
        if (!row) throw notFound();
        return { person: toPerson(row), inviteUrl };
      });
      events.emit('people.changed', { personId: result.person.id });
      return result;
    },

    /**
     * Changes a person. Disabling ends their sessions, links and keys, for good. Throws `conflict` when
     * nobody would be left to administer.
     */
    async update(id: string, change: PersonChange, by: Granter): Promise<Person> {
      const person = await db.transaction().execute(async (transaction) => {
        const people = createPeopleStore(transaction);
        await people.lockAdministrators();
        const before = await people.byId(id);
        if (!before) throw notFound();
        const roles = change.roles && [...new Set(change.roles)];
        demandMayGrant(by, roles?.filter((role) => !before.roles.includes(role)) ?? []);
        await demandOwnRoles(transaction, before, roles);
        const losesRole = roles !== undefined && !roles.includes('administrator');
        if (before.roles.includes('administrator') && !before.disabled && (losesRole || change.disabled)) {
          await demandAnotherAdministrator(people, id);
        }
        const at = new Date(clock.now());
        const { name, disabled } = change;
        await people.update(id, {
          ...(name === undefined ? {} : { name }),
          ...(roles === undefined ? {} : { roles }),
          ...(disabled === undefined ? {} : { disabled }),
          updated_at: at,
        });
        const gains = roles?.some((role) => !before.roles.includes(role)) ?? false;
        // Whoever may do more than before proves anew who they are; what was taken away is gone at once anyway.
        if (gains && id !== by.id) await people.endSessions(id, null);
        if (disabled) {
          await people.endSessions(id, null);
          await people.dropTokens(id);
          await createKeyStore(transaction).revokeAllOf(id, at);
        }
        const detail = { name, roles, disabled, before: { roles: before.roles, disabled: before.disabled } };
        await audit.record(
          { actor: by, action: 'people.changed', subject: `person:${id}`, detail },
          transaction,
        );
        const after = await people.byId(id);
        if (!after) throw notFound();
        return toPerson(after);
      });
      events.emit('people.changed', { personId: id });
      events.emit('keys.changed', { reason: 'the owner of keys changed' });
      return person;
    },
  });
}
export type PeopleService = ReturnType<typeof createPeopleService>;
