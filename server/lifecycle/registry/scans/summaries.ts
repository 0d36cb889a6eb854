import type { ScanOverview, ScanProgress, ScanState, ScanSummary, ScanVerdict } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs, Progress } from '../../../platform/jobs/index.ts';
import type { Viewer } from '../../sight.ts';
import { isQuarantined, noVerdicts } from './model.ts';
import { afterOf } from './paging.ts';
import { versionQueue } from './queues.ts';
import { inSight, TARGET, type Target } from './targets.ts';
import { SCAN, type StoredScan } from './versions.ts';

export interface SummaryRow extends StoredScan, Omit<Target, 'status'> {
  /** Null where there is no standing. */
  readonly quarantinedFor: number | null;
  readonly releasedUntil: number | null;
}

const ROW = sql`${SCAN}, ${TARGET}, t.quarantined_for as "quarantinedFor", t.released_until as "releasedUntil"`;
const FROM = sql`from version_scans s join model_versions v on v.id = s.version_id join models m on m.id = v.model_id
  left join version_standings t on t.version_id = v.id`;
const LATEST = sql`s.id = (select l.id from version_scans l where l.version_id = v.id
  order by l.queued_at desc, l.id desc limit 1)`;
const SHOWN = 20;

function progressOf(scan: StoredScan, live: Progress | undefined): ScanProgress {
  const { filesTotal, bytesTotal } = scan;
  if (scan.state === 'done') {
    return {
      filesDone: filesTotal,
      filesTotal,
      bytesDone: bytesTotal,
      bytesTotal,
      percent: 100,
      bytesPerSecond: null,
      file: '',
    };
  }
  const { filesDone = 0, bytesPerSecond = null, file = '' } = live?.detail ?? {};
  const bytesDone = live?.done ?? 0;
  return {
    filesDone: Number(filesDone),
    filesTotal,
    bytesDone,
    bytesTotal,
    percent: bytesTotal === 0 ? 0 : Math.min(100, Math.round((bytesDone / bytesTotal) * 1000) / 10),
    bytesPerSecond: bytesPerSecond === null ? null : Number(bytesPerSecond),
    file: String(file),
  };
}

export interface SummaryDeps {
  readonly database: Database;
  readonly now: () => number;
  readonly jobs: Pick<Jobs, 'progressOf'>;
}

/** Scans as lists show them, for who may see their models. */
export function createSummaries({ database, now, jobs }: SummaryDeps) {
  async function shown(rows: readonly SummaryRow[]): Promise<ScanSummary[]> {
    const running = rows.filter(({ state }) => state === 'running').map(({ id }) => id);
    const live =
      running.length === 0 ? new Map<string, Progress>() : await jobs.progressOf(versionQueue, running);
    return rows.map((row) => ({
      versionId: row.versionId,
      modelId: row.modelId,
      modelName: row.modelName,
      version: row.version,
      scanId: row.id,
      state: row.state,
      reason: row.reason,
      verdict: row.verdict,
      quarantined:
        row.quarantinedFor !== null &&
        isQuarantined({ quarantinedFor: row.quarantinedFor, releasedUntil: row.releasedUntil }, now()),
      progress: progressOf(row, live.get(row.id)),
      queuedAt: row.queuedAt,
      startedAt: row.startedAt,
      endedAt: row.endedAt,
      scanner: row.scanner,
      problem: row.problem,
    }));
  }

  const select = async (where: RawBuilder<unknown>): Promise<readonly SummaryRow[]> =>
    (await sql<SummaryRow>`select ${ROW} ${FROM} where ${where}`.execute(database)).rows;

  async function counts(viewer: Viewer) {
    const [states, verdicts] = await Promise.all([
      sql<{ state: ScanState; n: number }>`select s.state, count(*)::integer as n ${FROM}
        where ${inSight(viewer)} and ${LATEST} group by s.state`.execute(database),
      sql<{ verdict: ScanVerdict; n: number; quarantined: number }>`select t.verdict, count(*)::integer as n,
          count(*) filter (where t.quarantined_for > 0 or t.released_until <= ${now()})::integer as quarantined
        from version_standings t join model_versions v on v.id = t.version_id join models m on m.id = v.model_id
        where ${inSight(viewer)} group by t.verdict`.execute(database),
    ]);
    const byState = { queued: 0, running: 0, done: 0, failed: 0 };
    for (const { state, n } of states.rows) byState[state] = n;
    const byVerdict = noVerdicts();
    let quarantined = 0;
    for (const row of verdicts.rows) {
      byVerdict[row.verdict] = row.n;
      quarantined += row.quarantined;
    }
    return { states: byState, verdicts: byVerdict, quarantined };
  }

  async function loose(viewer: Viewer): Promise<ScanOverview['loose']> {
    if (viewer.teams !== '*' || viewer.endpoints) return null;
    const { rows } = await sql<{ queued: number; malicious: number }>`select
      (select count(*)::integer from content_scan_requests) as queued,
      (select count(*)::integer from content_scans c where c.latest and c.verdict = 'malicious'
        and exists (select from artifact_files a where a.sha256 = c.sha256)
        and not exists (select from model_version_files f where f.sha256 = c.sha256)) as malicious`.execute(
      database,
    );
    return rows[0] ?? { queued: 0, malicious: 0 };
  }

  return Object.freeze({
    shown,
    select,

    async list(
      viewer: Viewer,
      query: {
        readonly cursor?: string | undefined;
        readonly limit: number;
        readonly state?: ScanState | undefined;
        readonly verdict?: ScanVerdict | undefined;
        readonly quarantined?: 'yes' | 'no' | undefined;
        readonly versionId?: string | undefined;
      },
    ) {
      const after = afterOf(query.cursor);
      const rows = await select(sql`${inSight(viewer)}
        and (${after?.at ?? null}::bigint is null
          or (s.queued_at, s.id) < (${after?.at ?? null}::bigint, ${after?.id ?? null}::uuid))
        and (${query.state ?? null}::text is null or s.state = ${query.state ?? null})
        and (${query.verdict ?? null}::text is null or s.verdict = ${query.verdict ?? null})
        and (${query.quarantined ?? null}::text is null
          or coalesce(t.quarantined_for > 0 or t.released_until <= ${now()}, false) = ${query.quarantined === 'yes'})
        and (${query.versionId ?? null}::uuid is null or s.version_id = ${query.versionId ?? null}::uuid)
        order by s.queued_at desc, s.id desc limit ${query.limit + 1}`);
      const items = rows.slice(0, query.limit);
      const last = items.at(-1);
      const more = rows.length > query.limit && last !== undefined;
      return { items: await shown(items), next: more ? `${last.queuedAt}.${last.id}` : null };
    },

    async overview(viewer: Viewer, scanner: string): Promise<ScanOverview> {
      const sight = inSight(viewer);
      const [totals, running, queued, latest, aside] = await Promise.all([
        counts(viewer),
        select(sql`${sight} and s.state = 'running' order by s.started_at limit ${SHOWN}`),
        select(sql`${sight} and s.state = 'queued' order by s.queued_at limit ${SHOWN}`),
        select(sql`${sight} and s.state in ('done', 'failed') and ${LATEST}
          order by s.ended_at desc, s.id desc limit ${SHOWN}`),
        loose(viewer),
      ]);
      return {
        ...totals,
        running: await shown(running),
        queued: await shown(queued),
        latest: await shown(latest),
        loose: aside,
        scanner,
      };
    },
  });
}
export type Summaries = ReturnType<typeof createSummaries>;
