import type { Me } from '@bartizan/contracts';
import { SYSTEM } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { Attempts } from './attempts.ts';
import type { Auth, Caller } from './auth.ts';
import type { IdentityDeps } from './deps.ts';
import { isOverAllTeams, type PersonRow, permissionsOf } from './model.ts';
import type { Passwords } from './passwords.ts';
import { createPeopleStore } from './people-store.ts';
import { hashToken, newToken } from './tokens.ts';

const SETUP_MS = 7 * 24 * 60 * 60_000;

export interface SignInDeps extends IdentityDeps {
  readonly auth: Auth;
  readonly attempts: Attempts;
  readonly passwords: Passwords;
}

/** Somebody who just signed in, and the Set-Cookie headers that say so. */
export interface Welcome {
  readonly me: Me;
  readonly cookies: string[];
}

export function meOf(person: PersonRow): Me {
  return {
    kind: 'person',
    id: person.id,
    name: person.name,
    email: person.email,
    roles: person.roles,
    permissions: [...permissionsOf(person.roles)],
    teams: person.teams,
    everyTeam: isOverAllTeams(person.roles),
  };
}

const expired = (what: string, hint: string) =>
  new AppError('gone', `this ${what} link was used or is too old`, { hint });
const setupExpired = () =>
  expired('setup', 'If nobody administers Bartizan yet, restart it: it prints a new link.');
const inviteExpired = () => expired('invitation', 'Ask an administrator to invite you again.');

/** Signing in, and the two links that lead to a first password. */
export function createSignInService(deps: SignInDeps) {
  const { db, audit, events, clock, auth, attempts, passwords } = deps;
  const people = createPeopleStore(db);

  async function welcome(email: string, password: string, caller: Caller): Promise<Welcome | null> {
    const signedIn = await auth.signIn(email, password, caller);
    const person = signedIn && (await people.byId(signedIn.personId));
    return person ? { me: meOf(person), cookies: signedIn.cookies } : null;
  }

  async function welcomeNew(email: string, password: string, caller: Caller): Promise<Welcome> {
    const result = await welcome(email, password, caller);
    if (!result)
      throw new AppError('conflict', 'the account was made, but signing in did not work; try again');
    return result;
  }

  return Object.freeze({
    isSetUp: async (): Promise<boolean> => (await people.countAdministrators(null)) > 0,

    /**
     * A new one-time link that makes the first administrator, good for 7 days; null once there is one.
     * Links printed earlier stay good too, until one is used.
     */
    async ensureSetupToken(): Promise<string | null> {
      const now = new Date(clock.now());
      await people.dropExpiredTokens(now);
      if ((await people.countAdministrators(null)) > 0) return null;
      const token = newToken();
      await people.addToken(hashToken(token), 'setup', null, new Date(clock.now() + SETUP_MS));
      return `${deps.publicUrl()}/setup?token=${token}`;
    },

    /** Makes the first administrator. Of several at once exactly one succeeds; the others get `gone`. */
    async setUp(
      input: { token: string; name: string; email: string; password: string },
      caller: Caller,
    ): Promise<Welcome> {
      const attempt = attempts.take(caller.address);
      const hash = hashToken(input.token);
      if (!(await people.knowsToken(hash, 'setup', new Date(clock.now())))) throw setupExpired();
      const passwordHash = await passwords.hash(input.password);
      const id = uuidv7(clock.now());
      await db.transaction().execute(async (transaction) => {
        const store = createPeopleStore(transaction);
        await store.lockAdministrators();
        const at = new Date(clock.now());
        if ((await store.countAdministrators(null)) > 0) throw setupExpired();
        if (!(await store.takeToken(hash, 'setup', at))) throw setupExpired();
        await store.dropTokens(null);
        await store.add({ id, name: input.name, email: input.email, roles: ['administrator'], at });
        await store.setFirstPassword(uuidv7(clock.now()), id, passwordHash, at);
        const entry = { actor: SYSTEM, action: 'people.set-up', subject: `person:${id}` };
        await audit.record({ ...entry, detail: { email: input.email } }, transaction);
      });
      attempt.forgive();
      events.emit('people.changed', { personId: id });
      return welcomeNew(input.email, input.password, caller);
    },

    /** Signs in. One answer for everything that does not fit, so that accounts cannot be probed. */
    async login(input: { email: string; password: string }, caller: Caller): Promise<Welcome> {
      const attempt = attempts.take(caller.address, input.email);
      const result = await welcome(input.email, input.password, caller);
      if (!result) throw new AppError('unauthenticated', 'e-mail address or password is wrong');
      attempt.forgive();
      const actor = { kind: 'person', id: result.me.id, name: result.me.name } as const;
      const detail = { address: caller.address };
      await audit.record({ actor, action: 'people.signed-in', subject: `person:${actor.id}`, detail });
      return result;
    },

    /** Sets the first password of an invited person and signs them in. */
    async acceptInvite(input: { token: string; password: string }, caller: Caller): Promise<Welcome> {
      const attempt = attempts.take(caller.address);
      const hash = hashToken(input.token);
      if (!(await people.knowsToken(hash, 'invite', new Date(clock.now())))) throw inviteExpired();
      const passwordHash = await passwords.hash(input.password);
      const person = await db.transaction().execute(async (transaction) => {
        const store = createPeopleStore(transaction);
        const at = new Date(clock.now());
        const taken = await store.takeToken(hash, 'invite', at);
        const invited = taken?.person_id ? await store.byId(taken.person_id) : undefined;
        if (!invited || invited.disabled || (await store.hasPassword(invited.id))) throw inviteExpired();
        await store.setFirstPassword(uuidv7(clock.now()), invited.id, passwordHash, at);
        const actor = { kind: 'person', id: invited.id, name: invited.name } as const;
        const subject = `person:${invited.id}`;
        await audit.record({ actor, action: 'people.joined', subject, detail: {} }, transaction);
        return invited;
      });
      attempt.forgive();
      events.emit('people.changed', { personId: person.id });
      return welcomeNew(person.email, input.password, caller);
    },

    /** Changes one's own password and ends all other sessions. Returns Set-Cookie headers. */
    async changePassword(
      person: { id: string; name: string },
      input: { current: string; next: string },
      caller: Caller,
    ): Promise<string[]> {
      const attempt = attempts.take(caller.address, `password of ${person.id}`);
      const cookies = await auth.changePassword(input.current, input.next, caller);
      if (!cookies) {
        throw new AppError('invalid_input', 'the current password is wrong', {
          issues: [{ path: 'current', message: 'this is not your current password' }],
        });
      }
      attempt.forgive();
      const actor = { kind: 'person', id: person.id, name: person.name } as const;
      const subject = `person:${person.id}`;
      await audit.record({ actor, action: 'people.password-changed', subject, detail: {} });
      return cookies;
    },
  });
}
export type SignInService = ReturnType<typeof createSignInService>;
