import { teamRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../platform/http/index.ts';
import type { TeamService } from './service.ts';

/** The handlers of `contracts/teams.ts`. */
export function createTeamRoutes(teams: TeamService): readonly RouteImplementation[] {
  return Object.freeze([
    implement(contracts.list, async (_, { principal }) => ({ items: await teams.list(principal) })),
    implement(contracts.get, ({ params }, { principal }) => teams.get(params.id, principal)),
    implement(contracts.create, ({ body }, { principal }) => teams.create(body, principal)),
    implement(contracts.update, ({ params, body }, { principal }) =>
      teams.update(params.id, body, principal),
    ),
    implement(contracts.remove, async ({ params }, { principal }) => {
      await teams.remove(params.id, principal);
      return {};
    }),
    implement(contracts.addMember, ({ params }, { principal }) =>
      teams.addMember(params.id, params.personId, principal),
    ),
    implement(contracts.removeMember, ({ params }, { principal }) =>
      teams.removeMember(params.id, params.personId, principal),
    ),
  ]);
}
