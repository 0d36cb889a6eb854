import { identityRoutes as contracts, type SignInAnswer } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../platform/http/index.ts';
import type { Auth } from './auth.ts';
import { callerOf, demandPerson, withCookies } from './callers.ts';
import type { KeyService } from './keys.ts';
import type { PeopleService } from './people.ts';
import { permissionAnswers } from './permission-answers.ts';
import type { SessionService } from './sessions.ts';
import type { SignInService } from './sign-in.ts';

export interface RouteDeps {
  readonly auth: Auth;
  readonly signIn: SignInService;
  readonly people: PeopleService;
  readonly sessions: SessionService;
  readonly keys: KeyService;
  readonly version: string;
}

function authRoutes({ auth, signIn, sessions, version }: RouteDeps): RouteImplementation[] {
  return [
    implement(contracts.state, async () => ({ setUp: await signIn.isSetUp(), version })),
    implement(contracts.setup, async ({ body }, context) => {
      const { me } = withCookies(context, await signIn.setUp(body, callerOf(context)));
      return me;
    }),
    implement(
      contracts.login,
      async ({ body }, context) =>
        withCookies(context, await signIn.login(body, callerOf(context))) as SignInAnswer,
    ),
    implement(
      contracts.acceptInvite,
      async ({ body }, context) =>
        withCookies(context, await signIn.acceptInvite(body, callerOf(context))) as SignInAnswer,
    ),
    implement(contracts.logout, async (_, context) => {
      const { id, name } = demandPerson(context.principal);
      await sessions.noteSignOut({ kind: 'person', id, name });
      context.setHeader('set-cookie', await auth.signOut(callerOf(context)));
      return {};
    }),
    implement(contracts.permissions, async (_, { principal }) => ({ items: permissionAnswers(principal) })),
    implement(contracts.me, async (_, { principal }) => sessions.me(principal)),
    implement(contracts.changePassword, async ({ body }, context) => {
      const { sessionId, ...person } = demandPerson(context.principal);
      const session = { person, sessionId };
      context.setHeader('set-cookie', await signIn.changePassword(session, body, callerOf(context)));
      return {};
    }),
    implement(contracts.sessions, async (_, { principal }) => ({
      items: await sessions.list(demandPerson(principal)),
    })),
    implement(contracts.revokeSession, async ({ params }, { principal }) => {
      await sessions.end(demandPerson(principal), params.id);
      return {};
    }),
  ];
}

/** The handlers of `contracts/identity.ts`. */
export function createRoutes(deps: RouteDeps): readonly RouteImplementation[] {
  const { people, keys } = deps;
  return Object.freeze([
    ...authRoutes(deps),
    implement(contracts.people, async () => ({ items: await people.list() })),
    implement(contracts.addPerson, ({ body }, { principal }) => people.add(body, principal)),
    implement(contracts.updatePerson, ({ params, body }, { principal }) =>
      people.update(params.id, body, principal),
    ),
    implement(contracts.keys, async (_, { principal }) => ({ items: await keys.list(principal) })),
    implement(contracts.createKey, ({ body }, { principal }) => keys.create(body, principal)),
    implement(contracts.revokeKey, async ({ params }, { principal }) => {
      await keys.revoke(params.id, principal);
      return {};
    }),
  ]);
}
