import { AppError } from '../kernel/error.ts';
import type { Principal } from '../platform/http/types.ts';

/** Who looks: what bounds the things that are there for them. */
export type Viewer = Pick<Principal, 'teams' | 'endpoints'>;

/**
 * What is there for a caller: everything, or what hangs on some endpoints. `strays`: also what hangs on none,
 * such as a request that named no endpoint.
 */
export type Sight = '*' | { readonly endpoints: ReadonlySet<string>; readonly strays: boolean };

/** Whether an endpoint is there for the viewer. Anything else must be answered as if there were no such thing. */
export function reaches(
  viewer: Viewer,
  endpoint: { readonly id: string; readonly teamId: string | null },
): boolean {
  if (viewer.endpoints && !viewer.endpoints.has(endpoint.id)) return false;
  return viewer.teams === '*' || endpoint.teamId === null || viewer.teams.has(endpoint.teamId);
}

/** Whether what hangs on the endpoint with this id (null: on none) is in sight. */
export function sees(sight: Sight, endpointId: string | null): boolean {
  if (sight === '*') return true;
  return endpointId === null ? sight.strays : sight.endpoints.has(endpointId);
}

/** As {@link sees} for an id that a caller gave: throws `not_found`, whether it is hidden or not there at all. */
export function demandSight(sight: Sight, endpointId: string | undefined): void {
  if (endpointId === undefined || sees(sight, endpointId)) return;
  throw new AppError('not_found', 'there is no such endpoint', {
    hint: 'List the endpoints to see their ids.',
  });
}
