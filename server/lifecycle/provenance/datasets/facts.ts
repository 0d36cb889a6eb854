import type { DataTampering } from '@bartizan/contracts';
import type { RecordedEntries } from '../../../audit/index.ts';
import { filesDigest, type StoredVersion, versionFacts } from './model.ts';
import type { VersionFile } from './versions-store.ts';

/** Where a fact of a version stands in the database, for people. */
const COLUMNS: Readonly<Record<string, string>> = Object.freeze({
  dataset: 'data_versions.dataset_id',
  number: 'data_versions.number',
  storage: 'data_versions.storage',
  location: 'data_versions.location',
  format: 'data_versions.format',
  rows: 'data_versions.rows',
  bytes: 'data_versions.bytes',
  root: 'data_versions.root',
  schemaDigest: 'data_versions.schema_digest',
  leaves: 'data_versions.leaves',
  blocks: 'data_versions.blocks',
  recordOrigins: 'data_versions.record_origins',
  parent: 'data_versions.parent_id',
  source: 'data_versions.source_id',
  batch: 'data_versions.batch',
  measuredBy: 'data_versions.measured_by',
  files: 'data_version_files',
});

/** What is trusted of a version, and what of its rows differs from it. */
export interface CheckedFacts {
  /** Of the audit log; of the database where the log has none. */
  readonly rows: number;
  readonly root: string;
  readonly schemaDigest: string;
  readonly leaves: string;
  readonly blocks: string;
  readonly tamperings: readonly DataTampering[];
}

const tampering = (kind: DataTampering['kind'], where: string, message: string): DataTampering => ({
  kind,
  was: null,
  now: null,
  where,
  message,
});

const shown = (value: unknown): string => JSON.stringify(value ?? null).slice(0, 200);

/**
 * Holds the rows of a version against the entry that the audit log has of its making. What the log says counts; without
 * a sound entry the database is all that there is, and that is told.
 */
export async function checkFacts(
  recorded: RecordedEntries,
  version: StoredVersion,
  files: readonly VersionFile[],
): Promise<CheckedFacts> {
  const entries = await recorded.find('data.version-created', `dataset-version:${version.id}`);
  const sound = entries.filter(({ standing }) => standing !== 'broken');
  const entry = sound[0];
  const tamperings: DataTampering[] = [];
  if (entries.length > sound.length)
    tamperings.push(
      tampering(
        'audit-changed',
        'audit_entries',
        'The entry of the audit log about this version was changed.',
      ),
    );
  if (!entry)
    tamperings.push(
      tampering(
        'audit-missing',
        'audit_entries',
        'The audit log holds no sound entry of this version: only the database is left to tell what it was.',
      ),
    );
  const now: Record<string, unknown> = { ...versionFacts(version) };
  const kept = version.storage === 'value' && version.contentRemovedAt === null;
  if (kept) now.files = filesDigest(files);
  const told = entry?.detail ?? {};
  for (const [key, where] of Object.entries(COLUMNS)) {
    if (!entry || !(key in told) || (key === 'files' && !kept)) continue;
    if (shown(told[key]) === shown(now[key])) continue;
    const message = `${where} is ${shown(now[key])}; the audit log holds ${shown(told[key])}.`;
    tamperings.push(tampering('row-changed', where, message));
  }
  const fact = (key: 'root' | 'schemaDigest' | 'leaves' | 'blocks'): string =>
    String((entry ? told[key] : null) ?? version[key] ?? '');
  return {
    rows: Number((entry ? told.rows : null) ?? version.rows ?? 0),
    root: fact('root'),
    schemaDigest: fact('schemaDigest'),
    leaves: fact('leaves'),
    blocks: fact('blocks'),
    tamperings,
  };
}
