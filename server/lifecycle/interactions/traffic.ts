import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export interface Traffic {
  readonly requests: number;
  /** Begin of the last stretch that had a request: a minute of the last two days, an hour before. */
  readonly lastAt: number;
}

/** Requests since then by endpoint id, from the sums: within the hour in which `sinceMs` lies. */
export async function readTraffic(
  database: Database,
  sinceMs: number,
): Promise<ReadonlyMap<string, Traffic>> {
  const since = Math.floor(sinceMs / HOUR_MS) * HOUR_MS;
  const { rows } = await sql<Traffic & { endpointId: string }>`
    select endpoint_id as "endpointId",
      coalesce(sum(requests) filter (where step_ms = ${HOUR_MS}), 0)::bigint as requests, max(at) as "lastAt"
    from interaction_rollup_endpoints
    where step_ms in (${MINUTE_MS}, ${HOUR_MS}) and at >= ${since} and endpoint_id <> ''
    group by endpoint_id`.execute(database);
  return new Map(rows.map(({ endpointId, requests, lastAt }) => [endpointId, { requests, lastAt }]));
}
