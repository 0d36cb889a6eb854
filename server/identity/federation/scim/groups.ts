import type { Role, ScimGroup } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Actor } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { IdentityDatabase } from '../../tables.ts';
import { baseUrlOf, change, regrant, type ScimDeps } from './deps.ts';
import { type ListQuery, listResponse, parseQuery, project } from './list.ts';
import { applyPatch, isRecord, type Resource, read } from './patch.ts';
import { invalid, missing, taken } from './problem.ts';
import { textOf } from './user-resource.ts';

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MAX_MEMBERS = 10_000;

interface Member {
  readonly value: string;
  readonly display: string;
}

interface GroupRow {
  readonly id: string;
  readonly name: string;
  readonly external_id: string | null;
  readonly roles: Role[];
  readonly teams: string[];
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly members: Member[];
}

interface GroupInput {
  readonly name: string;
  readonly externalId: string | null;
  readonly members: ReadonlySet<string>;
}

function membersOf(body: Resource): Set<string> {
  const value = read(body, 'members');
  if (value === undefined || value === null) return new Set();
  if (!Array.isArray(value) || value.length > MAX_MEMBERS)
    throw invalid('invalidValue', `members is a list of at most ${MAX_MEMBERS}`);
  return new Set(
    value.map((element) => {
      const id = isRecord(element) ? read(element, 'value') : element;
      if (typeof id !== 'string' || !UUID.test(id))
        throw invalid('invalidValue', 'a member has the id of a user as its value');
      return id.toLowerCase();
    }),
  );
}

function readGroup(body: Resource): GroupInput {
  const name = textOf(body, 'displayName');
  if (name === undefined) throw invalid('invalidValue', 'displayName is missing');
  return { name, externalId: textOf(body, 'externalId') ?? null, members: membersOf(body) };
}

function toGroup(row: GroupRow, baseUrl: string): Resource {
  return {
    schemas: [GROUP_SCHEMA],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    displayName: row.name,
    members: row.members.map((member) => ({
      ...member,
      type: 'User',
      $ref: `${baseUrl}/Users/${member.value}`,
    })),
    meta: {
      resourceType: 'Group',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${baseUrl}/Groups/${row.id}`,
    },
  };
}

const MEMBERS = sql<Member[]>`(
  select coalesce(jsonb_agg(jsonb_build_object('value', p.id, 'display', p.name) order by p.id), '[]')
  from scim_members m join people p on p.id = m.person_id where m.group_id = g.id)`;

const toSettings = (row: GroupRow): ScimGroup => ({
  id: row.id,
  name: row.name,
  externalId: row.external_id,
  members: row.members.length,
  roles: row.roles,
  teams: row.teams,
});

/** Groups that a directory pushes; what their members get is decided here, by people. */
export function createScimGroups(deps: ScimDeps) {
  const { db, audit, clock } = deps;
  const now = () => new Date(clock.now());

  const rows = (within: IdentityDatabase) =>
    within
      .selectFrom('scim_groups as g')
      .select(['g.id', 'g.name', 'g.external_id', 'g.roles', 'g.teams', 'g.created_at', 'g.updated_at'])
      .select(MEMBERS.as('members'));

  async function get(within: IdentityDatabase, id: string): Promise<GroupRow> {
    const row = UUID.test(id) ? await rows(within).where('g.id', '=', id).executeTakeFirst() : undefined;
    if (!row) throw missing('group');
    return row;
  }

  interface Happening {
    readonly actor: Actor;
    readonly action: string;
    readonly id: string;
    readonly detail: object;
  }
  async function record(within: IdentityDatabase, { actor, action, id, detail }: Happening) {
    await audit.record({ actor, action, subject: `scim-group:${id}`, detail: { ...detail } }, within);
  }

  /** Only people whom the directory sees can be members. */
  async function setMembers(
    within: IdentityDatabase,
    id: string,
    before: readonly string[],
    wanted: ReadonlySet<string>,
  ) {
    const left = before.filter((member) => !wanted.has(member));
    const joined = [...wanted].filter((member) => !before.includes(member));
    if (left.length > 0) {
      await sql`delete from scim_members where group_id = ${id} and person_id = any(${left}::uuid[])`.execute(
        within,
      );
    }
    if (joined.length > 0) {
      const added = await sql<{ person_id: string }>`
        insert into scim_members (group_id, person_id)
        select ${id}::uuid, p.id from people p left join scim_users s on s.person_id = p.id
        where p.id = any(${joined}::uuid[]) and not p.break_glass and s.deleted_at is null
        returning person_id`.execute(within);
      if (added.rows.length < joined.length) throw invalid('invalidValue', 'a member is no user here');
    }
    return { left, joined };
  }

  async function save(
    within: IdentityDatabase,
    row: GroupRow,
    input: GroupInput,
    { actor, touched }: { readonly actor: Actor; readonly touched: Set<string> },
  ): Promise<GroupRow> {
    await within
      .updateTable('scim_groups')
      .set({ name: input.name, external_id: input.externalId, updated_at: now() })
      .where('id', '=', row.id)
      .execute();
    const before = row.members.map(({ value }) => value);
    const { left, joined } = await setMembers(within, row.id, before, input.members);
    const renamed = row.name === input.name ? {} : { name: input.name, before: row.name };
    await record(within, {
      actor,
      action: 'scim.group-changed',
      id: row.id,
      detail: { joined, left, ...renamed },
    });
    for (const personId of [...left, ...joined]) {
      await regrant(deps, within, personId, actor);
      touched.add(personId);
    }
    return get(within, row.id);
  }

  const shown = (row: GroupRow): Resource => toGroup(row, baseUrlOf(deps));

  return Object.freeze({
    async list(query: ListQuery): Promise<Resource> {
      const all = await rows(db).orderBy('g.id').limit(10_000).execute();
      return listResponse(all.map(shown), parseQuery(query));
    },

    get: async (id: string, query: ListQuery = {}): Promise<Resource> =>
      project(shown(await get(db, id)), parseQuery(query)),

    add: (body: Resource, actor: Actor): Promise<Resource> =>
      change(deps, async (within, touched) => {
        const input = readGroup(body);
        const known = await within
          .selectFrom('scim_groups')
          .select('id')
          .where(sql<boolean>`lower(name) = ${input.name.toLowerCase()}`)
          .executeTakeFirst();
        if (known) throw taken('there is already a group of this name');
        const id = uuidv7(clock.now());
        const at = { created_at: now(), updated_at: now() };
        const row = { id, name: input.name, external_id: input.externalId };
        await within
          .insertInto('scim_groups')
          .values({ ...row, ...at })
          .execute();
        await record(within, { actor, action: 'scim.group-created', id, detail: { name: input.name } });
        return shown(await save(within, await get(within, id), input, { actor, touched }));
      }),

    replace: (id: string, body: Resource, actor: Actor): Promise<Resource> =>
      change(deps, async (within, touched) =>
        shown(await save(within, await get(within, id), readGroup(body), { actor, touched })),
      ),

    patch: (id: string, body: Resource, actor: Actor): Promise<Resource> =>
      change(deps, async (within, touched) => {
        const before = await get(within, id);
        const after = applyPatch(shown(before), body);
        return shown(await save(within, before, readGroup(after), { actor, touched }));
      }),

    remove: (id: string, actor: Actor): Promise<void> =>
      change(deps, async (within, touched) => {
        const before = await get(within, id);
        await within.deleteFrom('scim_groups').where('id', '=', before.id).execute();
        await record(within, {
          actor,
          action: 'scim.group-removed',
          id: before.id,
          detail: { name: before.name },
        });
        for (const { value } of before.members) {
          await regrant(deps, within, value, actor);
          touched.add(value);
        }
      }),

    async settings(): Promise<ScimGroup[]> {
      return (await rows(db).orderBy('g.name').limit(10_000).execute()).map(toSettings);
    },

    /** Roles and teams of a group's members; holds for them at once. */
    map: (id: string, given: { roles: Role[]; teams: string[] }, actor: Actor): Promise<ScimGroup> =>
      change(deps, async (within, touched) => {
        const before = await rows(within).where('g.id', '=', id).executeTakeFirst();
        if (!before) throw new AppError('not_found', 'there is no such group');
        const roles = [...new Set(given.roles)];
        const teams = [...new Set(given.teams)];
        await within
          .updateTable('scim_groups')
          .set({ roles, teams, updated_at: now() })
          .where('id', '=', id)
          .execute();
        const was = { roles: before.roles, teams: before.teams };
        await record(within, {
          actor,
          action: 'scim.group-mapped',
          id,
          detail: { roles, teams, before: was },
        });
        for (const { value } of before.members) {
          await regrant(deps, within, value, actor);
          touched.add(value);
        }
        return toSettings(await get(within, id));
      }),
  });
}
export type ScimGroups = ReturnType<typeof createScimGroups>;
