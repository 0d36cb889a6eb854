import type { Me, Session } from '@bartizan/contracts';
import type { z } from 'zod';
import type { Actor } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import type { Principal } from '../platform/http/index.ts';
import type { IdentityDeps } from './deps.ts';
import { readSessionFacts } from './factors/session-facts.ts';
import { meOf } from './me.ts';
import { createPeopleStore } from './people-store.ts';
import { createTeamStore } from './teams/store.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A person's own sessions. */
export function createSessionService({ db, audit, clock }: Pick<IdentityDeps, 'db' | 'audit' | 'clock'>) {
  const people = createPeopleStore(db);

  async function listOf(personId: string, current: string | undefined): Promise<z.infer<typeof Session>[]> {
    const rows = await people.sessionsOf(personId, new Date(clock.now()));
    return rows.map((row) => ({
      id: row.id,
      createdAt: row.created_at.getTime(),
      lastSeenAt: (row.last_seen_at ?? row.created_at).getTime(),
      expiresAt: row.expires_at.getTime(),
      address: row.ip_address,
      userAgent: row.user_agent,
      current: row.id === current,
    }));
  }

  return Object.freeze({
    async me(principal: Principal): Promise<Me> {
      if (principal.kind === 'gateway') throw new AppError('forbidden', 'a gateway is nobody');
      if (principal.kind === 'person') {
        const person = await people.byId(principal.id);
        if (!person) throw new AppError('unauthenticated', 'this account is gone');
        const facts = await readSessionFacts(db, principal.sessionId ?? '', person, clock.now());
        if (!facts) throw new AppError('unauthenticated', 'this session is over');
        return meOf(person, { ...facts, hasPassword: await people.hasPassword(person.id) });
      }
      const { id, name, permissions, teams } = principal;
      const ids = teams === '*' ? [] : [...teams];
      const own = await createTeamStore(db).list(ids);
      return {
        kind: 'key',
        id,
        name,
        email: null,
        roles: [],
        permissions: [...permissions],
        teams: own.map((team) => ({ id: team.id, name: team.name })),
        everyTeam: teams === '*',
        factors: [],
        confirmWith: [],
        confirmedUntil: null,
        mustEnrol: false,
        breakGlass: false,
      };
    },

    list: (principal: Pick<Principal, 'id' | 'sessionId'>) => listOf(principal.id, principal.sessionId),

    /** Sessions of a person; `current` is the one that asks. Throws `not_found`. */
    async listOf(personId: string, current: string | undefined): Promise<z.infer<typeof Session>[]> {
      if (!(await people.byId(personId))) throw new AppError('not_found', 'there is no such person');
      return listOf(personId, current);
    },

    /** Ends one of the caller's own sessions. Somebody else's is not found. */
    async end(principal: Principal, sessionId: string): Promise<void> {
      const ended = UUID.test(sessionId) ? await people.endSessions(principal.id, sessionId) : 0;
      if (ended === 0) throw new AppError('not_found', 'there is no such session');
      const actor = { kind: principal.kind, id: principal.id, name: principal.name };
      await audit.record({
        actor,
        action: 'people.session-ended',
        subject: `session:${sessionId}`,
        detail: {},
      });
    },

    /** Before somebody signs out. */
    noteSignOut: (actor: Actor): Promise<void> =>
      audit.record({ actor, action: 'people.signed-out', subject: `person:${actor.id}`, detail: {} }),

    /** Ends the caller's sessions but the one that asks; returns how many. */
    async endOthers(principal: Principal & { sessionId: string }): Promise<{ ended: number }> {
      const { kind, id, name, sessionId } = principal;
      return db.transaction().execute(async (transaction) => {
        const ended = await createPeopleStore(transaction).endSessions(id, null, sessionId);
        const entry = { actor: { kind, id, name }, action: 'people.sessions-ended', subject: `person:${id}` };
        await audit.record({ ...entry, detail: { ended } }, transaction);
        return { ended };
      });
    },

    /** Housekeeping: forgets sessions that are over. */
    endExpired: (): Promise<void> => people.endExpiredSessions(new Date(clock.now())),
  });
}
export type SessionService = ReturnType<typeof createSessionService>;
