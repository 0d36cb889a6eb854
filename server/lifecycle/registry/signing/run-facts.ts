import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { seesTeam } from './reach.ts';

/** What is known of the run behind a version. Instants in ms since the epoch. */
export interface RunFacts {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
}
interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Clients write run ids without hyphens; the database has UUIDs. */
const RUN_ID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** The run with this id, where it is there for the viewer; null otherwise. */
export async function readRunFacts(
  database: Database,
  viewer: Viewer,
  runId: string,
): Promise<RunFacts | null> {
  if (!RUN_ID.test(runId)) return null;
  const found = await sql<Omit<RunFacts, 'params' | 'tags'> & { readonly teamId: string | null }>`
    select r.id::text as id, r.name, r.user_name as "user", r.started_at as "startedAt", r.ended_at as "endedAt",
      e.team_id as "teamId"
    from runs r join experiments e on e.id = r.experiment_id where r.id = ${runId}::uuid`.execute(database);
  const [run] = found.rows;
  if (!run || !seesTeam(viewer, run.teamId)) return null;
  const params = await sql<Pair>`select key, value from run_params where run_id = ${run.id}::uuid order by key
    limit 1000`.execute(database);
  const tags = await sql<Pair>`select key, value from run_tags where run_id = ${run.id}::uuid
    and key like 'mlflow.source.%' order by key limit 100`.execute(database);
  const { teamId: _teamId, ...facts } = run;
  return { ...facts, params: params.rows, tags: tags.rows };
}
