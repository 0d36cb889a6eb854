import { DataWatchSettings } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { StoredLoosening } from './loosening.ts';
import type { WatchMemory } from './memory.ts';

export interface StoredWatch {
  readonly settings: DataWatchSettings;
  readonly memory: WatchMemory | null;
  readonly label: string | null;
  readonly unusable: string | null;
  readonly notes: readonly string[];
  /** The newest first. */
  readonly loosened: readonly StoredLoosening[];
  readonly revision: number;
}

export interface StoredDay {
  readonly source: string;
  readonly day: number;
  readonly name: string;
  /** Whether the names of the day and of the source may be told: where they came of columns, a profile shows them. */
  readonly nameShown: boolean;
  readonly sourceShown: boolean;
  readonly version: number;
  readonly records: number;
  readonly evidence: number;
  readonly at: number;
}

export interface StoredCount {
  readonly name: string;
  readonly usual: number;
  readonly now: number;
  readonly excess: number;
  readonly since: number;
}

export interface StoredAlarm {
  readonly id: string;
  readonly source: string;
  readonly since: number;
  readonly until: number;
  readonly counts: readonly StoredCount[];
  readonly evidence: number;
  readonly threshold: number;
  readonly at: number;
  readonly dealtAt: number | null;
  readonly dealtBy: string | null;
  readonly reason: string | null;
  readonly accepted: boolean;
}

/** Days of a source that are shown. */
const SHOWN_DAYS = 60;
const SHOWN_ALARMS = 100;
const TABLES = sql`('csv', 'tsv', 'jsonl', 'parquet')`;

const ALARM = sql`id, source, since, until, counts, evidence, threshold, at, dealt_at as "dealtAt",
  dealt_by as "dealtBy", reason, accepted`;
const DAY = sql`d.source, d.day, d.name, d.name_shown as "nameShown", d.source_shown as "sourceShown", v.number as version, d.records, d.evidence, d.at`;

type AlarmRow = Omit<StoredAlarm, 'counts'> & { readonly counts: string };
const alarmOf = (row: AlarmRow): StoredAlarm => ({
  ...row,
  counts: JSON.parse(row.counts) as StoredAlarm['counts'],
});

export function createWatchStore(database: Database) {
  return Object.freeze({
    /** As it stands; what is usual where nobody has set anything. `held`: nobody else changes it until the end of `tx`. */
    async find(
      datasetId: string,
      { tx = database, held = false }: { tx?: Database; held?: boolean } = {},
    ): Promise<StoredWatch> {
      if (held)
        await sql`insert into data_watches (dataset_id) values (${datasetId}) on conflict do nothing`.execute(
          tx,
        );
      const { rows } = await sql<{
        settings: unknown;
        memory: string | null;
        label: string | null;
        unusable: string | null;
        notes: string;
        loosened: string;
        revision: number;
      }>`select settings, memory, label, unusable, notes, loosened, revision from data_watches
        where dataset_id = ${datasetId} ${held ? sql`for update` : sql``}`.execute(tx);
      const [row] = rows;
      return {
        settings: DataWatchSettings.parse(row?.settings ?? {}),
        memory: row?.memory ? (JSON.parse(row.memory) as WatchMemory) : null,
        label: row?.label ?? null,
        unusable: row?.unusable ?? null,
        notes: JSON.parse(row?.notes ?? '[]') as string[],
        loosened: JSON.parse(row?.loosened ?? '[]') as StoredLoosening[],
        revision: row?.revision ?? 0,
      };
    },

    /** False where it was changed since `revision`. */
    async save(
      datasetId: string,
      { settings, memory, label, unusable, notes, loosened, revision }: StoredWatch,
      tx: Database,
    ): Promise<boolean> {
      const { rows } = await sql`insert into data_watches as w
          (dataset_id, settings, memory, label, unusable, notes, loosened, revision)
        values (${datasetId}, ${JSON.stringify(settings)}::jsonb, ${memory && JSON.stringify(memory)}, ${label},
          ${unusable}, ${JSON.stringify(notes)}, ${JSON.stringify(loosened)}, ${revision + 1})
        on conflict (dataset_id) do update set settings = excluded.settings, memory = excluded.memory,
          label = excluded.label, unusable = excluded.unusable, notes = excluded.notes,
          loosened = excluded.loosened, revision = excluded.revision
          where w.revision = ${revision}
        returning 1`.execute(tx);
      return rows.length > 0;
    },

    async isSeen(versionId: string, tx: Database = database): Promise<boolean> {
      const { rows } = await sql`select from data_watch_versions where version_id = ${versionId}`.execute(tx);
      return rows.length > 0;
    },

    async see(
      versionId: string,
      { datasetId, failure, atMs }: { datasetId: string; failure: string | null; atMs: number },
      tx: Database,
    ): Promise<void> {
      await sql`insert into data_watch_versions (version_id, dataset_id, failure, at)
        values (${versionId}, ${datasetId}, ${failure}, ${atMs}) on conflict do nothing`.execute(tx);
    },

    /** The newest ready version below that number that has so many records, to learn from. */
    async history(datasetId: string, below: number, least: number): Promise<string | undefined> {
      const { rows } = await sql<{ id: string }>`select v.id from data_versions v
        where v.dataset_id = ${datasetId} and v.number < ${below} and v.state = 'ready' and v.storage = 'value'
          and v.format in ${TABLES} and v.rows >= ${least} and not v.quarantined
        order by v.number desc limit 1`.execute(database);
      return rows[0]?.id;
    },

    /** Ready versions that nobody has looked at, of datasets with a label, the oldest first. */
    async unseen(limit: number): Promise<readonly string[]> {
      const { rows } = await sql<{ id: string }>`select v.id from data_versions v
        join data_datasets d on d.id = v.dataset_id and d.removed_at is null
        where v.state = 'ready' and v.label is not null
          and not exists (select from data_watch_versions w where w.version_id = v.id)
        order by v.dataset_id, v.number limit ${limit}`.execute(database);
      return rows.map(({ id }) => id);
    },

    /** Versions that failed to be watched last, with their numbers. */
    async failures(datasetId: string): Promise<readonly { number: number; failure: string }[]> {
      const { rows } = await sql<{ number: number; failure: string }>`select v.number, w.failure
        from data_watch_versions w join data_versions v on v.id = w.version_id
        where w.dataset_id = ${datasetId} and w.failure is not null order by w.at desc limit 5`.execute(
        database,
      );
      return rows;
    },

    async newestReady(datasetId: string): Promise<string | undefined> {
      const { rows } = await sql<{ id: string }>`select id from data_versions
        where dataset_id = ${datasetId} and state = 'ready' order by number desc limit 1`.execute(database);
      return rows[0]?.id;
    },

    async newestDay(datasetId: string): Promise<number> {
      const { rows } = await sql<{ day: number | null }>`select max(day) as day from data_watch_days
        where dataset_id = ${datasetId}`.execute(database);
      return rows[0]?.day ?? 0;
    },

    async putDay(
      datasetId: string,
      day: Omit<StoredDay, 'version'> & { readonly versionId: string },
      tx: Database,
    ): Promise<void> {
      await sql`insert into data_watch_days (dataset_id, source, day, name, name_shown, source_shown,
          version_id, records, evidence, at)
        values (${datasetId}, ${day.source}, ${day.day}, ${day.name}, ${day.nameShown}, ${day.sourceShown},
          ${day.versionId}, ${day.records}, ${day.evidence}, ${day.at})
        on conflict (dataset_id, source, day) do update set version_id = excluded.version_id,
          records = excluded.records, evidence = excluded.evidence, at = excluded.at,
          name_shown = data_watch_days.name_shown or excluded.name_shown,
          source_shown = data_watch_days.source_shown or excluded.source_shown`.execute(tx);
    },

    /** The newest of each source, the oldest first. */
    async days(datasetId: string): Promise<readonly StoredDay[]> {
      const { rows } = await sql<StoredDay>`select ${DAY} from (
          select *, row_number() over (partition by source order by day desc) as place
          from data_watch_days where dataset_id = ${datasetId}) d
        join data_versions v on v.id = d.version_id where d.place <= ${SHOWN_DAYS} order by d.day`.execute(
        database,
      );
      return rows;
    },

    async daysBetween(
      datasetId: string,
      { source, since, until }: { source: string; since: number; until: number },
    ): Promise<readonly StoredDay[]> {
      const { rows } = await sql<StoredDay>`select ${DAY} from data_watch_days d
        join data_versions v on v.id = d.version_id
        where d.dataset_id = ${datasetId} and d.source = ${source} and d.day between ${since} and ${until}
        order by d.day limit 100`.execute(database);
      return rows;
    },

    alarms: async (datasetId: string): Promise<readonly StoredAlarm[]> =>
      (
        await sql<AlarmRow>`select ${ALARM} from data_watch_alarms where dataset_id = ${datasetId}
          order by (dealt_at is null) desc, at desc, id limit ${SHOWN_ALARMS}`.execute(database)
      ).rows.map(alarmOf),

    async openAlarm(datasetId: string, source: string, tx: Database): Promise<StoredAlarm | undefined> {
      const { rows } = await sql<AlarmRow>`select ${ALARM} from data_watch_alarms
        where dataset_id = ${datasetId} and source = ${source} and dealt_at is null`.execute(tx);
      return rows.map(alarmOf)[0];
    },

    async alarm(datasetId: string, id: string, tx: Database): Promise<StoredAlarm | undefined> {
      const { rows } = await sql<AlarmRow>`select ${ALARM} from data_watch_alarms
        where dataset_id = ${datasetId} and id = ${id}`.execute(tx);
      return rows.map(alarmOf)[0];
    },

    async putAlarm(
      datasetId: string,
      alarm: Pick<
        StoredAlarm,
        'id' | 'source' | 'since' | 'until' | 'counts' | 'evidence' | 'threshold' | 'at'
      >,
      tx: Database,
    ): Promise<void> {
      const { id, source, since, until, counts, evidence, threshold, at } = alarm;
      await sql`insert into data_watch_alarms
          (id, dataset_id, source, since, until, counts, evidence, threshold, at)
        values (${id}, ${datasetId}, ${source}, ${since}, ${until}, ${JSON.stringify(counts)}, ${evidence},
          ${threshold}, ${at})
        on conflict (id) do update set until = excluded.until, counts = excluded.counts,
          since = least(data_watch_alarms.since, excluded.since), evidence = excluded.evidence`.execute(tx);
    },

    async deal(
      id: string,
      { by, reason, accepted, atMs }: { by: string; reason: string; accepted: boolean; atMs: number },
      tx: Database,
    ): Promise<void> {
      await sql`update data_watch_alarms set dealt_at = ${atMs}, dealt_by = ${by}, reason = ${reason},
        accepted = ${accepted} where id = ${id}`.execute(tx);
    },
  });
}
export type WatchStore = ReturnType<typeof createWatchStore>;
