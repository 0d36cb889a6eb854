import type { LabelQueue } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { reachSql } from '../datasets/reach.ts';
import type { QueueOrigin, QueueTask, StoredItem, StoredQueue } from './model.ts';
import type { QueuedItem, QueueHead } from './worker/protocol.ts';

const FROM = sql`data_label_queues q join data_versions v on v.id = q.version_id
  join data_datasets d on d.id = v.dataset_id`;
const columns = (
  annotators: RawBuilder<unknown>,
): RawBuilder<unknown> => sql`q.id, q.version_id as "versionId",
  v.dataset_id as "datasetId", d.name as dataset, d.team_id as "teamId", v.number, q.name, q.origin, q.state, q.task,
  q.failure, q.classes, q.items, q.decided, q.alpha, ${annotators} as annotators, q.applied_as as "appliedAs",
  q.applied_dataset as "appliedDataset", q.created_by_id as "createdById", q.created_by as "createdBy",
  q.created_at::float8 as "createdAt"`;
const WHOLE = columns(sql`q.annotators`);
const BRIEF = columns(sql`'[]'`);
const ITEM = sql`place, rows, name, current, proposed, confidence, votes, reason, decision, decided_by as "decidedBy",
  decided_at::float8 as "decidedAt"`;

type QueueRow = Omit<StoredQueue, 'origin' | 'classes' | 'annotators'> & {
  readonly origin: string;
  readonly classes: string;
  readonly annotators: string;
};
type ItemRow = Omit<StoredItem, 'rows' | 'votes' | 'name' | 'reason'> & {
  readonly rows: string;
  readonly votes: string;
  readonly name: string;
  readonly reason: string;
};

const queueOf = (row: QueueRow): StoredQueue => ({
  ...row,
  origin: JSON.parse(row.origin) as QueueOrigin,
  classes: JSON.parse(row.classes) as string[],
  annotators: JSON.parse(row.annotators) as LabelQueue['annotators'],
});
const itemOf = (row: ItemRow): StoredItem => ({
  ...row,
  rows: JSON.parse(row.rows) as number[],
  votes: JSON.parse(row.votes) as StoredItem['votes'],
  name: JSON.parse(row.name) as string,
  reason: JSON.parse(row.reason) as string,
});

export type NewQueue = Pick<
  StoredQueue,
  'id' | 'versionId' | 'name' | 'origin' | 'createdById' | 'createdBy' | 'createdAt'
>;

/** Which items: those after a place, decided or not. */
export interface ItemQuery {
  readonly after: number;
  readonly limit: number;
  readonly state: 'open' | 'decided' | 'all' | 'changed';
}

const MAKE: QueueTask = { is: 'make' };

/** Queues of labels in the database. */
export function createLabellingStore(database: Database) {
  const find = async (id: string, tx: Database = database): Promise<StoredQueue | undefined> =>
    (await sql<QueueRow>`select ${WHOLE} from ${FROM} where q.id = ${id}`.execute(tx)).rows.map(queueOf)[0];

  return Object.freeze({
    find,

    /** Held to the end of the transaction. */
    async lock(id: string, tx: Database): Promise<StoredQueue | undefined> {
      await sql`select from data_label_queues where id = ${id} for update`.execute(tx);
      return await find(id, tx);
    },

    async page(
      viewer: Viewer,
      after: { readonly at: number; readonly id: string } | null,
      limit: number,
    ): Promise<readonly StoredQueue[]> {
      const { rows } = await sql<QueueRow>`select ${BRIEF} from ${FROM}
        where d.removed_at is null and ${reachSql(viewer, sql`d.team_id`)}
          and (${after?.at ?? null}::bigint is null
            or (q.created_at, q.id) < (${after?.at ?? null}::bigint, ${after?.id ?? null}::uuid))
        order by q.created_at desc, q.id desc limit ${limit}`.execute(database);
      return rows.map(queueOf);
    },

    /** Queues of datasets of this team (null: of everybody's) that are being made or applied. */
    async workingOf(teamId: string | null, tx: Database): Promise<number> {
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${FROM}
        where q.state = 'working' and d.team_id is not distinct from ${teamId}::uuid`.execute(tx);
      return rows[0]?.n ?? 0;
    },

    working: async (): Promise<readonly { readonly id: string; readonly task: QueueTask }[]> =>
      (
        await sql<{
          id: string;
          task: QueueTask;
        }>`select id, task from data_label_queues where state = 'working'`.execute(database)
      ).rows,

    async insert(queue: NewQueue, tx: Database): Promise<void> {
      await sql`insert into data_label_queues (id, version_id, name, origin, state, task, created_by_id, created_by,
          created_at)
        values (${queue.id}, ${queue.versionId}, ${queue.name}, ${JSON.stringify(queue.origin)}, 'working',
          ${JSON.stringify(MAKE)}::jsonb, ${queue.createdById}, ${queue.createdBy}, ${queue.createdAt})`.execute(
        tx,
      );
    },

    async addItems(queueId: string, from: number, items: readonly QueuedItem[], tx: Database): Promise<void> {
      const rows = items.map((item, at) => ({
        ...item,
        place: from + at,
        rows: JSON.stringify(item.rows),
        name: JSON.stringify(item.name),
        votes: JSON.stringify(item.votes),
        reason: JSON.stringify(item.reason),
      }));
      await sql`insert into data_label_items (queue_id, place, rows, name, current, proposed, confidence, votes, reason)
        select ${queueId}, place, rows, name, current, proposed, confidence, votes, reason
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(place integer, rows text, name text,
          current integer, proposed integer, confidence double precision, votes text, reason text)`.execute(
        tx,
      );
    },

    /** Opens a queue that was made, once its items are there. */
    async open(id: string, head: QueueHead, items: number, tx: Database): Promise<void> {
      await sql`update data_label_queues set state = 'open', task = null, failure = null, items = ${items},
        classes = ${JSON.stringify(head.classes)}, alpha = ${head.alpha},
        annotators = ${JSON.stringify(head.annotators)} where id = ${id}`.execute(tx);
    },

    /** One that could not be made has failed; one that could not be applied is open again. */
    async fail(id: string, failure: string): Promise<void> {
      await sql`update data_label_queues set failure = ${failure}, task = null,
        state = case when task->>'is' = 'make' then 'failed' else 'open' end
        where id = ${id} and state = 'working'`.execute(database);
    },

    async beginApplying(id: string, task: QueueTask, tx: Database): Promise<void> {
      await sql`update data_label_queues set state = 'working', failure = null, task = ${JSON.stringify(task)}::jsonb
        where id = ${id}`.execute(tx);
    },

    async applied(id: string, as: { dataset: string; number: number }, tx: Database): Promise<void> {
      await sql`update data_label_queues set state = 'applied', task = null, failure = null, applied_as = ${as.number},
        applied_dataset = ${as.dataset} where id = ${id}`.execute(tx);
    },

    async items(
      queueId: string,
      { after, limit, state }: ItemQuery,
      tx: Database = database,
    ): Promise<readonly StoredItem[]> {
      const { rows } = await sql<ItemRow>`select ${ITEM} from data_label_items
        where queue_id = ${queueId} and place > ${after} and (${state}::text = 'all'
          or (${state} = 'open' and decision is null) or (${state} = 'decided' and decision is not null)
          or (${state} = 'changed' and decision is not null and decision is distinct from current))
        order by place limit ${limit}`.execute(tx);
      return rows.map(itemOf);
    },

    async item(queueId: string, place: number, tx: Database = database): Promise<StoredItem | undefined> {
      const { rows } = await sql<ItemRow>`select ${ITEM} from data_label_items
        where queue_id = ${queueId} and place = ${place}`.execute(tx);
      return rows.map(itemOf)[0];
    },

    /** With the queue locked, so that its number of decisions stays right. */
    async decide(
      queueId: string,
      place: number,
      change: { readonly decision: number | null; readonly by: string | null; readonly atMs: number | null },
      tx: Database,
    ): Promise<void> {
      await sql`with was as (select decision from data_label_items where queue_id = ${queueId} and place = ${place}),
        now as (update data_label_items set decision = ${change.decision}, decided_by = ${change.by},
          decided_at = ${change.atMs} where queue_id = ${queueId} and place = ${place})
        update data_label_queues set decided = decided + ${change.decision === null ? 0 : 1}
          - (select case when decision is null then 0 else 1 end from was) where id = ${queueId}`.execute(tx);
    },

    /** True the first time. */
    async addReader(queueId: string, reader: string, tx: Database): Promise<boolean> {
      const { rows } =
        await sql`insert into data_label_readers (queue_id, reader) values (${queueId}, ${reader})
        on conflict do nothing returning reader`.execute(tx);
      return rows.length > 0;
    },
  });
}
export type LabellingStore = ReturnType<typeof createLabellingStore>;
