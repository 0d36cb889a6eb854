import type { Team, TeamDetail } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Principal } from '../../platform/http/index.ts';
import type { IdentityDeps } from '../deps.ts';
import { createPeopleStore } from '../people-store.ts';
import type { IdentityDatabase } from '../tables.ts';
import { createTeamStore, type TeamRow } from './store.ts';

export interface TeamFields {
  readonly name: string;
  readonly description: string;
}

const noSuchTeam = () =>
  new AppError('not_found', 'there is no such team', { hint: 'List the teams to see their ids.' });

const nameTaken = (name: string, cause: unknown) =>
  new AppError('conflict', `there is already a team called "${name}"`, {
    hint: 'Choose another name.',
    issues: [{ path: 'name', message: 'already taken' }],
    cause,
  });

/** SQLSTATE of an error of the database; '' of others. */
const sqlState = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
const UNIQUE = '23505';
/** foreign_key_violation and, from PostgreSQL 18 on, restrict_violation. */
const REFERRED_TO = ['23503', '23001'];

const toTeam = (row: TeamRow): Team => ({
  id: row.id,
  name: row.name,
  description: row.description,
  createdAt: row.created_at.getTime(),
  people: row.people,
});

/** Teams and who is in them. Only members that people put there by hand can be taken out by hand. */
export function createTeamService(deps: IdentityDeps) {
  const { db, audit, events, clock } = deps;

  async function detail(within: IdentityDatabase, id: string): Promise<TeamDetail> {
    const store = createTeamStore(within);
    const row = await store.byId(id);
    if (!row) throw noSuchTeam();
    return { ...toTeam(row), members: (await store.members(id)).map((member) => ({ ...member })) };
  }

  /** Does something to a team with its audit entry in one transaction. */
  function change(
    by: Principal,
    id: string,
    run: (tx: IdentityDatabase) => Promise<{ action: string; detail: object } | null>,
  ): Promise<void> {
    const actor = { kind: by.kind, id: by.id, name: by.name };
    return db.transaction().execute(async (tx) => {
      const entry = await run(tx);
      if (!entry) return;
      const { action, detail: facts } = entry;
      await audit.record({ actor, action, subject: `team:${id}`, detail: { ...facts } }, tx);
    });
  }

  function membershipChanged(personId: string): void {
    events.emit('people.changed', { personId });
    events.emit('keys.changed', { reason: 'the owner of keys changed teams' });
  }

  return Object.freeze({
    /** All teams for who looks after the whole instance, their own for everybody else. */
    async list(reader: Pick<Principal, 'teams'>): Promise<Team[]> {
      const ids = reader.teams === '*' ? null : [...reader.teams];
      return (await createTeamStore(db).list(ids)).map(toTeam);
    },

    /** Throws `not_found` for a team that the reader has nothing to do with. */
    async get(id: string, reader: Pick<Principal, 'teams'>): Promise<TeamDetail> {
      if (reader.teams !== '*' && !reader.teams.has(id)) throw noSuchTeam();
      return detail(db, id);
    },

    async create(fields: TeamFields, by: Principal): Promise<TeamDetail> {
      const id = uuidv7(clock.now());
      try {
        await change(by, id, async (tx) => {
          await createTeamStore(tx).add({ id, ...fields, created_at: new Date(clock.now()) });
          return { action: 'teams.created', detail: { name: fields.name } };
        });
      } catch (cause) {
        throw sqlState(cause) === UNIQUE ? nameTaken(fields.name, cause) : cause;
      }
      return detail(db, id);
    },

    async update(id: string, fields: TeamFields, by: Principal): Promise<TeamDetail> {
      try {
        await change(by, id, async (tx) => {
          const before = await createTeamStore(tx).byId(id);
          if (!before || !(await createTeamStore(tx).update(id, { ...fields }))) throw noSuchTeam();
          return { action: 'teams.changed', detail: { name: fields.name, before: before.name } };
        });
      } catch (cause) {
        throw sqlState(cause) === UNIQUE ? nameTaken(fields.name, cause) : cause;
      }
      return detail(db, id);
    },

    /** Throws `conflict` while endpoints or service accounts belong to it. */
    async remove(id: string, by: Principal): Promise<void> {
      let members: string[] = [];
      try {
        await change(by, id, async (tx) => {
          const store = createTeamStore(tx);
          const before = await store.byId(id);
          members = (await store.members(id)).map((member) => member.id);
          if (!before || !(await store.remove(id))) throw noSuchTeam();
          return { action: 'teams.removed', detail: { name: before.name, people: before.people } };
        });
      } catch (cause) {
        if (!REFERRED_TO.includes(sqlState(cause))) throw cause;
        throw new AppError('conflict', 'something still belongs to this team', {
          hint: 'Give its endpoints and service accounts to another team, or to everybody, first.',
          cause,
        });
      }
      for (const personId of members) membershipChanged(personId);
    },

    async addMember(id: string, personId: string, by: Principal): Promise<TeamDetail> {
      await change(by, id, async (tx) => {
        const store = createTeamStore(tx);
        if (!(await store.byId(id))) throw noSuchTeam();
        const person = await createPeopleStore(tx).byId(personId);
        if (!person) throw new AppError('not_found', 'there is no such person');
        if (!(await store.join(id, personId, 'manual'))) return null;
        return { action: 'teams.joined', detail: { person: personId, name: person.name } };
      });
      membershipChanged(personId);
      return detail(db, id);
    },

    /** Throws `conflict` when an identity provider says that the person is in it: that is changed there. */
    async removeMember(id: string, personId: string, by: Principal): Promise<TeamDetail> {
      await change(by, id, async (tx) => {
        const store = createTeamStore(tx);
        const member = (await store.members(id)).find((one) => one.id === personId);
        if (!(await store.byId(id))) throw noSuchTeam();
        if (!member) throw new AppError('not_found', 'this person is not in the team');
        if (!member.sources.includes('manual')) {
          throw new AppError(
            'conflict',
            `${member.name} is in this team by a group of the identity provider`,
            {
              hint: 'Take them out of that group, or change which team the group stands for.',
            },
          );
        }
        await store.leave(id, personId, 'manual');
        return { action: 'teams.left', detail: { person: personId, name: member.name } };
      });
      membershipChanged(personId);
      return detail(db, id);
    },
  });
}
export type TeamService = ReturnType<typeof createTeamService>;
