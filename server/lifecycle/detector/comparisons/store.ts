import type { DetectorComparison, DetectorComparisonChange } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import { type Sight, sees } from '../../sight.ts';

export interface ComparisonRow extends Omit<DetectorComparison, 'progress' | 'requestedBy' | 'requestedAt'> {
  readonly byId: string;
  readonly byName: string;
  readonly at: number;
}
type State = DetectorComparison['state'];

/** What a finished comparison says, in short. */
export interface Compared {
  readonly id: string;
  /** Different texts of interactions that were judged. */
  readonly texts: number;
  readonly changes: number;
}

const COLUMNS = sql`id, candidate, candidate_sha256 as "candidateSha256", live, live_sha256 as "liveSha256", state, message, sample, by_id as "byId", by_name as "byName", at,
  finished_at as "finishedAt", result`;
/** Comparisons that are kept; older ones go. */
const MOST_KEPT = 200;

export function createComparisonStore(database: Database) {
  return Object.freeze({
    async list(
      filter: { readonly candidate?: string | undefined },
      after: { readonly at: number; readonly id: string } | null,
      limit: number,
    ): Promise<ComparisonRow[]> {
      const conditions = [sql`true`];
      const { candidate } = filter;
      if (candidate !== undefined)
        conditions.push(sql`(candidate = ${candidate} or candidate_sha256 = ${candidate})`);
      if (after) conditions.push(sql`(at, id) < (${after.at}::bigint, ${after.id}::uuid)`);
      const { rows } = await sql<ComparisonRow>`select ${COLUMNS} from detector_comparisons
        where ${sql.join(conditions, sql` and `)} order by at desc, id desc limit ${limit}`.execute(database);
      return rows;
    },

    async find(id: string): Promise<ComparisonRow | undefined> {
      const { rows } = await sql<ComparisonRow>`select ${COLUMNS} from detector_comparisons
        where id = ${id}`.execute(database);
      return rows[0];
    },

    /** The latest finished one of two models by their digests, whichever of them was live. */
    async between(one: string | null, other: string | null, db: Database): Promise<Compared | null> {
      const { rows } = await sql<Compared>`select id, (result->>'changes')::integer as changes,
          (result->'texts'->>'user')::integer + (result->'texts'->>'third_party')::integer as texts
        from detector_comparisons where state = 'done'
          and ((candidate_sha256 is not distinct from ${one} and live_sha256 is not distinct from ${other})
            or (candidate_sha256 is not distinct from ${other} and live_sha256 is not distinct from ${one}))
        order by at desc, id desc limit 1`.execute(db);
      return rows[0] ?? null;
    },

    async underWay(candidate: string | null, live: string | null): Promise<string | null> {
      const { rows } = await sql<{ id: string }>`select id from detector_comparisons
        where state in ('waiting', 'running') and candidate_sha256 is not distinct from ${candidate}
          and live_sha256 is not distinct from ${live} limit 1`.execute(database);
      return rows[0]?.id ?? null;
    },

    async waiting(): Promise<string[]> {
      const { rows } = await sql<{ id: string }>`select id from detector_comparisons
        where state in ('waiting', 'running')`.execute(database);
      return rows.map(({ id }) => id);
    },

    async add(row: ComparisonRow, tx: Database): Promise<void> {
      await sql`insert into detector_comparisons (id, candidate, candidate_sha256, live, live_sha256, state, message, sample, by_id, by_name, at)
        values (${row.id}, ${row.candidate}, ${row.candidateSha256}, ${row.live}, ${row.liveSha256}, ${row.state}, '', ${row.sample}, ${row.byId},
          ${row.byName}, ${row.at})`.execute(tx);
      await sql`delete from detector_comparisons where state in ('done', 'failed', 'cancelled') and id in (
        select id from detector_comparisons order by at desc, id desc offset ${MOST_KEPT})`.execute(tx);
    },

    /** False where it is not in one of the states `from`: it ended, or was cancelled. */
    async move(
      id: string,
      from: readonly State[],
      to: Pick<ComparisonRow, 'state' | 'message' | 'finishedAt' | 'result'>,
      db: Database = database,
    ): Promise<boolean> {
      const result = to.result === null ? null : JSON.stringify(to.result);
      const done = await sql`update detector_comparisons set state = ${to.state}, message = ${to.message},
          finished_at = ${to.finishedAt}, result = ${result}::jsonb
        where id = ${id} and state = any(${[...from]}::text[])`.execute(db);
      return Number(done.numAffectedRows ?? 0) > 0;
    },

    async keepChanges(id: string, changes: readonly DetectorComparisonChange[], tx: Database): Promise<void> {
      await sql`delete from detector_comparison_changes where comparison_id = ${id}`.execute(tx);
      const rows = changes.map((change, place) => ({ ...change, place }));
      await sql`insert into detector_comparison_changes (comparison_id, place, interaction_id, endpoint_id, at, segment,
          origin, live, candidate)
        select ${id}::uuid, r.place, r."interactionId", r."endpointId", r.at, r.segment, r.origin, r.live, r.candidate
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(place integer, "interactionId" uuid,
          "endpointId" uuid, at bigint, segment integer, origin text, live jsonb, candidate jsonb)`.execute(
        tx,
      );
    },

    /** In order from a place on, those in sight, each with its place. */
    async changes(
      id: string,
      sight: Sight,
      page: { readonly after: number; readonly limit: number },
    ): Promise<(DetectorComparisonChange & { readonly place: number })[]> {
      const { rows } = await sql<DetectorComparisonChange & { readonly place: number }>`
        select place, interaction_id as "interactionId", endpoint_id as "endpointId", at, segment, origin, live,
          candidate
        from detector_comparison_changes where comparison_id = ${id} and place > ${page.after}
        order by place`.execute(database);
      return rows.filter(({ endpointId }) => sees(sight, endpointId)).slice(0, page.limit);
    },
  });
}
export type ComparisonStore = ReturnType<typeof createComparisonStore>;
