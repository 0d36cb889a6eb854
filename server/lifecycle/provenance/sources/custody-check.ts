import { sql } from 'kysely';
import type { RecordedEntries, RecordedEntry } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Findings } from '../datasets/findings.ts';
import { shown } from '../datasets/findings.ts';
import {
  CUSTODY_ACTION,
  CUSTODY_ROW,
  type CustodyRow,
  custodyDigest,
  custodySubject,
} from './custody-rows.ts';

export interface CustodyCheckDeps {
  readonly database: Database;
  readonly recorded: Pick<RecordedEntries, 'pages'>;
}

const WHERE = 'data_custody';
/** Rows that are named at most; more are counted together. */
const MOST_NAMED = 10_000;

const when = (atMs: number): string => new Date(atMs).toISOString();
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

interface Seen {
  /** The oldest entry: what comes after it has an entry each. */
  first: RecordedEntry | undefined;
  /** Rows that were named as gone. */
  readonly gone: Set<string>;
}

async function rowsOf(ids: readonly string[], database: Database): Promise<Map<string, CustodyRow>> {
  const { rows } = await sql<CustodyRow>`select ${CUSTODY_ROW} from data_custody c
    where c.id::text = any(${[...ids]}::text[])`.execute(database);
  return new Map(rows.map((row) => [row.id, row]));
}

function checkEntry(
  findings: Findings,
  entry: RecordedEntry,
  rows: ReadonlyMap<string, CustodyRow>,
  seen: Seen,
): void {
  const { detail, actor, at, id } = entry;
  if (entry.standing === 'broken') {
    const message = `The entry ${id} of the audit log about the chain of custody was changed, or was not written by Bartizan.`;
    findings.add('audit-changed', 'audit_entries', message, entry);
    return;
  }
  const of = textOf(detail.entry) ?? '';
  const before = textOf(detail.before);
  const act = `${shown(detail.act)} by ${shown(actor.name)} at ${when(at)}`;
  seen.first ??= entry;
  const row = rows.get(of);
  if (row === undefined) {
    seen.gone.add(of);
    const message = `The act ${act} (row ${of}) is gone; the audit log holds it (entry ${id}).`;
    findings.add('row-missing', WHERE, message, entry);
  } else if (custodyDigest(row) !== detail.digest) {
    const message = `The act ${act} (row ${of}) was altered: it says ${shown(row.action)} by ${shown(row.actorName)} at ${when(row.at)}, and is not what the audit log holds the digest of (entry ${id}).`;
    findings.add('row-changed', WHERE, message, entry);
  }
  if (before === null || rows.has(before) || seen.gone.has(before)) return;
  seen.gone.add(before);
  const message = `A row (${before}) that another act follows (${act}) is gone, and so is its entry of the audit log.`;
  findings.add('row-missing', WHERE, message, entry);
}

/** Every entry of the log has its row, as it was. Memory of one page. */
async function checkEntries(
  { database, recorded }: CustodyCheckDeps,
  datasetId: string,
  findings: Findings,
): Promise<RecordedEntry | undefined> {
  const seen: Seen = { first: undefined, gone: new Set() };
  for await (const page of recorded.pages(custodySubject(datasetId), [CUSTODY_ACTION])) {
    const ids = page.flatMap(({ detail }) => [textOf(detail.entry) ?? '', textOf(detail.before) ?? '']);
    const rows = await rowsOf(ids, database);
    for (const entry of page) checkEntry(findings, entry, rows, seen);
  }
  return seen.first;
}

/** Whether the log holds the chain from its beginning. */
const isWhole = ({ detail }: RecordedEntry): boolean => detail.before === null;

/** Every row has its entry: of those after `first` one of its own; of those before, the one that it names. */
async function checkRows(
  database: Database,
  datasetId: string,
  first: RecordedEntry | undefined,
  findings: Findings,
): Promise<void> {
  const own = sql`exists (select from audit_entries e where e.subject = ${custodySubject(datasetId)}
    and e.action = ${CUSTODY_ACTION} and e.detail ->> 'entry' = c.id::text)`;
  const named = sql`exists (select from audit_entries e where e.id = c.audit_id and e.actor_id = c.actor_id)`;
  const older = first === undefined ? sql`true` : isWhole(first) ? sql`false` : sql`c.at <= ${first.at}`;
  const { rows } = await sql<CustodyRow>`select ${CUSTODY_ROW} from data_custody c
    where c.dataset_id = ${datasetId} and not ${own} and not (${older} and ${named})
    order by c.at, c.id limit ${MOST_NAMED}`.execute(database);
  for (const { id, action, actorName, at } of rows) {
    const message = `The act ${shown(action)} by ${shown(actorName)} at ${when(at)} (row ${id}) is in the chain of custody; the audit log holds nothing of it.`;
    findings.add('row-added', WHERE, message);
  }
}

/**
 * Holds the chain of custody of a dataset against the audit log: rows that are gone, were altered, or that the log
 * holds nothing of are named. Memory does not grow with the chain.
 */
export async function checkCustody(
  deps: CustodyCheckDeps,
  datasetId: string,
  findings: Findings,
): Promise<void> {
  const first = await checkEntries(deps, datasetId, findings);
  await checkRows(deps.database, datasetId, first, findings);
  if (first !== undefined && isWhole(first)) return;
  findings.note(
    'The audit log does not hold what older acts in the chain of custody say, only that they were: an older Bartizan wrote them.',
  );
  const { rows } = await sql`select from data_custody where dataset_id = ${datasetId} limit 1`.execute(
    deps.database,
  );
  if (rows.length === 0)
    findings.add('row-missing', WHERE, 'The chain of custody is empty; registering a dataset begins it.');
}
