import { AppError } from '../../../kernel/error.ts';
import type { Viewer } from '../../sight.ts';

/** Whether a rule of this team (null: everybody's) is there for the viewer. Keys for some endpoints see none. */
export function seesTeam(viewer: Viewer, teamId: string | null): boolean {
  if (viewer.endpoints) return false;
  return viewer.teams === '*' || teamId === null || viewer.teams.has(teamId);
}

/**
 * Rules for everybody are made by those who look after all teams, rules of a team also by those whom it bounds.
 * Throws `forbidden`.
 */
export function managesTeam(viewer: Viewer, teamId: string | null): void {
  if (!viewer.endpoints && (viewer.teams === '*' || (teamId !== null && viewer.teams.has(teamId)))) return;
  throw new AppError('forbidden', 'who may be trusted, and what is asked for, is not yours to say there', {
    hint: 'Name a team of yours.',
  });
}
