import type { DataProfile } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import { knownOf, maskFinding, maskReason, plainLine } from './masking.ts';
import { MAX_FINDINGS, packRows } from './model.ts';
import type { Scanned } from './worker/protocol.ts';

const BATCH = 5_000;
const MOST_REASONS = 10;

async function keepRecords(
  scanId: string,
  scanned: Scanned,
  known: ReturnType<typeof knownOf>,
  tx: Database,
) {
  for (let from = 0; from < scanned.records.length; from += BATCH) {
    const batch = scanned.records.slice(from, from + BATCH).map(({ row, score, reasons }, at) => {
      const told = reasons.slice(0, MOST_REASONS).map((reason) => maskReason(reason, known));
      const checks = [...new Set(told.map(({ check }) => check))];
      return { rank: from + at, row, score: Math.min(1, score), checks, reasons: JSON.stringify(told) };
    });
    await sql`insert into data_scan_records (scan_id, rank, row, score, checks, reasons)
      select ${scanId}, rank, row, score, checks, reasons from jsonb_to_recordset(${JSON.stringify(batch)}::jsonb)
        as r(rank integer, row bigint, score double precision, checks text[], reasons text)`.execute(tx);
  }
}

async function keepFindings(
  scanId: string,
  scanned: Scanned,
  known: ReturnType<typeof knownOf>,
  tx: Database,
) {
  for (const [number, finding] of scanned.findings.slice(0, MAX_FINDINGS).entries()) {
    const { check, title, message, evidence } = maskFinding(finding, known);
    const maps = finding.maps.map(({ framework, edition, id }) => ({ framework, edition, id }));
    await sql`insert into data_scan_findings (scan_id, number, check_id, title, severity, message, rows, complete, count,
        precision_share, evidence, maps)
      values (${scanId}, ${number}, ${check}, ${title}, ${finding.severity}, ${message},
        ${packRows(finding.allRows)}, ${finding.allRows.length >= finding.count}, ${finding.count},
        ${finding.precision === null ? null : JSON.stringify(finding.precision)}::jsonb, ${JSON.stringify(evidence)},
        ${JSON.stringify(maps)}::jsonb)`.execute(tx);
  }
}

/** Writes down what a scan found, without what records say. False where the scan is no longer awaited. */
export async function keepResult(
  scanId: string,
  {
    scanned,
    profile,
    atMs,
  }: { readonly scanned: Scanned; readonly profile: DataProfile | null; readonly atMs: number },
  tx: Database,
): Promise<boolean> {
  const known = knownOf(scanned.columns, profile);
  const blindSpots = scanned.blindSpots.slice(0, 200).map((each) => plainLine(each, 1_000));
  const { rows } = await sql`update data_scans set state = 'done', rows = ${scanned.rows},
    suspected = ${scanned.suspected}, blind_spots = ${JSON.stringify(blindSpots)}::jsonb, ended_at = ${atMs}
    where id = ${scanId} and state = 'running' returning id`.execute(tx);
  if (rows.length === 0) return false;
  await keepFindings(scanId, scanned, known, tx);
  await keepRecords(scanId, scanned, known, tx);
  return true;
}
