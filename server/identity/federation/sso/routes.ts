import { federationRoutes as contracts } from '@bartizan/contracts';
import { implement, type RequestContext, type RouteImplementation } from '../../../platform/http/index.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Caller } from '../../auth.ts';
import type { SsoFlow, Step } from './flow.ts';
import type { ProviderService } from './providers.ts';

type AnyContext = RequestContext<Principal | null>;

const callerOf = (context: AnyContext): Caller => ({
  address: context.address,
  userAgent: context.userAgent,
  cookie: context.header('cookie'),
});

function follow(context: AnyContext, { location, cookies }: Step) {
  if (cookies.length > 0) context.setHeader('set-cookie', cookies);
  return { location };
}

/** The handlers of single sign-on in `contracts/federation.ts`. */
export function createSsoRoutes(deps: {
  readonly flow: SsoFlow;
  readonly providers: ProviderService;
}): readonly RouteImplementation[] {
  const { flow, providers } = deps;
  return Object.freeze([
    implement(contracts.ssoButtons, () => providers.buttons()),
    implement(contracts.ssoStart, async ({ params, query }, context) => {
      const host = context.header('host') ?? '';
      return follow(context, await flow.start(params.id, query, callerOf(context), host));
    }),
    implement(contracts.ssoCallback, async ({ params, query }, context) =>
      follow(context, await flow.callback(params.id, query, callerOf(context))),
    ),
    implement(contracts.providers, async () => ({
      items: await providers.list(),
      settings: await providers.settings(),
      redirectUri: providers.redirectUri,
    })),
    implement(contracts.addProvider, ({ body }, { principal }) => providers.add(body, principal)),
    implement(contracts.updateProvider, ({ params, body }, { principal }) =>
      providers.update(params.id, body, principal),
    ),
    implement(contracts.removeProvider, async ({ params }, { principal }) => {
      await providers.remove(params.id, principal);
      return {};
    }),
    implement(contracts.testProvider, ({ body }) => providers.test(body)),
    implement(contracts.updateSsoSettings, ({ body }, { principal }) => providers.change(body, principal)),
  ]);
}
