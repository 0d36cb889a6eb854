import type { RecordedEntries, RecordedEntry } from '../../../audit/index.ts';
import { compareFacts, type Findings, shown } from './findings.ts';
import { replay, STANDING_ACTIONS, type Standing, type ToldFact } from './history.ts';
import { filesDigest, type StoredVersion, versionFacts } from './model.ts';
import type { StoredApproval, VersionFile } from './versions-store.ts';

/** Where a fact of a version stands in the database, for people. */
const COLUMNS: Readonly<Record<string, string>> = Object.freeze({
  dataset: 'data_versions.dataset_id',
  number: 'data_versions.number',
  storage: 'data_versions.storage',
  location: 'data_versions.location',
  format: 'data_versions.format',
  options: 'data_versions.options',
  rows: 'data_versions.rows',
  bytes: 'data_versions.bytes',
  fileCount: 'data_versions.file_count',
  root: 'data_versions.root',
  schemaDigest: 'data_versions.schema_digest',
  profile: 'data_versions.profile',
  leaves: 'data_versions.leaves',
  blocks: 'data_versions.blocks',
  recordOrigins: 'data_versions.record_origins',
  origins: 'data_versions.origins',
  parent: 'data_versions.parent_id',
  source: 'data_versions.source_id',
  sourceName: 'data_versions.source_name',
  batch: 'data_versions.batch',
  reason: 'data_versions.reason',
  label: 'data_versions.label',
  measuredBy: 'data_versions.measured_by',
  allowSame: 'data_versions.allow_same',
  by: 'data_versions.acting',
  createdAt: 'data_versions.created_at',
  files: 'data_version_files',
});

/** What the database holds of a version. */
export interface VersionRows {
  readonly version: StoredVersion;
  readonly files: readonly VersionFile[];
  /** Of the profile as it is stored; null where there is none. */
  readonly profileDigest: string | null;
  /** Of the schema as it is stored, as records are hashed under it; null where there is none or it cannot be read. */
  readonly schemaDigest: string | null;
  readonly approval: StoredApproval | null;
}

/** What is trusted of a version: of the audit log; of the database where the log has nothing. */
export interface CheckedFacts {
  readonly rows: number;
  readonly root: string;
  readonly schemaDigest: string;
  readonly leaves: string;
  readonly blocks: string;
  readonly format: StoredVersion['format'];
  /** Whether its content is to be here. */
  readonly hasContent: boolean;
  /** Whether the stored schema is the one that its records were hashed under. */
  readonly hasSchema: boolean;
}

function differs<Value>(
  findings: Findings,
  column: string,
  now: Value,
  { value, entry }: ToldFact<Value>,
): void {
  if (now === value) return;
  const where = `data_versions.${column}`;
  const message = `${where} is ${shown(now)}; by the audit log it is ${shown(value)} (entry ${entry.id}, ${entry.action}).`;
  findings.add('row-changed', where, message, entry);
}

/** What entries of later acts say: state, quarantine, whether the content was removed. */
function checkStanding(findings: Findings, version: StoredVersion, standing: Standing): void {
  const { state, failure, readyAt, quarantined, contentRemoved, created, isOlder } = standing;
  if (state !== undefined) {
    if (isOlder && version.state === 'ready' && state.value === 'awaiting-review')
      findings.note(
        'The audit log does not hold when this version was let into use: it was made by an older Bartizan.',
      );
    else differs(findings, 'state', version.state, state);
    if (failure !== undefined) differs(findings, 'failure', version.failure, failure);
    if (readyAt !== undefined && version.state === state.value)
      differs(findings, 'ready_at', version.readyAt, readyAt);
  }
  if (quarantined !== undefined) differs(findings, 'quarantined', version.quarantined, quarantined);
  else if (version.quarantined)
    findings.add(
      'row-changed',
      'data_versions.quarantined',
      'data_versions.quarantined is true; the audit log holds no quarantine of this version.',
      created,
    );
  if (version.contentRemovedAt !== null && contentRemoved === undefined && created !== undefined)
    findings.add(
      'row-changed',
      'data_versions.content_removed_at',
      'data_versions.content_removed_at is set; the audit log holds no removal of the content.',
      created,
    );
}

function checkApproval(findings: Findings, approval: StoredApproval | null, { approved }: Standing): void {
  const where = 'data_approvals';
  if (approval === null && approved !== undefined) {
    const message = `The approval by ${shown(approved.actor.name)} is gone; the audit log holds it (entry ${approved.id}).`;
    findings.add('row-missing', where, message, approved);
  }
  if (approval !== null && approved === undefined) {
    const message = `An approval by ${shown(approval.byName)} is kept; the audit log holds none.`;
    findings.add('row-added', where, message);
  }
  if (approval === null || approved === undefined) return;
  const { byId, byName, reason } = approval;
  const { actor, detail } = approved;
  const now = { byId, byName, reason };
  const told = { byId: actor.id, byName: actor.name, reason: detail.reason };
  const columns = Object.fromEntries(
    Object.keys(now).map((key) => [key, `${where}.${key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}`]),
  );
  compareFacts(findings, columns, { now, told, entry: approved });
}

/** Who made it, as far as the row says: somebody may have written anything there. */
const actingOf = ({ acting }: { readonly acting: unknown }): Readonly<Record<string, unknown>> =>
  typeof acting === 'object' && acting !== null ? { ...acting } : {};

function checkCreated(findings: Findings, rows: VersionRows, created: RecordedEntry): void {
  const { version, files, profileDigest } = rows;
  const kept = version.storage === 'value' && version.contentRemovedAt === null;
  const now: Record<string, unknown> = { ...versionFacts(version), profile: profileDigest };
  if (kept) now.files = filesDigest(files);
  const told = created.detail;
  const lacking = compareFacts(findings, COLUMNS, { now, told, entry: created });
  if (lacking.length > 0)
    findings.note(
      `The audit log does not hold ${lacking.join(', ')} of this version: it was made by an older Bartizan.`,
    );
  // Where `by` is held, it says the same and more.
  if ('by' in told) return;
  const { id, kind, name } = actingOf(version);
  const { actor } = created;
  if (actor.id === id && actor.kind === kind && actor.name === name) return;
  const where = 'data_versions.acting';
  const message = `${where} is ${shown(name)} (${shown(kind)} ${shown(id)}); the audit log holds ${shown(actor.name)} (${actor.kind} ${actor.id}, entry ${created.id}).`;
  findings.add('row-changed', where, message, created);
}

function checkSchema(findings: Findings, rows: VersionRows, told: string, created?: RecordedEntry): boolean {
  if (rows.schemaDigest === told || told === '') return true;
  const where = 'data_versions.schema';
  const message = `${where} is not the schema that the records were hashed under; the audit log holds the digest ${told}${created ? ` (entry ${created.id})` : ''}.`;
  findings.add('row-changed', where, message, created);
  return false;
}

/**
 * Holds the rows of a version against what the audit log has of its making and of all that was done with it. What the
 * log says counts; without a sound entry the database is all that there is, and that is told.
 */
export async function checkFacts(
  recorded: Pick<RecordedEntries, 'history'>,
  findings: Findings,
  rows: VersionRows,
): Promise<CheckedFacts> {
  const { version } = rows;
  const entries = await recorded.history(`dataset-version:${version.id}`, STANDING_ACTIONS);
  const sound = entries.filter(({ standing }) => standing !== 'broken');
  for (const { id, action, standing } of entries)
    if (standing === 'broken')
      findings.add(
        'audit-changed',
        'audit_entries',
        `The entry ${id} of the audit log about this version (${action}) was changed, or was not written by Bartizan.`,
        { id },
      );
  const standing = replay(sound);
  const { created, state } = standing;
  if (created === undefined && state === undefined)
    findings.add(
      'audit-missing',
      'audit_entries',
      'The audit log holds no sound entry of this version: only the database is left to tell what it was.',
    );
  else if (created === undefined && version.rows !== null)
    findings.add(
      'audit-missing',
      'audit_entries',
      'The audit log holds no sound entry of records of this version; the database does.',
    );
  if (created !== undefined) checkCreated(findings, rows, created);
  if (state !== undefined) checkStanding(findings, version, standing);
  checkApproval(findings, rows.approval, standing);
  const told = created?.detail ?? {};
  const fact = (key: 'root' | 'schemaDigest' | 'leaves' | 'blocks'): string =>
    String((created ? told[key] : null) ?? version[key] ?? '');
  const schemaDigest = fact('schemaDigest');
  const storage = created ? told.storage : version.storage;
  const removed = created ? standing.contentRemoved !== undefined : version.contentRemovedAt !== null;
  return {
    rows: Math.max(0, Number((created ? told.rows : null) ?? version.rows ?? 0)),
    root: fact('root'),
    schemaDigest,
    leaves: fact('leaves'),
    blocks: fact('blocks'),
    format: (created ? told.format : version.format) as StoredVersion['format'],
    hasContent: storage === 'value' && !removed,
    hasSchema: checkSchema(findings, rows, schemaDigest, created),
  };
}
