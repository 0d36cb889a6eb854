import { sql } from 'kysely';
import type { RecordedEntries, RecordedEntry } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';
import { CUSTODY_ACTION, custodySubject } from '../sources/custody-rows.ts';
import { compareFacts, type Findings, shown } from './findings.ts';
import { heldFacts } from './held.ts';
import type { StoredDataset } from './model.ts';

export interface DatasetCheckDeps {
  readonly database: Database;
  readonly recorded: Pick<RecordedEntries, 'history'>;
}

const ACTIONS = ['data.dataset-registered', 'data.dataset-changed', 'data.dataset-removed'];
const TABLE = 'data_datasets';
const COLUMNS = Object.freeze({
  name: 'name',
  teamId: 'team_id',
  description: 'description',
  license: 'license',
  consent: 'consent',
  homepage: 'homepage',
  label: 'label',
  retentionDays: 'retention_days',
});
/** Versions that are gone and are named one by one. */
const MOST_NAMED = 100;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Row = Pick<StoredDataset, keyof typeof COLUMNS | 'removedAt'>;

interface Told {
  readonly value: unknown;
  readonly entry: RecordedEntry;
}

/** The newest value of each fact, and the entry that holds it. Older entries tell few values. */
function replayed(entries: readonly RecordedEntry[]): ReadonlyMap<string, Told> {
  const told = new Map<string, Told>();
  for (const entry of entries) {
    const { action, detail } = entry;
    if (action === 'data.dataset-removed') continue;
    if (action === 'data.dataset-registered') told.set('retentionDays', { value: null, entry });
    // Some of what changed is only named: its value is not known from then on.
    for (const key of Array.isArray(detail.changed) ? detail.changed : []) {
      const known = told.get(String(key));
      if (known && !(String(key) in detail) && !['name', 'teamId', 'retentionDays'].includes(String(key)))
        told.delete(String(key));
    }
    const held = typeof detail.facts === 'object' && detail.facts !== null ? detail.facts : {};
    for (const [key, value] of Object.entries({ ...detail, ...held }))
      if (key in COLUMNS) told.set(key, { value, entry });
  }
  return told;
}

async function checkFactsOf(
  { database, recorded }: DatasetCheckDeps,
  datasetId: string,
  findings: Findings,
): Promise<void> {
  const { rows } =
    await sql<Row>`select name, team_id as "teamId", description, license, consent, homepage, label,
    retention_days as "retentionDays", removed_at as "removedAt" from data_datasets where id = ${datasetId}`.execute(
      database,
    );
  const entries = await recorded.history(`dataset:${datasetId}`, ACTIONS);
  for (const entry of entries)
    if (entry.standing === 'broken')
      findings.add(
        'audit-changed',
        'audit_entries',
        `The entry ${entry.id} of the audit log about the dataset (${entry.action}) was changed, or was not written by Bartizan.`,
        entry,
      );
  const sound = entries.filter(({ standing }) => standing !== 'broken');
  const [row] = rows;
  if (row === undefined) return;
  const now = heldFacts({ ...row });
  for (const [key, { value, entry }] of replayed(sound)) {
    const column = `${TABLE}.${COLUMNS[key as keyof typeof COLUMNS]}`;
    compareFacts(findings, { [key]: column }, { now, told: heldFacts({ [key]: value }), entry });
  }
  const removed = sound.find(({ action }) => action === 'data.dataset-removed');
  if (removed !== undefined && row.removedAt === null)
    findings.add(
      'row-changed',
      `${TABLE}.removed_at`,
      `${TABLE}.removed_at is null; the audit log holds that the dataset was removed (entry ${removed.id}).`,
      removed,
    );
}

/** Versions that came into the dataset, by its chain of custody and by the entries of that in the audit log. */
async function addedTo(datasetId: string, database: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string | null }>`
    select detail ->> 'version' as id from audit_entries
      where subject = ${custodySubject(datasetId)} and action = ${CUSTODY_ACTION} and detail ->> 'act' = 'added'
    union select version_id::text from data_custody where dataset_id = ${datasetId} and action = 'added'`.execute(
    database,
  );
  return rows.flatMap(({ id }) => (id !== null && UUID.test(id) ? [id] : []));
}

async function checkVersions(
  { database, recorded }: DatasetCheckDeps,
  datasetId: string,
  findings: Findings,
): Promise<void> {
  const added = await addedTo(datasetId, database);
  const { rows } = await sql<{ id: string }>`select a.id from unnest(${added}::uuid[]) as a(id)
    where not exists (select from data_versions v where v.id = a.id and v.dataset_id = ${datasetId})
    order by a.id limit ${MOST_NAMED}`.execute(database);
  for (const { id } of rows) {
    const entries = await recorded.history(`dataset-version:${id}`, ['data.version-created']);
    const entry = entries.find(({ standing }) => standing !== 'broken');
    const which = entry === undefined ? id : `${shown(entry.detail.number)} (${id})`;
    const by =
      entry === undefined ? 'the chain of custody holds it' : `the audit log holds it (entry ${entry.id})`;
    findings.add('row-missing', 'data_versions', `Version ${which} of the dataset is gone; ${by}.`, entry);
  }
}

/** Holds the row of a dataset against the audit log, and names versions of it that are gone. */
export async function checkDataset(
  deps: DatasetCheckDeps,
  datasetId: string,
  findings: Findings,
): Promise<void> {
  await checkFactsOf(deps, datasetId, findings);
  await checkVersions(deps, datasetId, findings);
}
