import { type Schema, schemaDigest } from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import type { RecordedEntries } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';
import { checkLedger } from '../privacy/recorded.ts';
import { checkCustody } from '../sources/custody-check.ts';
import { checkSources } from '../sources/source-check.ts';
import { type CheckedFacts, checkFacts, type VersionRows } from './facts.ts';
import { createFindings, type Findings } from './findings.ts';
import type { StoredVersion } from './model.ts';
import type { VersionStore } from './versions-store.ts';

export interface CheckingDeps {
  readonly database: Database;
  readonly versions: VersionStore;
  readonly recorded: RecordedEntries;
}

/** What the database holds of a version, held against the audit log. */
export interface Checked {
  readonly findings: Findings;
  readonly rows: VersionRows;
  /** What is trusted of it. */
  readonly facts: CheckedFacts;
}

/** Null where the stored schema cannot be one. */
function digestOfSchema(schema: Schema): string | null {
  try {
    return schemaDigest(schema).toString('hex');
  } catch (error) {
    if (error instanceof DatasetInputError || error instanceof TypeError) return null;
    throw error;
  }
}

/** Holds rows of the database against the audit log: of a version, its sources and its dataset. */
export function createChecking({ database, versions, recorded }: CheckingDeps) {
  async function rowsOf(version: StoredVersion): Promise<VersionRows> {
    const schema = (await versions.measured(version.id))?.schema;
    return {
      version,
      files: await versions.files(version.id),
      profileDigest: await versions.profileDigest(version.id),
      schemaDigest: schema === undefined ? null : digestOfSchema(schema as Schema),
      approval: await versions.approval(version.id),
    };
  }

  async function once(versionId: string): Promise<Checked | null> {
    const version = await versions.find(versionId);
    if (!version) return null;
    const findings = createFindings();
    const rows = await rowsOf(version);
    const facts = await checkFacts(recorded, findings, rows);
    await checkSources({ database, recorded }, version.id, findings);
    await checkCustody({ database, recorded }, version.datasetId, findings);
    await checkLedger({ database, recorded }, version.datasetId, findings);
    return { findings, rows, facts };
  }

  return Object.freeze({
    /** Null where the version is gone. */
    async check(versionId: string): Promise<Checked | null> {
      const checked = await once(versionId);
      // What was done meanwhile is not tampering: it is in both when one looks again.
      return checked === null || checked.findings.tamperings.length === 0 ? checked : await once(versionId);
    },
  });
}
export type Checking = ReturnType<typeof createChecking>;
