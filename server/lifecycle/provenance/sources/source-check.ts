import { sql } from 'kysely';
import type { RecordedEntries, RecordedEntry } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';
import { compareFacts, type Findings, shown } from '../datasets/findings.ts';
import { sourceFacts } from './facts.ts';
import type { StoredSource } from './store.ts';

export interface SourceCheckDeps {
  readonly database: Database;
  readonly recorded: Pick<RecordedEntries, 'history'>;
}

const ACTIONS = ['data.source-registered', 'data.source-changed', 'data.source-trusted'];
const TABLE = 'data_sources';
/** Sources that are looked at: those of the most records. */
const MOST_SOURCES = 1_000;

type Row = Omit<StoredSource, 'datasets' | 'records'>;

const column = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What entries say that hold no facts: those of an older Bartizan. */
function olderFacts(entries: readonly RecordedEntry[]): Readonly<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  for (const { action, detail } of entries) {
    if (action === 'data.source-registered')
      Object.assign(told, {
        name: detail.name,
        owner: detail.owner,
        method: detail.method,
        teamId: detail.teamId ?? null,
        trust: 'unreviewed',
      });
    if (action === 'data.source-trusted') told.trust = detail.after;
    if (action !== 'data.source-changed') continue;
    told.name = detail.name;
    // Their new values are not held.
    for (const key of Array.isArray(detail.changed) ? detail.changed : [])
      if (key !== 'name') delete told[String(key)];
  }
  return told;
}

function compare(findings: Findings, row: Row, entries: readonly RecordedEntry[]): void {
  const entry = entries.at(-1);
  if (entry === undefined) return;
  const held = entry.detail.facts;
  const isHeld = typeof held === 'object' && held !== null;
  const now = sourceFacts(row);
  const told = isHeld ? (held as Readonly<Record<string, unknown>>) : olderFacts(entries);
  const columns = Object.fromEntries(Object.keys(now).map((key) => [key, `${TABLE}.${column(key)}`]));
  const lacking = compareFacts(findings, columns, { now, told, entry });
  if (lacking.length > 0)
    findings.note(
      `The audit log does not hold ${lacking.join(', ')} of the source ${shown(row.name)}: its entries are of an older Bartizan.`,
    );
}

async function checkOne(
  { database, recorded }: SourceCheckDeps,
  { id, name }: { readonly id: string; readonly name: string | null },
  findings: Findings,
): Promise<void> {
  const { rows } =
    await sql<Row>`select id, name, team_id as "teamId", owner, method, url, license, consent, contact,
      description, trust, reviewed_by as "reviewedBy", reviewed_at::float8 as "reviewedAt",
      created_by_id as "createdById", created_by as "createdBy", created_at::float8 as "createdAt"
    from data_sources where id = ${id}`.execute(database);
  const [row] = rows;
  const entries = await recorded.history(`data-source:${id}`, ACTIONS);
  for (const entry of entries)
    if (entry.standing === 'broken')
      findings.add(
        'audit-changed',
        'audit_entries',
        `The entry ${entry.id} of the audit log about the source ${shown(name)} was changed, or was not written by Bartizan.`,
        entry,
      );
  const sound = entries.filter(({ standing }) => standing !== 'broken');
  if (row === undefined) {
    const message = `The source ${shown(name)} (${id}) that brought records in is gone.`;
    findings.add('row-missing', TABLE, message, sound.at(-1));
    return;
  }
  if (sound.length === 0) {
    const message = `The audit log holds no sound entry of the source ${shown(row.name)} (${id}).`;
    findings.add('audit-missing', 'audit_entries', message);
    return;
  }
  compare(findings, row, sound);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Versions that brought records of this one in, as far as the row says so: somebody may have written anything there. */
async function originsOf(versionId: string, database: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ origins: unknown }>`select origins from data_versions
    where id = ${versionId}`.execute(database);
  const origins: unknown = rows[0]?.origins;
  return (Array.isArray(origins) ? (origins as readonly unknown[]) : []).flatMap((share) => {
    if (typeof share !== 'object' || share === null || !('version' in share && 'rows' in share)) return [];
    const { version, rows: count } = share;
    return typeof version === 'string' && UUID.test(version) && Number(count) > 0 ? [version] : [];
  });
}

/** Holds the sources that brought records of a version in against the audit log, each fact by itself. */
export async function checkSources(
  deps: SourceCheckDeps,
  versionId: string,
  findings: Findings,
): Promise<void> {
  const origins = await originsOf(versionId, deps.database);
  const { rows } = await sql<{ id: string; name: string | null }>`
    select source_id as id, max(source_name) as name from data_versions
    where id = any(${[versionId, ...origins]}::uuid[]) and source_id is not null
    group by source_id order by count(*) desc limit ${MOST_SOURCES}`.execute(deps.database);
  for (const source of rows) await checkOne(deps, source, findings);
}
