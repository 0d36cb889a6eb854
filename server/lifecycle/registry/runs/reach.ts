import { type RawBuilder, sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Viewer } from '../../sight.ts';

/**
 * Whether what belongs to the team in `column` (null: everybody's) is there for the viewer. Keys that name
 * endpoints reach nothing of the registry.
 */
export function teamInReach(viewer: Viewer, column: RawBuilder<unknown>): RawBuilder<boolean> {
  if (viewer.endpoints) return sql`false`;
  if (viewer.teams === '*') return sql`true`;
  return sql`(${column} is null or ${column} = any(${[...viewer.teams]}::uuid[]))`;
}

/** As {@link teamInReach}, of what is at hand. */
export function teamReached(viewer: Viewer, teamId: string | null): boolean {
  if (viewer.endpoints) return false;
  return viewer.teams === '*' || teamId === null || viewer.teams.has(teamId);
}

/** The team that a new thing belongs to where nothing else is said: of a key that one team bounds, that team. */
export function ownTeam(viewer: Viewer & { readonly kind: string }): string | null {
  if (viewer.endpoints) {
    throw new AppError(
      'forbidden',
      'this key is for some endpoints only; it reaches nothing of the registry',
      {
        hint: 'Make a key that names no endpoints.',
      },
    );
  }
  if (viewer.kind !== 'key' || viewer.teams === '*' || viewer.teams.size !== 1) return null;
  return [...viewer.teams][0] ?? null;
}
