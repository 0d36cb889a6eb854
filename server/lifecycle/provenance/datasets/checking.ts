import { type Schema, schemaDigest } from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import type { RecordedEntries } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';
import { checkLedgerWithin } from '../privacy/recorded.ts';
import { checkCustody } from '../sources/custody-check.ts';
import { checkSources } from '../sources/source-check.ts';
import { checkDataset } from './dataset-check.ts';
import { checkDecisions } from './decision-check.ts';
import { type CheckedFacts, checkFacts, type VersionRows } from './facts.ts';
import { createFindings, type Findings } from './findings.ts';
import type { StoredVersion } from './model.ts';
import { createVersionStore, type VersionStore } from './versions-store.ts';

export interface CheckingDeps {
  readonly database: Database;
  readonly recorded: Pick<RecordedEntries, 'history' | 'pages'>;
}

/** What the database holds of a version, held against the audit log. */
export interface Checked {
  readonly findings: Findings;
  readonly rows: VersionRows;
  /** The schema as it is stored; null where there is none, or it cannot be read. */
  readonly schema: Schema | null;
  /** What is trusted of it. */
  readonly facts: CheckedFacts;
}

/** A stored schema and its digest; null where the text cannot be one. */
export function readSchema(text: string | null): { readonly schema: Schema; readonly digest: string } | null {
  if (text === null) return null;
  try {
    const schema = JSON.parse(text) as Schema;
    return { schema, digest: schemaDigest(schema).toString('hex') };
  } catch (error) {
    if (error instanceof DatasetInputError || error instanceof TypeError || error instanceof SyntaxError)
      return null;
    throw error;
  }
}

async function rowsOf(versions: VersionStore, version: StoredVersion) {
  const read = readSchema(await versions.schemaText(version.id));
  const rows: VersionRows = {
    version,
    files: await versions.files(version.id),
    profileDigest: await versions.profileDigest(version.id),
    schemaDigest: read?.digest ?? null,
    approval: await versions.approval(version.id),
  };
  return { rows, schema: read?.schema ?? null };
}

/** Entries as one transaction sees them. */
const seenBy = (recorded: CheckingDeps['recorded'], within: Database): CheckingDeps['recorded'] => ({
  history: (subject, actions) => recorded.history(subject, actions, within),
  pages: (subject, actions, options) => recorded.pages(subject, actions, { ...options, within }),
});

/** Holds rows of the database against the audit log: of a version, its sources and its dataset. */
export function createChecking(deps: CheckingDeps) {
  async function once(versionId: string, database: Database): Promise<Checked | null> {
    const versions = createVersionStore(database);
    const version = await versions.find(versionId);
    if (!version) return null;
    const findings = createFindings();
    const within = { database, recorded: seenBy(deps.recorded, database) };
    const { rows, schema } = await rowsOf(versions, version);
    const facts = await checkFacts(within.recorded, findings, rows);
    await checkSources(within, version.id, findings);
    await checkDataset(within, version.datasetId, findings);
    await checkDecisions(within, version.id, findings);
    await checkCustody(within, version.datasetId, findings);
    await checkLedgerWithin(within, version.datasetId, findings);
    return { findings, rows, schema, facts };
  }

  return Object.freeze({
    /** Null where the version is gone. Rows and entries are read as they stood at one moment. */
    check: (versionId: string): Promise<Checked | null> =>
      deps.database
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute((tx) => once(versionId, tx)),
  });
}
export type Checking = ReturnType<typeof createChecking>;
