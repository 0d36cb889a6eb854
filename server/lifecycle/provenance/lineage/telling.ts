import { createHash } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import type { Principal } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import { ownerOf } from '../datasets/model.ts';
import { reachSql, teamOfNew } from '../datasets/reach.ts';
import type { DataActing } from '../ports.ts';

/** Who sends events. */
export type Sender = DataActing & Pick<Principal, 'ownerId' | 'serviceAccountId'>;

/** Who looks; with who they are, where that is known. */
export type LineageViewer = Viewer & Partial<Pick<Principal, 'id' | 'ownerId' | 'serviceAccountId'>>;

/** Who may see what was told: everybody (null), one team, or only those who are in every one of several. */
export interface Scope {
  readonly teamId: string | null;
  /** Further teams, in order; empty where `teamId` is null. */
  readonly alsoTeams: readonly string[];
}

/** Of all of these teams together. */
export function scopeOf(teams: Iterable<string>): Scope {
  const [teamId = null, ...alsoTeams] = [...new Set(teams)].toSorted();
  return { teamId, alsoTeams };
}

export const teamsIn = ({ teamId, alsoTeams }: Scope): readonly string[] =>
  teamId === null ? [] : [teamId, ...alsoTeams];

/**
 * Where what somebody tells belongs: to the teams that bound them, all of them where there are several, so that nobody
 * sees it who could not see what it may be about. Throws `forbidden` for keys of endpoints.
 */
export function scopeOfSender(actor: Sender): Scope {
  // Says no to keys of endpoints.
  teamOfNew(actor, null);
  return scopeOf(actor.teams === '*' ? [] : actor.teams);
}

/** Who answers for what is told. */
export const tellerOf = (actor: Sender): string => ownerOf(actor);

/** What a viewer would be as a teller; undefined where that is not known. */
export const asTeller = ({ id, ...rest }: LineageViewer): string | undefined =>
  id === undefined ? undefined : ownerOf({ id, ...rest });

/** Whether the row `alias` of what events told is there for the viewer. */
export function toldSql(viewer: Viewer, alias: 'n' | 'r' | 'e' | 'o'): RawBuilder<boolean> {
  const one = reachSql(viewer, sql.raw(`${alias}.team_id`));
  if (viewer.endpoints || viewer.teams === '*') return one;
  return sql`(${one} and ${sql.raw(`${alias}.also_teams`)} <@ ${[...viewer.teams]}::uuid[])`;
}

/**
 * What stands in the graph for a run that somebody told of: a UUID (version 8, RFC 9562) of the SHA-256 of both. Ids of
 * runs can be known or foreseen by others, who must not speak for the run.
 */
export function runKey(runId: string, teller: string): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([runId, teller]))
    .digest('hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
