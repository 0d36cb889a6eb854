import type { LedgerEntry } from '@bartizan/checks/privacy/index.ts';
import type { PrivateQuery, PrivateRelease } from '@bartizan/contracts';
import { sql } from 'kysely';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';

export type Answer = Pick<PrivateRelease, 'value' | 'standardError' | 'mechanism' | 'spent'>;

export interface StoredRelease {
  readonly id: string;
  readonly query: PrivateQuery;
  readonly answer: Answer | null;
  readonly purpose: string;
  readonly createdBy: string;
  readonly createdAt: number;
}

const RELEASE = sql`id, query, answer, purpose, created_by as "createdBy", created_at::float8 as "createdAt"`;

/** Ledgers of privacy and what was released, in the database. */
export function createPrivacyStore(database: Database) {
  return Object.freeze({
    /** One release of a dataset at a time: held until the transaction ends. */
    async lock(datasetId: string, tx: Database): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`data-privacy:${datasetId}`}, 0))`.execute(
        tx,
      );
    },

    /** Entries of the newest ledger; none where no budget was ever set. */
    async ledger(
      datasetId: string,
      tx: Database = database,
    ): Promise<{ readonly id: string | null; readonly entries: readonly LedgerEntry[] }> {
      const { rows } = await sql<{ id: string; entry: LedgerEntry }>`select e.ledger_id as id, e.entry
        from data_privacy_entries e where e.ledger_id = (select id from data_privacy_ledgers
          where dataset_id = ${datasetId} order by generation desc limit 1)
        order by e.sequence`.execute(tx);
      return { id: rows[0]?.id ?? null, entries: rows.map(({ entry }) => entry) };
    },

    async open(datasetId: string, by: { readonly name: string; readonly atMs: number }, tx: Database) {
      const id = uuidv7(by.atMs);
      await sql`insert into data_privacy_ledgers (id, dataset_id, generation, created_at, created_by)
        select ${id}, ${datasetId}, coalesce(max(generation), 0) + 1, ${by.atMs}, ${by.name}
        from data_privacy_ledgers where dataset_id = ${datasetId}`.execute(tx);
      return id;
    },

    async append(
      ledgerId: string,
      entries: readonly LedgerEntry[],
      atMs: number,
      tx: Database,
    ): Promise<void> {
      for (const entry of entries)
        await sql`insert into data_privacy_entries (ledger_id, sequence, entry, at)
          values (${ledgerId}, ${entry.sequence}, ${JSON.stringify(entry)}::jsonb, ${atMs})`.execute(tx);
    },

    async byRequest(
      datasetId: string,
      request: string,
      tx: Database = database,
    ): Promise<StoredRelease | undefined> {
      const { rows } = await sql<StoredRelease>`select ${RELEASE} from data_privacy_releases
        where dataset_id = ${datasetId} and request = ${request}`.execute(tx);
      return rows[0];
    },

    async begin(
      datasetId: string,
      request: string,
      release: Omit<StoredRelease, 'answer'>,
      tx: Database,
    ): Promise<void> {
      await sql`insert into data_privacy_releases (id, dataset_id, request, query, purpose, created_by, created_at)
        values (${release.id}, ${datasetId}, ${request}, ${JSON.stringify(release.query)}::jsonb, ${release.purpose},
          ${release.createdBy}, ${release.createdAt})`.execute(tx);
    },

    async answer(id: string, answer: Answer, tx: Database): Promise<void> {
      await sql`update data_privacy_releases set answer = ${JSON.stringify(answer)}::jsonb
        where id = ${id} and answer is null`.execute(tx);
    },

    /** All that were given out. */
    async answered(datasetId: string, tx: Database = database): Promise<readonly StoredRelease[]> {
      const { rows } = await sql<StoredRelease>`select ${RELEASE} from data_privacy_releases
        where dataset_id = ${datasetId} and answer is not null`.execute(tx);
      return rows;
    },

    async page(
      datasetId: string,
      after: { readonly at: number; readonly id: string } | null,
      limit: number,
    ): Promise<readonly StoredRelease[]> {
      const { rows } = await sql<StoredRelease>`select ${RELEASE} from data_privacy_releases
        where dataset_id = ${datasetId} and answer is not null
          and (${after?.at ?? null}::bigint is null
            or (created_at, id) < (${after?.at ?? null}::bigint, ${after?.id ?? null}::uuid))
        order by created_at desc, id desc limit ${limit}`.execute(database);
      return rows;
    },

    async count(datasetId: string, tx: Database = database): Promise<number> {
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from data_privacy_releases
        where dataset_id = ${datasetId} and answer is not null`.execute(tx);
      return rows[0]?.count ?? 0;
    },
  });
}
export type PrivacyStore = ReturnType<typeof createPrivacyStore>;
