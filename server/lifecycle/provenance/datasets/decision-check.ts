import { sql } from 'kysely';
import type { RecordedEntries, RecordedEntry } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';
import { compareFacts, type Findings, shown } from './findings.ts';

export interface DecisionCheckDeps {
  readonly database: Database;
  readonly recorded: Pick<RecordedEntries, 'history'>;
}

const ACTION = 'data.finding-decided';
const TABLE = 'data_scan_findings';
/** Scans of a version that are looked at: the newest. */
const MOST_SCANS = 1_000;
const COLUMNS = Object.freeze({
  decision: `${TABLE}.decision`,
  note: `${TABLE}.note`,
  by: `${TABLE}.decided_by`,
});

interface Decided {
  readonly number: number;
  readonly decision: string;
  readonly note: string | null;
  readonly by: string | null;
}

async function checkScan(
  { database, recorded }: DecisionCheckDeps,
  scan: string,
  findings: Findings,
): Promise<void> {
  const { rows } = await sql<Decided>`select number, decision, note, decided_by as by from data_scan_findings
    where scan_id = ${scan} order by number`.execute(database);
  const newest = new Map<number, RecordedEntry>();
  for (const entry of await recorded.history(`data-scan:${scan}`, [ACTION])) {
    if (entry.standing !== 'broken') newest.set(Number(entry.detail.finding), entry);
    else
      findings.add(
        'audit-changed',
        'audit_entries',
        `The entry ${entry.id} of the audit log about a finding (${entry.action}) was changed, or was not written by Bartizan.`,
        entry,
      );
  }
  for (const { number, ...now } of rows) {
    const entry = newest.get(number);
    newest.delete(number);
    if (entry !== undefined) {
      const { decision, note } = entry.detail;
      const told = { decision, note, by: decision === 'open' ? null : entry.actor.name };
      if (typeof decision === 'string') compareFacts(findings, COLUMNS, { now, told, entry });
    } else if (now.decision !== 'open')
      findings.add(
        'row-changed',
        COLUMNS.decision,
        `The finding ${number} of the scan ${scan} is ${shown(now.decision)}; the audit log holds no decision on it.`,
      );
  }
  for (const [number, entry] of newest)
    findings.add(
      'row-missing',
      TABLE,
      `The finding ${number} of the scan ${scan} is gone; the audit log holds a decision on it (entry ${entry.id}).`,
      entry,
    );
}

/** Holds what people decided about findings of scans of a version against the audit log. */
export async function checkDecisions(
  deps: DecisionCheckDeps,
  versionId: string,
  findings: Findings,
): Promise<void> {
  const { rows } = await sql<{ id: string }>`with scans as (
      select id from data_scans where version_id = ${versionId} order by created_at desc, id desc limit ${MOST_SCANS})
    select id from scans where exists (
        select from data_scan_findings f where f.scan_id = scans.id and f.decision <> 'open')
      or exists (select from audit_entries e
        where e.subject = 'data-scan:' || scans.id::text and e.action = ${ACTION})`.execute(deps.database);
  for (const { id } of rows) await checkScan(deps, id, findings);
}
