import type { Me, Session } from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../kernel/error.ts';
import type { Principal } from '../platform/http/index.ts';
import type { IdentityDeps } from './deps.ts';
import { createPeopleStore } from './people-store.ts';
import { meOf } from './sign-in.ts';
import { createTeamStore } from './teams/store.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A person's own sessions. */
export function createSessionService({ db, audit, clock }: Pick<IdentityDeps, 'db' | 'audit' | 'clock'>) {
  const people = createPeopleStore(db);
  return Object.freeze({
    async me(principal: Principal): Promise<Me> {
      if (principal.kind === 'gateway') throw new AppError('forbidden', 'a gateway is nobody');
      if (principal.kind === 'person') {
        const person = await people.byId(principal.id);
        if (!person) throw new AppError('unauthenticated', 'this account is gone');
        return meOf(person);
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
      };
    },

    async list(principal: Principal): Promise<z.infer<typeof Session>[]> {
      const rows = await people.sessionsOf(principal.id, new Date(clock.now()));
      return rows.map((row) => ({
        id: row.id,
        createdAt: row.created_at.getTime(),
        lastSeenAt: (row.last_seen_at ?? row.created_at).getTime(),
        expiresAt: row.expires_at.getTime(),
        address: row.ip_address,
        userAgent: row.user_agent,
        current: row.id === principal.sessionId,
      }));
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

    /** Housekeeping: forgets sessions that are over. */
    endExpired: (): Promise<void> => people.endExpiredSessions(new Date(clock.now())),
  });
}
export type SessionService = ReturnType<typeof createSessionService>;
