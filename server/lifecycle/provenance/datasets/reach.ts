import { type RawBuilder, sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Viewer } from '../../sight.ts';
import type { DataActing } from '../ports.ts';

/** Whether what belongs to this team (null: everybody's) is there for the viewer. Keys of endpoints reach no data. */
export function inReach(viewer: Viewer, teamId: string | null): boolean {
  if (viewer.endpoints) return false;
  return viewer.teams === '*' || teamId === null || viewer.teams.has(teamId);
}

/** As {@link inReach}, for a column of a query. */
export function reachSql(viewer: Viewer, column: RawBuilder<unknown>): RawBuilder<boolean> {
  if (viewer.endpoints) return sql`false`;
  if (viewer.teams === '*') return sql`true`;
  return sql`(${column} is null or ${column} = any(${[...viewer.teams]}::uuid[]))`;
}

export const noSuchDataset = (): AppError =>
  new AppError('not_found', 'there is no such dataset', { hint: 'List the datasets to see their names.' });
export const noSuchDatasetVersion = (): AppError =>
  new AppError('not_found', 'the dataset has no such version', {
    hint: 'List its versions to see their numbers. "latest" needs one that is ready and not in quarantine.',
  });

export const unknownTeam = (cause?: unknown): AppError =>
  new AppError('invalid_input', 'there is no such team, or it is not yours', {
    hint: 'Choose one of your teams, or none.',
    issues: [{ path: 'teamId', message: 'there is no such team' }],
    cause,
  });

/** The team of a new dataset: the one that is named, or else the only one that bounds the caller's key. */
export function teamOfNew(actor: DataActing, teamId: string | null | undefined): string | null {
  if (actor.endpoints)
    throw new AppError('forbidden', 'this key is for some endpoints only; it reaches no data', {
      hint: 'Make a key that names no endpoints.',
    });
  if (teamId === undefined) {
    const [only, ...others] = actor.kind === 'key' && actor.teams !== '*' ? actor.teams : [];
    return only !== undefined && others.length === 0 ? only : null;
  }
  if (teamId !== null && actor.teams !== '*' && !actor.teams.has(teamId)) throw unknownTeam();
  return teamId;
}

/** Throws when a dataset may not be moved to this team: one's own only, and nobody takes what is everybody's. */
export function demandMove(actor: DataActing, before: string | null, after: string | null): void {
  if (after === before || actor.teams === '*') return;
  if (after !== null && !actor.teams.has(after)) throw unknownTeam();
  if (before !== null) return;
  throw new AppError(
    'forbidden',
    'this dataset is everybody’s: giving it to one team takes it from the others',
    { hint: 'Somebody who looks after all teams (administrator or security) can do this.' },
  );
}
