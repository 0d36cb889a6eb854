import { z } from 'zod';
import { Empty, Id, Instant } from './common.ts';
import { defineRoute } from './route.ts';

/**
 * People who look after the same things. An endpoint of a team, and what hangs on it, is there only for its
 * members and for roles that look after the whole instance; for everybody else it does not exist (404).
 */
export const Team = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  createdAt: Instant,
  /** How many people are in it. */
  people: z.number().int().nonnegative(),
});
export type Team = z.infer<typeof Team>;

/** A team as something else refers to it. */
export const TeamRef = z.object({ id: Id, name: z.string() });
export type TeamRef = z.infer<typeof TeamRef>;

/** Who said that a person is in a team: people here, or an identity provider by its groups. */
export const MEMBERSHIP_SOURCES = ['manual', 'sso', 'scim'] as const;
export const MembershipSource = z.enum(MEMBERSHIP_SOURCES);
export type MembershipSource = z.infer<typeof MembershipSource>;

export const TeamMember = z.object({
  id: Id,
  name: z.string(),
  email: z.string(),
  /** People are in a team as long as one source says so; only `manual` can be changed here. */
  sources: z.array(MembershipSource),
});
export type TeamMember = z.infer<typeof TeamMember>;

export const TeamDetail = Team.extend({ members: z.array(TeamMember) });
export type TeamDetail = z.infer<typeof TeamDetail>;

export const TeamInput = z.object({
  name: z.string().trim().min(1).max(100),
  description: z.string().max(500).default(''),
});

const Params = z.object({ id: Id });
const MemberParams = z.object({ id: Id, personId: Id });

export const teamRoutes = {
  list: defineRoute({
    id: 'teams.list',
    method: 'GET',
    path: '/api/v1/teams',
    summary: 'Teams: your own, or all for roles that look after the whole instance',
    access: 'endpoints.read',
    response: z.object({ items: z.array(Team) }),
  }),
  get: defineRoute({
    id: 'teams.get',
    method: 'GET',
    path: '/api/v1/teams/:id',
    summary: 'A team and who is in it',
    access: 'people.read',
    params: Params,
    response: TeamDetail,
  }),
  create: defineRoute({
    id: 'teams.create',
    method: 'POST',
    path: '/api/v1/teams',
    summary: 'Create a team',
    access: 'people.manage',
    stepUp: true,
    body: TeamInput,
    response: TeamDetail,
  }),
  update: defineRoute({
    id: 'teams.update',
    method: 'PUT',
    path: '/api/v1/teams/:id',
    summary: 'Rename or describe a team',
    access: 'people.manage',
    stepUp: true,
    params: Params,
    body: TeamInput,
    response: TeamDetail,
  }),
  remove: defineRoute({
    id: 'teams.remove',
    method: 'DELETE',
    path: '/api/v1/teams/:id',
    summary: 'Remove a team that nothing belongs to any more',
    access: 'people.manage',
    stepUp: true,
    params: Params,
    response: Empty,
  }),
  addMember: defineRoute({
    id: 'teams.addMember',
    method: 'PUT',
    path: '/api/v1/teams/:id/members/:personId',
    summary: 'Put a person into a team',
    access: 'people.manage',
    stepUp: true,
    params: MemberParams,
    response: TeamDetail,
  }),
  removeMember: defineRoute({
    id: 'teams.removeMember',
    method: 'DELETE',
    path: '/api/v1/teams/:id/members/:personId',
    summary: 'Take a person out of a team; what an identity provider says stays',
    access: 'people.manage',
    stepUp: true,
    params: MemberParams,
    response: TeamDetail,
  }),
} as const;
