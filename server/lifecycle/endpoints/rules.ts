import { isDeepStrictEqual } from 'node:util';
import { allows, type EndpointDetail, ROLES } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import type { Caller } from '../../reviews/index.ts';
import type { Viewer } from '../sight.ts';
import { constraintOf, isForeignKeyViolation, isUniqueViolation } from '../sql-state.ts';
import type { NewEndpoint } from './model.ts';
import type { StoredEndpoint } from './store.ts';

export function describeConflict(cause: unknown, input: Pick<NewEndpoint, 'slug'>): unknown {
  if (isUniqueViolation(cause)) {
    return new AppError('conflict', `the name "${input.slug}" is already taken by another endpoint`, {
      hint: 'Choose another slug: clients use it in their base URL, so it must be unique.',
      issues: [{ path: 'slug', message: 'already taken' }],
      cause,
    });
  }
  if (!isForeignKeyViolation(cause)) return cause;
  return constraintOf(cause) === 'endpoints_team' ? unknownTeam(cause) : unknownPolicy(cause);
}

const unknownTeam = (cause?: unknown): AppError =>
  new AppError('invalid_input', 'the endpoint names a team that does not exist, or that is not yours', {
    hint: 'Choose one of your teams, or none.',
    issues: [{ path: 'teamId', message: 'there is no such team' }],
    cause,
  });

/** Only the teams that somebody has something to do with are there for them. */
export function requireTeam(viewer: Viewer, teamId: string | null | undefined): void {
  if (typeof teamId !== 'string' || viewer.teams === '*' || viewer.teams.has(teamId)) return;
  throw unknownTeam();
}

const MANAGE = 'endpoints.manage';

/** What the caller may do with an endpoint that is there for them. */
export function mayOf(caller: Pick<Caller, 'kind' | 'permissions'>): EndpointDetail['may'] {
  if (caller.permissions.has(MANAGE)) return { manage: true, reason: '' };
  const roles = ROLES.filter((role) => allows([role], MANAGE)).join(', ');
  return caller.kind === 'key'
    ? { manage: false, reason: `this key does not have the scope ${MANAGE}, or its owner lost it` }
    : { manage: false, reason: `changing endpoints takes one of the roles ${roles}` };
}

/** The change of how traffic is guarded that an update would make; it needs a second person where four eyes are demanded. */
export function loosens(
  before: StoredEndpoint,
  after: Pick<StoredEndpoint['fields'], 'policyId' | 'slug' | 'onGuardError'>,
) {
  const { fields } = before;
  return (
    after.policyId !== fields.policyId ||
    after.slug !== fields.slug ||
    (after.onGuardError === 'allow' && fields.onGuardError !== 'allow')
  );
}

export const unknownPolicy = (cause?: unknown): AppError =>
  new AppError('invalid_input', 'the endpoint names a policy that does not exist', {
    hint: 'Choose one of the policies in the list, or none.',
    issues: [{ path: 'policyId', message: 'there is no such policy' }],
    cause,
  });

export const changedMeanwhile = (): AppError =>
  new AppError('conflict', 'someone else changed this endpoint in the meantime', {
    hint: 'Load it again, look at the changes, and save yours on top.',
  });

/** What changed between two versions of an endpoint, by field name; never a value, for values may be secret. */
export function changedFields(before: StoredEndpoint, after: StoredEndpoint): string[] {
  const names = Object.keys(after.fields) as (keyof StoredEndpoint['fields'])[];
  const changed: string[] = names.filter(
    (name) => !isDeepStrictEqual(before.fields[name], after.fields[name]),
  );
  if (!isDeepStrictEqual(before.upstreams, after.upstreams)) changed.push('upstreams');
  if (before.teamId !== after.teamId) changed.push('teamId');
  return changed;
}
