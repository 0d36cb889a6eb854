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

const when = (atMs: number): string => new Date(atMs).toISOString();
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

interface Seen {
  /** The oldest entry: what comes after it has an entry each. */
  first: RecordedEntry | undefined;
  /** Rows that were named as gone. */
  readonly gone: Set<string>;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function rowsOf(ids: readonly string[], database: Database): Promise<Map<string, CustodyRow>> {
  const known = ids.filter((id) => UUID.test(id));
  const { rows } = await sql<CustodyRow>`select ${CUSTODY_ROW} from data_custody c
    where c.id = any(${known}::uuid[])`.execute(database);
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

const PAGE = 500;
/** An entry is written in the transaction of its row, moments after it. */
const [BEFORE_MS, AFTER_MS] = [1_000, 60_000];

/** Which of these rows, in the order of their time, have an entry of the log. */
async function withEntries(
  database: Database,
  datasetId: string,
  rows: readonly CustodyRow[],
): Promise<ReadonlySet<string>> {
  const entries = sql`audit_entries e where e.subject = ${custodySubject(datasetId)}
    and e.action = ${CUSTODY_ACTION}`;
  const [from, to] = [(rows[0]?.at ?? 0) - BEFORE_MS, (rows.at(-1)?.at ?? 0) + AFTER_MS];
  const near = await sql<{ id: string }>`select e.detail ->> 'entry' as id from ${entries}
    and e.at between to_timestamp(${from}::float8 / 1000) and to_timestamp(${to}::float8 / 1000)`.execute(
    database,
  );
  const found = new Set(near.rows.map(({ id }) => id));
  const left = rows.filter(({ id }) => !found.has(id)).map(({ id }) => id);
  if (left.length === 0) return found;
  const far = await sql<{ id: string }>`select e.detail ->> 'entry' as id from ${entries}
    and e.detail ->> 'entry' = any(${left}::text[])`.execute(database);
  for (const { id } of far.rows) found.add(id);
  return found;
}

/** Which of these rows name an entry of the log that is of the same actor. */
async function withNamed(database: Database, rows: readonly CustodyRow[]): Promise<ReadonlySet<string>> {
  const ids = rows.flatMap(({ auditId }) => (auditId === null ? [] : [auditId]));
  const { rows: entries } = await sql<{
    id: string;
    who: string;
  }>`select id, actor_id as who from audit_entries
    where id = any(${ids}::uuid[])`.execute(database);
  const actors = new Map(entries.map(({ id, who }) => [id, who]));
  const named = rows.filter(({ auditId, actorId }) => auditId !== null && actors.get(auditId) === actorId);
  return new Set(named.map(({ id }) => id));
}

/** Every row has its entry: of those after `first` one of its own; of those before, the one that it names. Memory of one page. */
async function checkRows(
  database: Database,
  datasetId: string,
  first: RecordedEntry | undefined,
  findings: Findings,
): Promise<void> {
  const isOlder = ({ at }: CustodyRow): boolean => first === undefined || (!isWhole(first) && at <= first.at);
  for (let after = { at: Number.MIN_SAFE_INTEGER, id: '00000000-0000-0000-0000-000000000000' }; ; ) {
    const { rows } = await sql<CustodyRow>`select ${CUSTODY_ROW} from data_custody c
      where c.dataset_id = ${datasetId} and (c.at, c.id) > (${after.at}::bigint, ${after.id}::uuid)
      order by c.at, c.id limit ${PAGE}`.execute(database);
    const own = await withEntries(database, datasetId, rows);
    const named = await withNamed(database, rows.filter(isOlder));
    for (const { id, action, actorName, at } of rows) {
      if (own.has(id) || named.has(id)) continue;
      const message = `The act ${shown(action)} by ${shown(actorName)} at ${when(at)} (row ${id}) is in the chain of custody; the audit log holds nothing of it.`;
      findings.add('row-added', WHERE, message);
    }
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) return;
    after = last;
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
