import type { Actor } from '../../../audit/index.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import { createPeopleStore } from '../../people-store.ts';
import type { IdentityDatabase } from '../../tables.ts';
import { endAccess, isLastAdministrator } from '../directory.ts';
import { createSettingsStore } from '../settings.ts';
import { baseUrlOf, change, regrant, type ScimDeps } from './deps.ts';
import type { Filter } from './filter.ts';
import { type ListQuery, listResponse, parseQuery, project } from './list.ts';
import { applyPatch, type Resource } from './patch.ts';
import { missing, ScimProblem, taken } from './problem.ts';
import { patchable, readUser, toUser, type UserInput, type UserRow } from './user-resource.ts';
import { createUserStore, type UserStore } from './user-store.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `attribute eq "text"` alone, which an index answers. */
function simple(filter: Filter | null): { attribute: string; value: string } | null {
  if (filter?.kind !== 'compare' || filter.op !== 'eq' || typeof filter.value !== 'string') return null;
  return { attribute: filter.attribute.join('.'), value: filter.value };
}

function candidates(store: UserStore, filter: Filter | null): Promise<UserRow[]> {
  const wanted = simple(filter);
  if (wanted?.attribute === 'username') return store.byUserName(wanted.value);
  if (wanted?.attribute === 'externalid') return store.byExternalId(wanted.value);
  return store.all();
}

/** People, provisioned by a directory. Emergency accounts are not there for it. */
export function createScimUsers(deps: ScimDeps) {
  const { db, audit, clock } = deps;
  const now = () => new Date(clock.now());

  async function get(within: IdentityDatabase, id: string): Promise<UserRow> {
    const row = UUID.test(id) ? await createUserStore(within).byId(id) : undefined;
    if (!row) throw missing('user');
    return row;
  }

  interface Happening {
    readonly actor: Actor;
    readonly action: string;
    readonly id: string;
    readonly detail: object;
  }
  async function record(within: IdentityDatabase, { actor, action, id, detail }: Happening) {
    await audit.record({ actor, action, subject: `person:${id}`, detail: { ...detail } }, within);
  }

  /**
   * The directory said whether somebody is active. It disables always, but enables only whom it had disabled
   * itself: whom people here disabled stays so. The last administrator is not disabled.
   */
  async function setActive(within: IdentityDatabase, row: UserRow, active: boolean): Promise<object | null> {
    const people = createPeopleStore(within);
    if (!active && !row.disabled) {
      const person = await people.byId(row.id);
      if (person && (await isLastAdministrator(within, person)))
        throw new ScimProblem(
          409,
          'mutability',
          'this is the last administrator: make somebody else one first',
        );
      await people.update(row.id, { disabled: true, updated_at: now() });
      return { disabled: true, ...(await endAccess(within, row.id, now())) };
    }
    if (active && row.disabled && !row.attributes.active) {
      await people.update(row.id, { disabled: false, updated_at: now() });
      return { disabled: false };
    }
    return null;
  }

  /** The address signs people in by password or links them, so it moves only where neither happened. */
  async function setAddress(within: IdentityDatabase, row: UserRow, input: UserInput, provisioned: boolean) {
    if (input.email === row.email || !provisioned) return;
    const people = createPeopleStore(within);
    const claimed = (await people.hasPassword(row.id)) || (await people.signsInElsewhere(row.id));
    if (claimed) return;
    if (await createPeopleStore(within).byEmail(input.email))
      throw taken('another account has this e-mail address');
    await within.updateTable('people').set({ email: input.email }).where('id', '=', row.id).execute();
  }

  async function write(
    within: IdentityDatabase,
    row: UserRow,
    input: UserInput,
    actor: Actor,
  ): Promise<UserRow> {
    const store = createUserStore(within);
    const provisioned = (await store.scim(row.id))?.provisioned ?? false;
    const active = await setActive(within, row, input.attributes.active);
    await setAddress(within, row, input, provisioned);
    await createPeopleStore(within).update(row.id, { name: input.displayName, updated_at: now() });
    await store.save(row.id, input, provisioned, now());
    await regrant(deps, within, row.id, actor);
    const { userName, externalId, email } = input;
    await record(within, {
      actor,
      action: 'scim.user-changed',
      id: row.id,
      detail: { userName, externalId, email, ...active },
    });
    return get(within, row.id);
  }

  /** Somebody whom the directory removed before, come back; their old sessions and keys stay ended. */
  async function revive(
    within: IdentityDatabase,
    id: string,
    input: UserInput,
    actor: Actor,
  ): Promise<UserRow> {
    const store = createUserStore(within);
    const known = await store.scim(id);
    if (!known || known.deleted_at === null)
      throw taken('there is already an account with this e-mail address');
    const { attributes } = known;
    await store.save(
      id,
      { ...input, attributes: { ...input.attributes, active: attributes.active } },
      known.provisioned,
      now(),
    );
    return write(within, await get(within, id), input, actor);
  }

  async function create(within: IdentityDatabase, input: UserInput, actor: Actor): Promise<UserRow> {
    const store = createUserStore(within);
    const people = createPeopleStore(within);
    if ((await store.byUserName(input.userName)).length > 0)
      throw taken('there is already a user of this name');
    const known = await people.byEmail(input.email);
    if (known?.break_glass) throw taken('there is already an account with this e-mail address');
    if (known) return revive(within, known.id, input, actor);
    const id = uuidv7(clock.now());
    const { scim_default_roles: roles } = await createSettingsStore(within).read();
    await people.add({ id, name: input.displayName, email: input.email, roles, at: now() });
    if (!input.attributes.active) await people.update(id, { disabled: true, updated_at: now() });
    await store.save(id, input, true, now());
    await regrant(deps, within, id, actor);
    const { userName, externalId, email, attributes } = input;
    await record(within, {
      actor,
      action: 'scim.user-created',
      id,
      detail: {
        userName,
        externalId,
        email,
        active: attributes.active,
      },
    });
    return get(within, id);
  }

  const shown = (row: UserRow): Resource => toUser(row, baseUrlOf(deps));

  return Object.freeze({
    async list(query: ListQuery): Promise<Resource> {
      const parsed = parseQuery(query);
      const rows = await candidates(createUserStore(db), parsed.filter);
      return listResponse(rows.map(shown), parsed);
    },

    get: async (id: string, query: ListQuery = {}): Promise<Resource> =>
      project(shown(await get(db, id)), parseQuery(query)),

    add: (body: Resource, actor: Actor): Promise<Resource> =>
      change(deps, async (within, touched) => {
        const row = await create(within, readUser(body), actor);
        touched.add(row.id);
        return shown(row);
      }),

    replace: (id: string, body: Resource, actor: Actor): Promise<Resource> =>
      change(deps, async (within, touched) => {
        const before = await get(within, id);
        touched.add(before.id);
        return shown(await write(within, before, readUser(body), actor));
      }),

    patch: (id: string, body: Resource, actor: Actor): Promise<Resource> =>
      change(deps, async (within, touched) => {
        const before = await get(within, id);
        touched.add(before.id);
        const after = applyPatch(patchable(before, baseUrlOf(deps)), body);
        return shown(await write(within, before, readUser(after), actor));
      }),

    /** Gone for the directory; here the account stays, disabled, because things refer to it. */
    remove: (id: string, actor: Actor): Promise<void> =>
      change(deps, async (within, touched) => {
        const before = await get(within, id);
        touched.add(before.id);
        const ended = await setActive(within, before, false);
        const attributes = { ...before.attributes, active: before.attributes.active && ended === null };
        await createUserStore(within).remove(before.id, { userName: before.user_name, attributes }, now());
        await regrant(deps, within, before.id, actor);
        await record(within, {
          actor,
          action: 'scim.user-removed',
          id: before.id,
          detail: { userName: before.user_name, ...ended },
        });
      }),
  });
}
export type ScimUsers = ReturnType<typeof createScimUsers>;
