import { type LedgerEntry, replayLedger } from '@bartizan/checks/privacy/index.ts';
import { canonicalJson } from '@bartizan/contracts/tlog/canonical.ts';
import type { Actor, AuditEntry, RecordedEntries, RecordedEntry } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import { createFindings, type Findings, shown } from '../datasets/findings.ts';
import { digestOf } from '../datasets/held.ts';
import { viewOf } from './books.ts';
import { createPrivacyStore, type StoredRelease } from './store.ts';

const WRITTEN = 'data.privacy-ledger-written';
const BUDGET_SET = 'data.privacy-budget-set';
const RELEASED = 'data.statistic-released';
const LEDGER_TABLE = 'data_privacy_entries';
const RELEASE_TABLE = 'data_privacy_releases';
/** Entries of a ledger in one of the log, which stays below what one may hold. */
const TOGETHER = 50;

const subjectOf = (datasetId: string): string => `data-privacy:${datasetId}`;

/** A ledger and some of its entries. */
export interface LedgerPart {
  readonly datasetId: string;
  readonly ledger: string;
  readonly entries: readonly LedgerEntry[];
}

/** What the audit log is told of entries of a ledger: all that they say, so that what was spent can be replayed. */
export function ledgerAudit(actor: Actor, { datasetId, ledger, entries }: LedgerPart): readonly AuditEntry[] {
  const told: AuditEntry[] = [];
  for (let at = 0; at < entries.length; at += TOGETHER) {
    const detail = { ledger, entries: entries.slice(at, at + TOGETHER) };
    told.push({ actor, action: WRITTEN, subject: subjectOf(datasetId), detail });
  }
  return told;
}

/** Digest of a release as it was given out; the audit log holds it. Lower-case hexadecimal. */
export const releaseDigest = ({ id, query, answer, purpose, createdBy, createdAt }: StoredRelease): string =>
  digestOf({ id, query, answer, purpose, createdBy, createdAt });

export interface LedgerCheckDeps {
  readonly database: Database;
  readonly recorded: Pick<RecordedEntries, 'history'>;
}

/** What the log holds of the newest ledger of a dataset. */
export interface LoggedLedger {
  /** Null: the log holds entries of no ledger. */
  readonly id: string | null;
  readonly entries: ReadonlyMap<number, { readonly text: string; readonly entry: RecordedEntry }>;
  readonly budgets: readonly RecordedEntry[];
}

const textOf = (entry: unknown): string => canonicalJson(JSON.parse(JSON.stringify(entry ?? null)));
const isEntry = (value: unknown): value is LedgerEntry =>
  typeof value === 'object' && value !== null && 'sequence' in value && typeof value.sequence === 'number';

function broken(findings: Findings, entries: readonly RecordedEntry[]): readonly RecordedEntry[] {
  for (const entry of entries)
    if (entry.standing === 'broken')
      findings.add(
        'audit-changed',
        'audit_entries',
        `The entry ${entry.id} of the audit log about private statistics (${entry.action}) was changed, or was not written by Bartizan.`,
        entry,
      );
  return entries.filter(({ standing }) => standing !== 'broken');
}

async function logged(
  { database, recorded }: LedgerCheckDeps,
  datasetId: string,
  findings: Findings,
): Promise<LoggedLedger> {
  const written = broken(findings, await recorded.history(subjectOf(datasetId), [WRITTEN], database));
  const budgets = broken(findings, await recorded.history(`dataset:${datasetId}`, [BUDGET_SET], database));
  const id = written.at(-1)?.detail.ledger;
  const entries = new Map<number, { text: string; entry: RecordedEntry }>();
  for (const entry of written) {
    if (entry.detail.ledger !== id || !Array.isArray(entry.detail.entries)) continue;
    for (const each of entry.detail.entries)
      if (isEntry(each)) entries.set(each.sequence, { text: textOf(each), entry });
  }
  return { id: typeof id === 'string' ? id : null, entries, budgets };
}

/** What entries come to, in words. */
function spentOf(entries: readonly LedgerEntry[]): string {
  try {
    return `ε ${entries.length === 0 ? '0' : viewOf(replayLedger(entries), 0).spent.epsilon}`;
  } catch {
    return 'nothing that adds up';
  }
}

function compareEntries(findings: Findings, log: LoggedLedger, stored: readonly LedgerEntry[]): void {
  const now = new Map(stored.map((entry) => [entry.sequence, textOf(entry)]));
  const before = findings.tamperings.length;
  for (const [sequence, { text, entry }] of log.entries) {
    const found = now.get(sequence);
    const place = `entry ${sequence} of the ledger of privacy`;
    if (found === undefined)
      findings.add(
        'row-missing',
        LEDGER_TABLE,
        `The ${place} is gone; the audit log holds ${shown(JSON.parse(text))} (entry ${entry.id}).`,
        entry,
      );
    else if (found !== text)
      findings.add(
        'row-changed',
        LEDGER_TABLE,
        `The ${place} is ${shown(JSON.parse(found))}; the audit log holds ${shown(JSON.parse(text))} (entry ${entry.id}).`,
        entry,
      );
  }
  for (const [sequence, text] of now)
    if (!log.entries.has(sequence))
      findings.add(
        'row-added',
        LEDGER_TABLE,
        `The entry ${sequence} of the ledger of privacy, ${shown(JSON.parse(text))}, is none that the audit log holds.`,
      );
  if (findings.tamperings.length === before) return;
  const told = [...log.entries.values()].map(({ text }) => JSON.parse(text) as LedgerEntry);
  const message = `By the audit log ${spentOf(told.toSorted((a, b) => a.sequence - b.sequence))} was spent; by the database ${spentOf(stored)}.`;
  findings.add('row-changed', LEDGER_TABLE, message);
}

/** Where the log holds no entries of a ledger: an older Bartizan wrote it, or somebody did. */
function compareOlder(findings: Findings, log: LoggedLedger, stored: readonly LedgerEntry[]): void {
  const newest = log.budgets.at(-1);
  if (newest === undefined) {
    if (stored.length > 0)
      findings.add('row-added', LEDGER_TABLE, 'The audit log holds nothing of the ledger of privacy.');
    return;
  }
  if ('ledger' in newest.detail)
    findings.add(
      'audit-missing',
      'audit_entries',
      `The audit log holds a privacy budget (entry ${newest.id}), and no entries of its ledger any more.`,
      newest,
    );
  if (stored.length === 0)
    findings.add(
      'row-missing',
      LEDGER_TABLE,
      `The ledger of privacy is gone; the audit log holds a budget of ε ${shown(newest.detail.epsilon)} (entry ${newest.id}).`,
      newest,
    );
  else
    findings.note(
      'The audit log does not hold the entries of the privacy ledger: an older Bartizan wrote it.',
    );
}

/** Releases that were given out, by the log and by the database. */
async function checkReleases(
  { database, recorded }: LedgerCheckDeps,
  datasetId: string,
  findings: Findings,
): Promise<void> {
  const entries = broken(findings, await recorded.history(`dataset:${datasetId}`, [RELEASED], database));
  const stored = new Map(
    (await createPrivacyStore(database).answered(datasetId)).map((row) => [row.id, row]),
  );
  const older = entries.filter(({ detail }) => !('release' in detail));
  for (const entry of entries) {
    if (!('release' in entry.detail)) continue;
    const id = String(entry.detail.release);
    const row = stored.get(id);
    stored.delete(id);
    const what = `release ${id} by ${shown(entry.actor.name)}`;
    if (row === undefined)
      findings.add(
        'row-missing',
        RELEASE_TABLE,
        `The ${what} is gone; the audit log holds it (entry ${entry.id}).`,
        entry,
      );
    else if (releaseDigest(row) !== entry.detail.digest)
      findings.add(
        'row-changed',
        RELEASE_TABLE,
        `The ${what} is not what the audit log holds the digest of (entry ${entry.id}).`,
        entry,
      );
  }
  if (stored.size < older.length)
    findings.add(
      'row-missing',
      RELEASE_TABLE,
      `Of ${older.length} releases that the audit log holds ${stored.size} are left.`,
      older.at(-1),
    );
  else if (older.length === 0)
    for (const { id, createdBy } of stored.values())
      findings.add(
        'row-added',
        RELEASE_TABLE,
        `The audit log holds nothing of the release ${id} by ${shown(createdBy)}.`,
      );
  if (older.length > 0)
    findings.note(
      'The audit log does not hold what older private statistics were: an older Bartizan gave them out.',
    );
}

/**
 * Holds the newest ledger of a dataset, and what was released, against the audit log; names entries that are gone, were
 * altered or that the log does not hold. Gives what the log holds. `database` is a transaction
 * that holds the lock of the ledger, or sees one moment (repeatable read): else what is written meanwhile looks tampered.
 */
export async function checkLedgerWithin(
  deps: LedgerCheckDeps,
  datasetId: string,
  findings: Findings,
): Promise<LoggedLedger> {
  const log = await logged(deps, datasetId, findings);
  const { id, entries } = await createPrivacyStore(deps.database).ledger(datasetId);
  if (log.id === null) compareOlder(findings, log, entries);
  else {
    if (id !== null && id !== log.id)
      findings.add(
        'row-added',
        'data_privacy_ledgers',
        `The newest ledger of privacy is ${id}; by the audit log it is ${log.id}.`,
      );
    compareEntries(findings, log, id === log.id ? entries : []);
  }
  await checkReleases(deps, datasetId, findings);
  return log;
}

/** As {@link checkLedgerWithin}; `conflict` where the ledger is not what the log holds: nothing is released of it then. */
export async function demandLedger(deps: LedgerCheckDeps, datasetId: string): Promise<LoggedLedger> {
  const findings = createFindings(1);
  const log = await checkLedgerWithin(deps, datasetId, findings);
  const [first] = findings.tamperings;
  if (first === undefined) return log;
  throw new AppError('conflict', `the ledger of privacy is not what the audit log holds: ${first.message}`, {
    hint: 'Nothing is released until it is: bring its rows back from a backup. Verifying a version of the dataset names all that differs.',
  });
}
