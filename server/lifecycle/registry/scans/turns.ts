import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';

const HOUR_MS = 3_600_000;
/** Scans of one owner that wait in the queue at a time; the others of that owner wait in the table. */
const AHEAD = 2;
const MOST_DUE = 200;
/** Scanning for so long weighs as much as one more scan. */
const WEIGHS_MS = 10_000;
const MOST_LOAD = 50_000;
/** A step of load outweighs any size: sizes are classes from 0 (1 MiB) to 15 (32 GiB and more). */
const SIZES = 16;
const LAST = 1_000_000;

export interface Due {
  /** Of the scan, or the name of the batch. */
  readonly id: string;
  /** Higher goes first. */
  readonly priority: number;
}

// Scans that nobody asked for, after an update, are an owner of their own and come after everybody.
const OWNER = sql`case when s.reason = 'scanner' then 'scanner' else
  coalesce('team:' || m.team_id, 'by:' || v.created_by) end`;

/**
 * Whose turn it is. Those who have had the least of the last hour come first, each team for itself (models of nobody's
 * team: each creator); of one owner small versions go before large ones, unless those have waited for an hour.
 */
export function createTurns(database: Database, now: () => number) {
  return Object.freeze({
    /** Scans of versions whose jobs should be in the queue, the first first; those that run among them. */
    async versions(): Promise<readonly Due[]> {
      const { rows } = await sql<Due>`
        with spent as (
          select ${OWNER} as owner,
            sum(1 + greatest(0, coalesce(s.ended_at, ${now()}::bigint) - s.started_at) / ${WEIGHS_MS}::integer) as load
          from version_scans s join model_versions v on v.id = s.version_id join models m on m.id = v.model_id
          where s.started_at > ${now() - HOUR_MS}::bigint group by 1),
        waiting as (
          select s.id, s.state, s.queued_at, s.sent_at, ${OWNER} as owner,
            least(${SIZES - 1}::integer, floor(log(2, greatest(1, v.bytes / 1048576.0))))::integer as size
          from version_scans s join model_versions v on v.id = s.version_id join models m on m.id = v.model_id
          where s.state in ('queued', 'running')),
        placed as (
          select w.*, count(*) filter (where state = 'running') over (partition by owner) as running,
            row_number() over (partition by owner order by state = 'queued', sent_at is null,
              case when queued_at < ${now() - HOUR_MS}::bigint then -1 else size end, queued_at, id) as turn
          from waiting w)
        select p.id, (- ${SIZES}::integer * least(${MOST_LOAD}::integer, floor(coalesce(s.load, 0)) + p.turn - p.running) - p.size
          - case when p.owner = 'scanner' then ${LAST}::integer else 0 end)::integer as priority
        from placed p left join spent s on s.owner = p.owner
        where p.turn <= p.running + ${AHEAD}::integer order by priority desc, p.queued_at, p.id limit ${MOST_DUE}::integer`.execute(
        database,
      );
      return rows;
    },

    /** Notes that these are in the queue: they keep their place before later ones of the same owner. */
    async sent(ids: readonly string[]): Promise<void> {
      if (ids.length === 0) return;
      await sql`update version_scans set sent_at = ${now()}::bigint where id = any(${ids}::uuid[])`.execute(
        database,
      );
    },

    /** Batches of files of runs and logged models, in the same way; each has its turn by its age. */
    async batches(): Promise<readonly Due[]> {
      const { rows } = await sql<Due>`
        with waiting as (
          select batch, min(requested_at) as at,
            case when batch like 'run:%' then substr(batch, 5)::uuid end as run,
            case when batch like 'model:%' then substr(batch, 7)::uuid end as model
          from content_scan_requests group by batch),
        placed as (
          select w.batch as id, w.at, row_number() over (
            partition by coalesce('team:' || e.team_id, 'by:' || coalesce(r.created_by, l.created_by), '')
            order by w.at, w.batch) as turn
          from waiting w left join runs r on r.id = w.run left join logged_models l on l.id = w.model
          left join experiments e on e.id = coalesce(r.experiment_id, l.experiment_id))
        select id, - turn::integer as priority from placed where turn <= ${AHEAD}::integer
        order by turn, at, id limit ${MOST_DUE}::integer`.execute(database);
      return rows;
    },
  });
}
export type Turns = ReturnType<typeof createTurns>;
