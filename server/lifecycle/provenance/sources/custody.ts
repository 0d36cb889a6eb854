import type { CustodyEntry as CustodyView } from '@bartizan/contracts';
import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { afterOf, positionOf } from '../datasets/paging.ts';
import type { CustodyAction, CustodyEntry, DatasetsPort } from '../ports.ts';
import {
  CUSTODY_ACTION,
  custodyDigest,
  custodySubject,
  insertCustody,
  newestCustody,
} from './custody-rows.ts';
import type { SourceStore, StoredCustody } from './store.ts';

/** Told by the entry itself, or read by machines. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(['records', 'rows', 'number', 'version', 'root']);

/** What facts are called where their own name tells too little. */
const FACT_WORDS: Readonly<Record<string, string>> = {
  what: '',
  offset: 'from row',
  limit: 'at most',
  comparedWith: 'compared with version',
  from: 'from version',
  to: 'to version',
};
const wordsOf = (name: string): string =>
  FACT_WORDS[name] ?? name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Counts that read better before their word. */
const COUNTED: ReadonlySet<string> = new Set(['suspected', 'findings']);

/** Facts that people read, as words and a value; lists and objects stay in the audit log. */
function detailWords(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .filter(
      ([name, value]) =>
        !SHOWN_ELSEWHERE.has(name) && (typeof value === 'string' || typeof value === 'number'),
    )
    .map(([name, value]) =>
      (COUNTED.has(name) ? `${String(value)} ${name}` : `${wordsOf(name)} ${String(value)}`).trim(),
    )
    .join(', ')
    .slice(0, 300);
}

function viewOf({ id, at, action, by, number, reason, detail, auditId }: StoredCustody): CustodyView {
  const facts = JSON.parse(detail) as Record<string, unknown>;
  const records = facts.records ?? facts.rows;
  return {
    id,
    at,
    act: action,
    by,
    version: number,
    records: typeof records === 'number' ? records : null,
    reason,
    detail: detailWords(facts),
    auditId,
  };
}

interface CustodyDeps {
  readonly store: Pick<SourceStore, 'custody'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly datasets: Pick<DatasetsPort, 'find'>;
}

/** Who added, changed, approved and read what. */
export function createCustody({ store, audit, clock, datasets }: CustodyDeps) {
  return Object.freeze({
    /**
     * See `GovernancePort.custody`. The row gets an entry of the audit log of its own, with its digest and the row that
     * it follows, so that rows that are altered, gone or invented can be named.
     */
    async add(entry: CustodyEntry, tx: Database): Promise<void> {
      const before = await newestCustody(entry.datasetId, tx);
      const row = await insertCustody(entry, clock.now(), tx);
      const detail = {
        entry: row.id,
        act: entry.action,
        version: entry.versionId,
        digest: custodyDigest(row),
        before,
      };
      const subject = custodySubject(entry.datasetId);
      await audit.record({ actor: entry.actor, action: CUSTODY_ACTION, subject, detail }, tx);
    },

    async list(
      viewer: Viewer,
      dataset: string,
      query: { cursor?: string | undefined; limit: number; act?: CustodyAction | undefined },
    ) {
      const { id } = await datasets.find(viewer, dataset);
      const { cursor, limit, act } = query;
      const found = await store.custody(id, { action: act, after: afterOf(cursor), limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map(viewOf),
        next: found.length > limit && last ? positionOf(last) : null,
      };
    },
  });
}
export type Custody = ReturnType<typeof createCustody>;
