import { identityRoutes as contracts } from '@bartizan/contracts';
import { AppError } from '../kernel/error.ts';
import {
  implement,
  type Principal,
  type RequestContext,
  type RouteImplementation,
} from '../platform/http/index.ts';
import type { Auth, Caller } from './auth.ts';
import type { KeyService } from './keys.ts';
import type { PeopleService } from './people.ts';
import type { SessionService } from './sessions.ts';
import type { SignInService, Welcome } from './sign-in.ts';

export interface RouteDeps {
  readonly auth: Auth;
  readonly signIn: SignInService;
  readonly people: PeopleService;
  readonly sessions: SessionService;
  readonly keys: KeyService;
  readonly version: string;
}

type AnyContext = RequestContext<Principal | null>;

const callerOf = (context: AnyContext): Caller => ({
  address: context.address,
  userAgent: context.userAgent,
  cookie: context.header('cookie'),
});

/** Keys have no password, session or account of their own. */
function demandPerson(principal: Principal): Principal {
  if (principal.kind === 'person') return principal;
  throw new AppError('forbidden', 'this is for people who are signed in, not for keys');
}

function answerWelcome(context: AnyContext, { me, cookies }: Welcome) {
  context.setHeader('set-cookie', cookies);
  return me;
}

function authRoutes({ auth, signIn, sessions, version }: RouteDeps): RouteImplementation[] {
  return [
    implement(contracts.state, async () => ({ setUp: await signIn.isSetUp(), version })),
    implement(contracts.setup, async ({ body }, context) =>
      answerWelcome(context, await signIn.setUp(body, callerOf(context))),
    ),
    implement(contracts.login, async ({ body }, context) =>
      answerWelcome(context, await signIn.login(body, callerOf(context))),
    ),
    implement(contracts.acceptInvite, async ({ body }, context) =>
      answerWelcome(context, await signIn.acceptInvite(body, callerOf(context))),
    ),
    implement(contracts.logout, async (_, context) => {
      demandPerson(context.principal);
      context.setHeader('set-cookie', await auth.signOut(callerOf(context)));
      return {};
    }),
    implement(contracts.me, async (_, { principal }) => sessions.me(principal)),
    implement(contracts.changePassword, async ({ body }, context) => {
      const person = demandPerson(context.principal);
      context.setHeader('set-cookie', await signIn.changePassword(person, body, callerOf(context)));
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
    implement(contracts.keys, async () => ({ items: await keys.list() })),
    implement(contracts.createKey, ({ body }, { principal }) => keys.create(body, principal)),
    implement(contracts.revokeKey, async ({ params }, { principal }) => {
      await keys.revoke(params.id, principal);
      return {};
    }),
  ]);
}
