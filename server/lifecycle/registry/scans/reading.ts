import { sarifReport } from '@bartizan/checks/artifacts/report/sarif.ts';
import type { ArtifactEvidence, ArtifactFinding, ScanError } from '@bartizan/checks/artifacts/types.ts';
import type {
  FileVerdict,
  FindingBrief,
  InheritedScan,
  ScannedFile,
  ScanState,
  ScanVerdict,
  SeverityCounts,
  VersionScan,
} from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { Viewer } from '../../sight.ts';
import type { FileRef } from '../model.ts';
import type { Contents } from './contents.ts';
import type { DownloadGate } from './gate.ts';
import { addSeverities, isQuarantined, noSeverities, noVerdicts } from './model.ts';
import { offsetOf, offsetPage } from './paging.ts';
import { scanChecks } from './scan-checks.ts';
import type { Standings } from './standing.ts';
import type { Summaries } from './summaries.ts';
import { inSight, type Target } from './targets.ts';
import type { VersionScans } from './versions.ts';

export interface ReadingDeps {
  readonly database: Database;
  readonly now: () => number;
  readonly versions: VersionScans;
  readonly contents: Contents;
  readonly standings: Standings;
  readonly summaries: Summaries;
  readonly gate: Pick<DownloadGate, 'standing'>;
  /** Of Bartizan, for SARIF. */
  readonly version: string;
}

interface FileRow {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly format: string | null;
  readonly verdict: FileVerdict | null;
  readonly severities: SeverityCounts | null;
  readonly errors: readonly ScanError[] | null;
  readonly skipped: number | null;
  readonly scannedAt: number | null;
  readonly durationMs: number | null;
  readonly scanner: string | null;
}

const MOST_BASES = 50;
const MOST_BRIEFS = 1_000;
const MOST_SARIF = 20_000;

function toFile(row: FileRow): ScannedFile {
  return {
    path: row.path,
    sha256: row.sha256,
    size: row.size,
    format: row.format ?? '',
    verdict: row.verdict,
    severities: row.severities ?? noSeverities(),
    errors: (row.errors ?? []).map(({ check, message, path, offset }) => ({
      check,
      message,
      member: path,
      offset: Number(offset),
    })),
    skipped: row.skipped ?? 0,
    scannedAt: row.scannedAt,
    durationMs: row.durationMs,
    scanner: row.scanner ?? '',
  };
}

function mayOf(caller: Caller, target: Target): VersionScan['may'] {
  const rescan = caller.permissions.has('models.write');
  const accept = caller.permissions.has('models.manage');
  const reason =
    target.status === 'ready'
      ? accept
        ? ''
        : 'you may not accept findings'
      : 'the version has no files yet';
  return { rescan: rescan && target.status === 'ready', accept, reason };
}

/** What the console and others are shown of the scan of one version. */
export function createReading(deps: ReadingDeps) {
  const { database, now, versions, contents, standings, summaries, gate } = deps;

  async function filePage(versionId: string, offset: number, limit: number): Promise<readonly FileRow[]> {
    const { rows } =
      await sql<FileRow>`select f.path, f.sha256, f.size, c.format, c.verdict, c.severities, c.errors,
        c.skipped, c.scanned_at as "scannedAt", c.duration_ms as "durationMs", c.scanner
      from model_version_files f left join content_scans c on c.sha256 = f.sha256 and c.latest
      where f.version_id = ${versionId}
      order by array_position(array['malicious', 'suspicious', 'error', null, 'clean', 'skipped'], c.verdict), f.path
      limit ${limit} offset ${offset}`.execute(database);
    return rows;
  }

  /** Files that were judged together, under the first of them. */
  async function grouped(versionId: string): Promise<readonly FileRow[]> {
    const { rows } = await sql<FileRow>`select g.files[1] as path, g.sha256, g.size, c.format, c.verdict,
        c.severities, c.errors, c.skipped, c.scanned_at as "scannedAt", c.duration_ms as "durationMs", c.scanner
      from version_groups g join content_scans c on c.sha256 = g.sha256 and c.latest
      where g.version_id = ${versionId} order by path, g.sha256`.execute(database);
    return rows;
  }

  /** The bases of a version, nearest first, as far as they can be followed and the viewer may see them. */
  async function inherited(viewer: Viewer, versionId: string): Promise<InheritedScan[]> {
    interface Row extends Omit<InheritedScan, 'quarantined' | 'severities'> {
      readonly quarantinedFor: number | null;
      readonly releasedUntil: number | null;
      readonly severities: SeverityCounts | null;
      readonly state: ScanState | null;
      readonly verdict: ScanVerdict | null;
    }
    const { rows } = await sql<Row>`with recursive up as (
        select base_version_id as id, 1 as distance from model_versions where id = ${versionId}
        union all
        select b.base_version_id, up.distance + 1 from up join model_versions b on b.id = up.id
        where up.distance < ${MOST_BASES} and b.base_version_id is not null)
      select v.id as "versionId", v.model_id as "modelId", m.name as "modelName", v.version, up.distance,
        v.scan_state as state, t.verdict, t.severities, t.quarantined_for as "quarantinedFor",
        t.released_until as "releasedUntil"
      from up join model_versions v on v.id = up.id join models m on m.id = v.model_id
      left join version_standings t on t.version_id = v.id
      where ${inSight(viewer)} order by up.distance`.execute(database);
    return rows.map(({ quarantinedFor, releasedUntil, severities, ...row }) => ({
      ...row,
      severities: severities ?? noSeverities(),
      quarantined: quarantinedFor !== null && isQuarantined({ quarantinedFor, releasedUntil }, now()),
    }));
  }

  return Object.freeze({
    async version(caller: Caller, target: Target): Promise<VersionScan | undefined> {
      const [row] = await summaries.select(
        sql`v.id = ${target.versionId} order by s.queued_at desc, s.id desc limit 1`,
      );
      if (row === undefined) return undefined;
      const [[summary], standing, judged, download, bases] = await Promise.all([
        summaries.shown([row]),
        standings.find(target.versionId),
        versions.judged(target.versionId),
        gate.standing(target.versionId),
        inherited(caller, target.versionId),
      ]);
      if (summary === undefined) return undefined;
      const verdicts = noVerdicts();
      for (const { verdict, grouped } of judged) if (verdict !== null && !grouped) verdicts[verdict] += 1;
      const distinct = new Map(judged.map((file) => [file.sha256, file]));
      return {
        ...summary,
        verdict: summary.verdict ?? standing?.verdict ?? null,
        requestedBy: row.requestedBy,
        severities: addSeverities([...distinct.values()].map((file) => file.severities ?? noSeverities())),
        verdicts,
        accepted: standing?.accepted ?? 0,
        quarantinedFor: standing?.quarantinedFor ?? 0,
        releasedUntil: standing?.releasedUntil ?? null,
        filesKnown: row.filesKnown,
        difference: row.difference,
        inherited: bases,
        download,
        may: mayOf(caller, target),
      };
    },

    async files(versionId: string, query: { readonly cursor?: string | undefined; readonly limit: number }) {
      const offset = offsetOf(query.cursor);
      const rows = await filePage(versionId, offset, query.limit + 1);
      return offsetPage(rows.map(toFile), offset, query.limit);
    },

    /** For the registry's own lists: by path, of files that were scanned. */
    async judged(files: readonly FileRef[]) {
      const known = await contents.latest(files.map(({ sha256 }) => sha256));
      return new Map(
        files.flatMap(({ path, sha256 }) => {
          const result = known.get(sha256);
          return result ? [[path, { format: result.format, verdict: result.verdict }] as const] : [];
        }),
      );
    },

    /** For comparisons; null while there is no finished scan. */
    async briefs(versionId: string): Promise<readonly FindingBrief[] | null> {
      if ((await standings.find(versionId)) === undefined) return null;
      const { rows } =
        await sql<FindingBrief>`select d.finding as id, d.check_id as check, d.severity, d.message,
          min(f.files[1]) as path
        from version_contents f join content_scans c on c.sha256 = f.sha256 and c.latest
        join content_findings d on d.sha256 = c.sha256 and d.scanner = c.scanner
        where f.version_id = ${versionId} group by d.finding, d.check_id, d.severity, d.message, d.rank
        order by d.rank desc, d.finding limit ${MOST_BRIEFS}`.execute(database);
      return rows;
    },

    /** SARIF 2.1.0, one result for each finding in each file. */
    async sarif(versionId: string): Promise<string> {
      interface Row extends Omit<ArtifactFinding, 'evidence' | 'path'> {
        readonly sha256: string;
        readonly member: string;
        readonly evidence: ArtifactEvidence;
      }
      const files = [...(await filePage(versionId, 0, 100_000)), ...(await grouped(versionId))];
      const { rows } =
        await sql<Row>`select d.sha256, d.check_id as check, d.kind, d.severity, d.message, d.member,
          d.byte_offset as offset, d.evidence
        from (select distinct sha256 from version_contents where version_id = ${versionId}) f
        join content_scans c on c.sha256 = f.sha256 and c.latest
        join content_findings d on d.sha256 = c.sha256 and d.scanner = c.scanner
        order by d.rank desc, d.sha256, d.byte_offset limit ${MOST_SARIF}`.execute(database);
      const byContent = Map.groupBy(rows, ({ sha256 }) => sha256);
      const reports = files.map((file) => ({
        path: file.path,
        verdict: file.verdict ?? ('error' as const),
        outcome: {
          format: file.format ?? 'unknown',
          findings: (byContent.get(file.sha256) ?? []).map(
            ({ check, kind, severity, message, member, offset, evidence }) => ({
              check,
              kind,
              severity,
              message,
              path: member,
              offset,
              evidence,
            }),
          ),
          errors: file.errors ?? [],
          skipped: [],
        },
      }));
      return JSON.stringify(sarifReport(reports, { version: deps.version, rules: scanChecks }), null, 2);
    },
  });
}
