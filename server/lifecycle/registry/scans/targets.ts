import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { noSuchVersion, reachSql } from '../models/reach.ts';

/** A version as scans name it. */
export interface Target {
  readonly versionId: string;
  readonly modelId: string;
  readonly modelName: string;
  readonly version: number;
  readonly status: 'pending' | 'ready' | 'failed';
}

export const TARGET = sql`v.id as "versionId", v.model_id as "modelId", m.name as "modelName", v.version, v.status`;

/** Versions that are there for the viewer. For queries over `model_versions v join models m`. */
export const inSight = (viewer: Viewer): RawBuilder<boolean> =>
  sql`(v.removed_at is null and m.removed_at is null and ${reachSql(viewer, sql`m.team_id`)})`;

/** The version with this id; throws `not_found` when it is hidden or not there at all. */
export async function demandTarget(database: Database, viewer: Viewer, versionId: string): Promise<Target> {
  const { rows } = await sql<Target>`select ${TARGET} from model_versions v join models m on m.id = v.model_id
    where v.id = ${versionId} and ${inSight(viewer)}`.execute(database);
  const [target] = rows;
  if (target === undefined) throw noSuchVersion();
  return target;
}
