import { scimRoutes as contracts, federationRoutes, type Role } from '@bartizan/contracts';
import type { Actor } from '../../../audit/index.ts';
import {
  type HandlerInput,
  implement,
  type Principal,
  type RequestContext,
  type RouteImplementation,
} from '../../../platform/http/index.ts';
import { demandMayGrant } from '../../people.ts';
import { createSettingsStore } from '../settings.ts';
import { baseUrlOf, change, regrant, type ScimDeps } from './deps.ts';
import { resourceType, resourceTypes, schema, schemas, serviceProviderConfig } from './discovery.ts';
import { createScimGroups } from './groups.ts';
import type { Resource } from './patch.ts';
import { ScimProblem, toBody } from './problem.ts';
import type { ScimTokens } from './tokens.ts';
import { createUserStore } from './user-store.ts';
import { createScimUsers } from './users.ts';

type ScimContract = (typeof contracts)[keyof typeof contracts];

const actorOf = ({ kind, id, name }: Principal): Actor => ({ kind, id, name });

/** A handler of SCIM: what a directory asked for wrongly goes out in SCIM's own form of an error. */
function scim<C extends ScimContract>(
  contract: C,
  handle: (input: HandlerInput<C>, context: RequestContext) => Promise<Resource | undefined>,
): RouteImplementation {
  return implement(
    contract as ScimContract,
    (async (input: HandlerInput<C>, context: RequestContext) => {
      try {
        const answer = await handle(input, context);
        if (answer === undefined) context.status(204);
        return answer ?? {};
      } catch (error) {
        if (!(error instanceof ScimProblem)) throw error;
        context.status(error.status);
        return toBody(error);
      }
    }) as never,
  );
}

function created(context: RequestContext, resource: Resource): Resource {
  context.status(201);
  const { location } = resource.meta as { location: string };
  context.setHeader('location', location);
  return resource;
}

function resourceRoutes(deps: ScimDeps): RouteImplementation[] {
  const users = createScimUsers(deps);
  const groups = createScimGroups(deps);
  const kinds = [
    {
      service: users,
      of: {
        list: contracts.users,
        add: contracts.addUser,
        replace: contracts.replaceUser,
        patch: contracts.patchUser,
        remove: contracts.removeUser,
      },
    },
    {
      service: groups,
      of: {
        list: contracts.groups,
        add: contracts.addGroup,
        replace: contracts.replaceGroup,
        patch: contracts.patchGroup,
        remove: contracts.removeGroup,
      },
    },
  ];
  return [
    scim(contracts.user, ({ params }) => users.get(params.id)),
    scim(contracts.group, ({ params, query }) => groups.get(params.id, query)),
    ...kinds.flatMap(({ service, of }) => [
      scim(of.list, ({ query }) => service.list(query)),
      scim(of.add, async ({ body }, context) =>
        created(context, await service.add(body, actorOf(context.principal))),
      ),
      scim(of.replace, ({ params, body }, { principal }) =>
        service.replace(params.id, body, actorOf(principal)),
      ),
      scim(of.patch, ({ params, body }, { principal }) => service.patch(params.id, body, actorOf(principal))),
      scim(of.remove, async ({ params }, { principal }) => {
        await service.remove(params.id, actorOf(principal));
        return undefined;
      }),
    ]),
  ];
}

function discoveryRoutes(deps: ScimDeps): RouteImplementation[] {
  return [
    scim(contracts.config, async () => serviceProviderConfig(baseUrlOf(deps))),
    scim(contracts.resourceTypes, async () => resourceTypes(baseUrlOf(deps))),
    scim(contracts.resourceType, async ({ params }) => resourceType(baseUrlOf(deps), params.id)),
    scim(contracts.schemas, async () => schemas(baseUrlOf(deps))),
    scim(contracts.schema, async ({ params }) => schema(baseUrlOf(deps), params.id)),
  ];
}

/** What people set: tokens, default roles, and what groups give. */
function settingsRoutes(deps: ScimDeps & { readonly tokens: ScimTokens }): RouteImplementation[] {
  const { db, audit, tokens } = deps;
  const groups = createScimGroups(deps);
  const settings = async () => ({
    baseUrl: baseUrlOf(deps),
    defaultRoles: (await createSettingsStore(db).read()).scim_default_roles,
    people: await createUserStore(db).count(),
    groups: await groups.settings(),
  });

  /** Holds at once for everybody who is provisioned. */
  function setDefaultRoles(roles: Role[], actor: Actor): Promise<void> {
    return change(deps, async (within, touched) => {
      const { scim_default_roles: before } = await createSettingsStore(within).read();
      await createSettingsStore(within).write({ scim_default_roles: roles });
      const detail = { defaultRoles: roles, before };
      await audit.record(
        { actor, action: 'scim.settings-changed', subject: 'settings:scim', detail },
        within,
      );
      const people = await within
        .selectFrom('scim_users')
        .select('person_id')
        .where('deleted_at', 'is', null)
        .execute();
      for (const { person_id: id } of people) {
        await regrant(deps, within, id, actor);
        touched.add(id);
      }
    });
  }

  return [
    implement(federationRoutes.scimSettings, settings),
    implement(federationRoutes.updateScimSettings, async ({ body }, { principal }) => {
      demandMayGrant(principal, body.defaultRoles);
      await setDefaultRoles([...new Set(body.defaultRoles)], actorOf(principal));
      return settings();
    }),
    implement(federationRoutes.mapScimGroup, ({ params, body }, { principal }) => {
      demandMayGrant(principal, body.roles);
      return groups.map(params.id, body, actorOf(principal));
    }),
    implement(federationRoutes.scimTokens, async () => ({ items: await tokens.list() })),
    implement(federationRoutes.addScimToken, async ({ body }, { principal }) => {
      // Whoever provisions gives every role that is mapped, and decides who has an account.
      demandMayGrant(principal, ['administrator']);
      return tokens.add(body, actorOf(principal));
    }),
    implement(federationRoutes.revokeScimToken, async ({ params }, { principal }) => {
      await tokens.revoke(params.id, actorOf(principal));
      return {};
    }),
  ];
}

/** The handlers of `contracts/scim.ts`, and of provisioning in `contracts/federation.ts`. */
export function createScimRoutes(
  deps: ScimDeps & { readonly tokens: ScimTokens },
): readonly RouteImplementation[] {
  return Object.freeze([...resourceRoutes(deps), ...discoveryRoutes(deps), ...settingsRoutes(deps)]);
}
