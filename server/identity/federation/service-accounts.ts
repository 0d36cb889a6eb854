import type { Role, ServiceAccount } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import { type Principal, refuseLasting } from '../../platform/http/index.ts';
import type { IdentityDeps } from '../deps.ts';
import { demandAnswerable } from '../key-rules.ts';
import { createKeyStore } from '../key-store.ts';
import { isOverAllTeams } from '../model.ts';
import { demandMayGrant } from '../people.ts';
import { createPeopleStore } from '../people-store.ts';
import type { IdentityDatabase } from '../tables.ts';
import {
  createServiceAccountStore,
  type ServiceAccountChange,
  type ServiceAccountRow,
} from './service-account-store.ts';

type Caller = Pick<Principal, 'kind' | 'id' | 'name' | 'permissions' | 'teams' | 'ownerId' | 'breakGlass'>;

export interface ServiceAccountFields {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly roles?: Role[] | undefined;
  readonly ownerId?: string | undefined;
  readonly teamId?: string | null | undefined;
  readonly disabled?: boolean | undefined;
}

const notFound = () => new AppError('not_found', 'there is no such service account');

function toServiceAccount(row: ServiceAccountRow): ServiceAccount {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    roles: row.roles,
    ownerId: row.owner_id,
    ownerName: row.owner_name,
    teamId: row.team_id,
    disabled: row.disabled,
    orphaned: row.owner_disabled !== false,
    keys: row.keys,
    createdAt: row.created_at.getTime(),
    lastUsedAt: row.last_used_at?.getTime() ?? null,
  };
}

/** SQLSTATE class 23 as words. */
function explain(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === '23505') {
    return new AppError('conflict', 'there is already a service account of this name', {
      issues: [{ path: 'name', message: 'already taken' }],
      cause: error,
    });
  }
  if (code === '23503') return new AppError('not_found', 'there is no such team', { cause: error });
  return error;
}

const sees = (reader: Pick<Principal, 'teams'>, team: string | null): boolean =>
  team === null || reader.teams === '*' || reader.teams.has(team);

/** Nobody gives a reach that they do not have: of no team, some roles see all of them. */
function demandReach(by: Pick<Principal, 'teams'>, roles: readonly Role[], team: string | null): void {
  if (by.teams === '*' || team !== null || !isOverAllTeams(roles)) return;
  throw new AppError('forbidden', 'an account of no team with these roles would see more than you do', {
    hint: 'Give it one of your teams.',
  });
}

/** Owners of keys that are not people. Those of a team are there for its members only. */
export function createServiceAccountService(deps: IdentityDeps) {
  const { db, audit, events, clock } = deps;

  async function ownerOf(within: IdentityDatabase, id: string | null | undefined): Promise<string> {
    const person = id ? await createPeopleStore(within).byId(id) : undefined;
    if (!person || person.disabled) throw new AppError('not_found', 'there is no such person');
    demandAnswerable(person);
    return person.id;
  }

  /** Runs a change with its audit entry, and tells the gateways where keys may have changed. */
  async function record(
    id: string,
    by: Caller,
    run: (within: IdentityDatabase) => Promise<{ action: string; detail: object }>,
  ): Promise<void> {
    try {
      await db.transaction().execute(async (transaction) => {
        const { action, detail } = await run(transaction);
        const actor = { kind: by.kind, id: by.id, name: by.name };
        const entry = { actor, action, subject: `service-account:${id}`, detail: { ...detail } };
        await audit.record(entry, transaction);
      });
    } catch (error) {
      throw explain(error);
    }
    events.emit('keys.changed', { reason: 'a service account changed' });
  }

  async function get(within: IdentityDatabase, id: string, by: Caller): Promise<ServiceAccountRow> {
    const row = await createServiceAccountStore(within).byId(id);
    if (!row || !sees(by, row.team_id)) throw notFound();
    return row;
  }

  return Object.freeze({
    async list(reader: Pick<Principal, 'teams'>): Promise<ServiceAccount[]> {
      const rows = await createServiceAccountStore(db).list();
      return rows.filter((row) => sees(reader, row.team_id)).map(toServiceAccount);
    },

    async add(
      input: {
        name: string;
        description: string;
        roles: Role[];
        ownerId?: string | undefined;
        teamId: string | null;
      },
      by: Caller,
    ): Promise<ServiceAccount> {
      demandMayGrant(by, input.roles);
      if (!sees(by, input.teamId)) throw new AppError('not_found', 'there is no such team');
      demandReach(by, input.roles, input.teamId);
      const id = uuidv7(clock.now());
      await record(id, by, async (within) => {
        const ownerId = await ownerOf(within, input.ownerId ?? by.ownerId);
        const { name, description, teamId } = input;
        const roles = [...new Set(input.roles)];
        const fields = { id, name, description, roles, owner_id: ownerId, team_id: teamId };
        await createServiceAccountStore(within).add({ ...fields, created_at: new Date(clock.now()) });
        return { action: 'service-accounts.created', detail: { name, roles, ownerId, teamId } };
      });
      return toServiceAccount(await get(db, id, by));
    },

    /** While an account is disabled its keys open nothing; they do again when it is enabled. */
    async update(id: string, input: ServiceAccountFields, by: Caller): Promise<ServiceAccount> {
      const { disabled: off, ...others } = input;
      if (off !== true || Object.values(others).some((value) => value !== undefined)) refuseLasting(by);
      await record(id, by, async (within) => {
        const before = await get(within, id, by);
        const roles = input.roles && [...new Set(input.roles)];
        demandMayGrant(by, roles?.filter((role) => !before.roles.includes(role)) ?? []);
        // Enabled again, or in another's hands, its keys do what its roles allow: so those must be the caller's to give.
        if (input.disabled === false || input.ownerId) demandMayGrant(by, before.roles);
        const { name, description, teamId, disabled } = input;
        if (teamId && !sees(by, teamId)) throw new AppError('not_found', 'there is no such team');
        demandReach(by, roles ?? before.roles, teamId === undefined ? before.team_id : teamId);
        const change: ServiceAccountChange = {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(roles === undefined ? {} : { roles }),
          ...(teamId === undefined ? {} : { team_id: teamId }),
          ...(disabled === undefined ? {} : { disabled }),
          ...(input.ownerId === undefined ? {} : { owner_id: await ownerOf(within, input.ownerId) }),
        };
        await createServiceAccountStore(within).update(id, change);
        const was = { roles: before.roles, ownerId: before.owner_id, disabled: before.disabled };
        return { action: 'service-accounts.changed', detail: { ...input, before: was } };
      });
      return toServiceAccount(await get(db, id, by));
    },

    /** Its keys end for good. */
    async remove(id: string, by: Caller): Promise<void> {
      await record(id, by, async (within) => {
        const { name } = await get(within, id, by);
        const at = new Date(clock.now());
        const keys = await createKeyStore(within).revokeAllOf(id, at);
        await createServiceAccountStore(within).update(id, { removed_at: at });
        return { action: 'service-accounts.removed', detail: { name, keys } };
      });
    },
  });
}
export type ServiceAccountService = ReturnType<typeof createServiceAccountService>;
