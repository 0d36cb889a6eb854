import { factorRoutes as contracts, type SignInAnswer } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../platform/http/index.ts';
import { callerOf, demandPerson, withCookies } from '../callers.ts';
import type { SessionService } from '../sessions.ts';
import type { SignInService } from '../sign-in.ts';
import type { Alarms } from './alarms.ts';
import type { BreakGlass } from './break-glass.ts';
import type { EntryService } from './entry.ts';
import type { ForOthers } from './for-others.ts';
import type { OwnFactors } from './own-factors.ts';
import type { SettingsService } from './settings.ts';
import type { StepUpService } from './step-up.ts';

export interface FactorRouteDeps {
  readonly entry: EntryService;
  readonly signIn: Pick<SignInService, 'reset'>;
  readonly stepUp: StepUpService;
  readonly own: OwnFactors;
  readonly others: ForOthers;
  readonly sessions: SessionService;
  readonly settings: SettingsService;
  readonly breakGlass: BreakGlass;
  readonly alarms: Alarms;
}

function signInRoutes({ entry, signIn, stepUp }: FactorRouteDeps): RouteImplementation[] {
  return [
    implement(contracts.secondFactor, async ({ body }, context) =>
      withCookies(context, await entry.second(body, callerOf(context))),
    ),
    implement(contracts.secondFactorPasskey, (_, context) => entry.secondOptions(callerOf(context))),
    implement(contracts.passkeyOptions, async (_, context) => {
      const { options } = withCookies(context, await entry.passkeyOptions(callerOf(context)));
      return options;
    }),
    implement(contracts.passkey, async ({ body }, context) =>
      withCookies(context, await entry.withPasskey(body.assertion, callerOf(context))),
    ),
    implement(
      contracts.reset,
      async ({ body }, context) =>
        withCookies(context, await signIn.reset(body, callerOf(context))) as SignInAnswer,
    ),
    implement(contracts.stepUp, ({ body }, context) =>
      stepUp.confirm(demandPerson(context.principal), body, callerOf(context)),
    ),
    implement(contracts.stepUpPasskey, (_, { principal }) => stepUp.passkeyOptions(demandPerson(principal))),
  ];
}

function ownRoutes({ own, sessions }: FactorRouteDeps): RouteImplementation[] {
  return [
    implement(contracts.list, (_, { principal }) => own.list(demandPerson(principal).id)),
    implement(contracts.totpBegin, (_, { principal }) => own.totpBegin(demandPerson(principal))),
    implement(contracts.totpConfirm, ({ body }, context) =>
      own.totpConfirm(demandPerson(context.principal), body.code, callerOf(context)),
    ),
    implement(contracts.totpRemove, async (_, { principal }) => {
      await own.totpRemove(demandPerson(principal));
      return {};
    }),
    implement(contracts.recoveryCodes, (_, { principal }) => own.recoveryCodes(demandPerson(principal))),
    implement(contracts.passkeyBegin, (_, { principal }) => own.passkeyBegin(demandPerson(principal))),
    implement(contracts.passkeyAdd, ({ body }, { principal }) =>
      own.passkeyAdd(demandPerson(principal), body),
    ),
    implement(contracts.passkeyRename, ({ params, body }, { principal }) =>
      own.passkeyRename(demandPerson(principal), params.id, body.name),
    ),
    implement(contracts.passkeyRemove, async ({ params }, { principal }) => {
      await own.passkeyRemove(demandPerson(principal), params.id);
      return {};
    }),
    implement(contracts.endSessions, (_, { principal }) => sessions.endOthers(demandPerson(principal))),
  ];
}

function administrationRoutes(deps: FactorRouteDeps): RouteImplementation[] {
  const { others, sessions, settings, breakGlass, alarms } = deps;
  return [
    implement(contracts.settings, () => settings.read()),
    implement(contracts.changeSettings, ({ body }, { principal }) => settings.change(body, principal)),
    implement(contracts.resetFactors, async ({ params }, { principal }) => {
      await others.resetFactors(params.id, principal, principal.ownerId ?? null);
      return {};
    }),
    implement(contracts.resetLink, ({ params }, { principal }) =>
      others.resetLink(params.id, principal, principal.ownerId ?? null),
    ),
    implement(contracts.sessionsOf, async ({ params }, { principal }) => ({
      items: await sessions.listOf(params.id, principal.sessionId),
    })),
    implement(contracts.endSessionOf, async ({ params }, { principal }) => {
      await others.endSession(params.id, params.sessionId, principal);
      return {};
    }),
    implement(contracts.endSessionsOf, ({ params }, { principal }) =>
      others.endSessions(params.id, principal),
    ),
    implement(contracts.addBreakGlass, ({ body }, { principal }) => breakGlass.add(body, principal)),
    implement(contracts.rotateBreakGlass, ({ params }, { principal }) =>
      breakGlass.rotate(params.id, principal),
    ),
    implement(contracts.alarms, () => alarms.list()),
    implement(contracts.acknowledgeAlarm, ({ params, body }, { principal }) =>
      alarms.acknowledge(params.id, body.note, principal),
    ),
  ];
}

/** The handlers of `contracts/factors.ts`. */
export const createFactorRoutes = (deps: FactorRouteDeps): readonly RouteImplementation[] =>
  Object.freeze([...signInRoutes(deps), ...ownRoutes(deps), ...administrationRoutes(deps)]);
