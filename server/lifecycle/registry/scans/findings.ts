import type { ArtifactEvidence } from '@bartizan/checks/artifacts/types.ts';
import {
  type Acceptance,
  CAPABILITY_TEXTS,
  FINDING_TEXTS,
  type FindingDetail,
  type FindingFilter,
  type FindingKind,
  type FindingSeverity,
  type ScanFinding,
} from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import { offsetOf, offsetPage } from './paging.ts';
import { scanChecks } from './scan-checks.ts';

interface FindingRow {
  readonly finding: string;
  readonly sha256: string;
  readonly scanner: string;
  readonly check: string;
  readonly kind: FindingKind;
  readonly severity: FindingSeverity;
  readonly rank: number;
  readonly strikes: boolean;
  readonly message: string;
  readonly member: string;
  readonly offset: number;
  readonly evidence: ArtifactEvidence;
  readonly firstSeenAt: number;
  readonly files: string[];
  readonly acceptance: Acceptance | null;
}

const MOST_FILES = 100;

const list = <T>(value: T | readonly T[] | undefined): readonly T[] | null =>
  value === undefined ? null : ((Array.isArray(value) ? value : [value]) as readonly T[]);

const noSuchFinding = (): AppError =>
  new AppError('not_found', 'there is no such finding in this version', {
    hint: 'List its findings; after another scan some may be gone.',
  });

/** Findings of a version's contents as they were last judged; `a` is the acceptance that counts now, if any. */
const findingsOf = (versionId: string, nowMs: number): RawBuilder<unknown> => sql`
  from (select distinct sha256 from version_contents where version_id = ${versionId}) f
  join content_scans c on c.sha256 = f.sha256 and c.latest
  join content_findings d on d.sha256 = c.sha256 and d.scanner = c.scanner
  left join finding_acceptances a on a.version_id = ${versionId} and a.finding = d.finding
    and a.ended_at is null and a.rank >= d.rank and a.expires_at > ${nowMs}`;

const COLUMNS = (
  versionId: string,
): RawBuilder<unknown> => sql`d.finding, d.sha256, d.scanner, d.check_id as check,
  d.kind, d.severity, d.rank, d.strikes, d.message, d.member, d.byte_offset as offset, d.evidence,
  c.first_seen_at as "firstSeenAt",
  array(select distinct p.path from version_contents o, unnest(o.files) as p (path)
    where o.version_id = ${versionId} and o.sha256 = d.sha256 order by p.path limit ${MOST_FILES}) as files,
  case when a.id is null then null else jsonb_build_object('id', a.id, 'reason', a.reason, 'by', a.accepted_by,
    'at', a.accepted_at, 'expiresAt', a.expires_at) end as acceptance`;

function toFinding(row: FindingRow): ScanFinding {
  const { finding, evidence, strikes, scanner: _scanner, rank: _rank, firstSeenAt: _first, ...rest } = row;
  return {
    ...rest,
    id: finding,
    quarantines: strikes,
    call: evidence.call ?? null,
    import: evidence.import ?? null,
    capability: evidence.capability ?? null,
  };
}

export function createFindings(database: Database, now: () => number) {
  async function earlier(versionId: string, finding: string): Promise<FindingDetail['earlier']> {
    const { rows } = await sql<FindingDetail['earlier'][number]>`select id, reason, accepted_by as by,
      accepted_at as at, expires_at as "expiresAt", ended_at as "endedAt", ended from finding_acceptances
      where version_id = ${versionId} and finding = ${finding} and ended_at is not null
      order by ended_at desc limit 20`.execute(database);
    return rows;
  }

  const find = async (
    versionId: string,
    finding: string,
    within: Database = database,
  ): Promise<FindingRow> => {
    const { rows } = await sql<FindingRow>`select ${COLUMNS(versionId)} ${findingsOf(versionId, now())}
      where d.finding = ${finding}`.execute(within);
    const [row] = rows;
    if (row === undefined) throw noSuchFinding();
    return row;
  };

  return Object.freeze({
    find,

    async list(
      versionId: string,
      filter: FindingFilter & { readonly cursor?: string | undefined; readonly limit: number },
    ) {
      const offset = offsetOf(filter.cursor);
      const severities = list(filter.severity);
      const kinds = list(filter.kind);
      const { rows } = await sql<FindingRow>`select ${COLUMNS(versionId)} ${findingsOf(versionId, now())}
        where (${severities}::text[] is null or d.severity = any(${severities}::text[]))
          and (${kinds}::text[] is null or d.kind = any(${kinds}::text[]))
          and (${filter.file ?? null}::text is null or exists (select from version_contents o
            where o.version_id = ${versionId} and o.sha256 = d.sha256 and ${filter.file ?? null} = any(o.files)))
          and (${filter.accepted ?? null}::text is null or (a.id is not null) = ${filter.accepted === 'yes'})
        order by d.strikes desc, d.rank desc, d.sha256, d.member, d.byte_offset, d.finding
        limit ${filter.limit + 1} offset ${offset}`.execute(database);
      return offsetPage(rows.map(toFinding), offset, filter.limit);
    },

    async detail(versionId: string, finding: string): Promise<FindingDetail> {
      const row = await find(versionId, finding);
      const check = scanChecks.find(({ id }) => id === row.check);
      const text = FINDING_TEXTS[row.kind];
      const { capability } = row.evidence;
      return {
        ...toFinding(row),
        checkTitle: check?.title ?? row.check,
        title: text.title,
        why: text.why,
        advice: text.advice,
        capabilityText: (capability === undefined ? undefined : CAPABILITY_TEXTS[capability]) ?? '',
        excerpt: [...(row.evidence.excerpt ?? [])],
        details: { ...row.evidence.details },
        maps: (check?.maps ?? []).map((map) => ({ ...map })),
        scanner: row.scanner,
        firstSeenAt: row.firstSeenAt,
        earlier: await earlier(versionId, finding),
      };
    },
  });
}
export type Findings = ReturnType<typeof createFindings>;
