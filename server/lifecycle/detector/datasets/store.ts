import type { CorrectionDataset } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import { contextOf } from '../corrections/service.ts';
import { alive, type SealedText, stateOf } from '../corrections/store.ts';
import type { Sealing } from '../sealing.ts';
import type { RowSource } from './rows.ts';

type Counts = CorrectionDataset['counts'];

/** Rows by the instant at which they expire; under '' those that do not. */
export type Expiries = Readonly<Record<string, number>>;

export interface DatasetRow {
  readonly id: string;
  readonly version: number;
  readonly digest: string;
  readonly objectSha256: string;
  readonly rows: number;
  /** Whose texts are neither expired nor withdrawn. */
  readonly readable: number;
  readonly expiries: Expiries;
  readonly conflicting: number;
  readonly counts: Counts;
  readonly note: string;
  readonly byId: string;
  readonly byName: string;
  readonly at: number;
}

const COLUMNS = sql`id, version, digest, object_sha256 as "objectSha256", rows, expiries, conflicting, counts, note,
  by_id as "byId", by_name as "byName", at`;
const readable = (nowMs: number) => sql`(select count(*)::integer from detector_dataset_rows r
  join detector_corrections c on c.id = r.correction_id
  where r.dataset_id = detector_datasets.id and ${alive(nowMs)}) as readable`;
const PAGE = 50;

/** A settled correction whose text was opened. */
export interface Settled extends RowSource {
  readonly id: string;
  readonly expiresAt: number | null;
  readonly keyDay: number;
}

type Found = Omit<Settled, 'text' | 'span'> &
  SealedText & { readonly spanStart: number | null; readonly spanEnd: number | null };

export function createDatasetStore(database: Database, sealing: Pick<Sealing, 'open'>) {
  /**
   * The settled corrections of now, each text once (as it was last said), those of one interaction together. The sealed
   * texts are read in pages; what is withdrawn meanwhile is left out.
   */
  async function* settled(nowMs: number): AsyncGenerator<Settled, void> {
    const { rows: ids } = await sql<{ id: string }>`
      select id from (
        select distinct on (c.text_tag) c.id, c.interaction_id, c.segment, c.text_tag
        from detector_corrections c where ${alive(nowMs)} and ${stateOf(nowMs)} = 'settled'
        order by c.text_tag, c.at desc, c.id desc) as last
      order by interaction_id nulls last, segment, text_tag`.execute(database);
    for (let from = 0; from < ids.length; from += PAGE) {
      const page = ids.slice(from, from + PAGE).map(({ id }) => id);
      const { rows } = await sql<Found>`
        select c.id, c.subject, c.by_id as "byId", c.key_day as "keyDay", c.sealed, c.label, c.kind, c.origin,
          c.segment_kind as "segmentKind", c.lang, c.span_start as "spanStart", c.span_end as "spanEnd",
          c.expires_at as "expiresAt"
        from unnest(${page}::uuid[]) with ordinality as wanted(id, place)
        join detector_corrections c on c.id = wanted.id order by place`.execute(database);
      for (const { sealed, spanStart, spanEnd, ...row } of rows) {
        const text = await sealing.open(row.keyDay, sealed, contextOf(row));
        if (text === null) continue;
        const span = spanStart === null || spanEnd === null ? null : { start: spanStart, end: spanEnd };
        yield { ...row, text, span };
      }
    }
  }

  return Object.freeze({
    settled,

    /** Texts about which people disagree. */
    async conflicting(nowMs: number): Promise<number> {
      const { rows } = await sql<{ n: number }>`
        select count(distinct c.text_tag)::integer as n from detector_corrections c
        where ${alive(nowMs)} and ${stateOf(nowMs)} = 'conflicting'`.execute(database);
      return rows[0]?.n ?? 0;
    },

    async list(before: number | null, limit: number, nowMs: number): Promise<DatasetRow[]> {
      const { rows } = await sql<DatasetRow>`select ${COLUMNS}, ${readable(nowMs)} from detector_datasets
        where version < ${before ?? 2 ** 31 - 1} order by version desc limit ${limit}`.execute(database);
      return rows;
    },

    async find(version: number, nowMs: number): Promise<DatasetRow | undefined> {
      const { rows } = await sql<DatasetRow>`select ${COLUMNS}, ${readable(nowMs)} from detector_datasets
        where version = ${version}`.execute(database);
      return rows[0];
    },

    /** Gives the version: one more than the last. `of`: the corrections that its rows are of. Two servers may add at once; the table lets one of them wait. */
    async add(
      row: Omit<DatasetRow, 'version' | 'readable'>,
      of: readonly string[],
      tx: Database,
    ): Promise<number> {
      await sql`lock table detector_datasets in share row exclusive mode`.execute(tx);
      const { rows } = await sql<{ version: number }>`
        insert into detector_datasets (id, version, digest, object_sha256, rows, expiries, conflicting, counts, note,
          by_id, by_name, at)
        select ${row.id}::uuid, coalesce(max(version), 0) + 1, ${row.digest}, ${row.objectSha256}, ${row.rows},
          ${JSON.stringify(row.expiries)}::jsonb, ${row.conflicting}::integer,
          ${JSON.stringify(row.counts)}::jsonb, ${row.note}, ${row.byId}, ${row.byName}, ${row.at}::bigint
        from detector_datasets returning version`.execute(tx);
      await sql`insert into detector_dataset_rows (dataset_id, correction_id)
        select ${row.id}::uuid, c.id from detector_corrections c
        where c.id = any(${[...of]}::uuid[])`.execute(tx);
      return rows[0]?.version ?? 1;
    },
  });
}
