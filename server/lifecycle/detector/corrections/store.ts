import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Sight } from '../../sight.ts';
import type { CorrectionRecord } from './model.ts';

type Row = Omit<CorrectionRecord, 'by' | 'judged' | 'span'> & {
  readonly byId: string;
  readonly byName: string;
  readonly verdict: CorrectionRecord['judged']['verdict'];
  readonly score: number | null;
  readonly probability: number | null;
  readonly model: string;
  readonly spanStart: number | null;
  readonly spanEnd: number | null;
};

/** A text with what is needed to open it. */
export interface SealedText {
  readonly id: string;
  readonly subject: string;
  readonly byId: string;
  readonly keyDay: number;
  readonly sealed: Buffer;
}

export interface NewCorrection extends Omit<CorrectionRecord, 'state' | 'id'> {
  readonly subject: string;
  readonly keyDay: number;
  readonly sealed: Buffer;
}

export interface CorrectionFilter {
  readonly sight: Sight;
  /** Whose own corrections are there whatever they are of. */
  readonly speaker: string;
  readonly nowMs: number;
  readonly id?: string | undefined;
  readonly interaction?: string | undefined;
  readonly label?: string | undefined;
  readonly state?: string | undefined;
  readonly mine?: boolean | undefined;
}

export const alive = (nowMs: number, table = 'c'): RawBuilder<unknown> =>
  sql`(${sql.ref(`${table}.expires_at`)} is null or ${sql.ref(`${table}.expires_at`)} > ${nowMs})`;

/**
 * Whether what people say of a text agrees; `c` is the correction, `o` all those of the same text that count: for somebody
 * who does not see everything, what others said out of their sight neither shows nor counts.
 */
export const stateOf = (nowMs: number, seen: RawBuilder<unknown> = sql`true`): RawBuilder<unknown> => sql`(
  select case when count(distinct o.label) = 1 then 'settled'
    when coalesce((select s.at from detector_settlements s where s.text_tag = c.text_tag), -1) >= max(o.at)
      then case when (select s.label from detector_settlements s where s.text_tag = c.text_tag) = c.label
        then 'settled' else 'overruled' end
    else 'conflicting' end
  from detector_corrections o where o.text_tag = c.text_tag and ${alive(nowMs, 'o')} and ${seen})`;

const COLUMNS = sql`c.id, case when c.interaction_id is null then 'text' else 'interaction' end as "of",
  c.interaction_id as "interactionId", c.endpoint_id as "endpointId", c.segment, c.origin,
  c.segment_kind as "segmentKind", c.label, c.kind, c.note, c.lang, c.chars, c.span_start as "spanStart",
  c.span_end as "spanEnd", c.by_id as "byId", c.by_name as "byName", c.at, c.verdict, c.score, c.probability, c.model,
  c.expires_at as "expiresAt", c.text_tag as "textTag"`;

function toRecord(row: Row): CorrectionRecord {
  const { byId, byName, verdict, score, probability, model, spanStart, spanEnd, ...rest } = row;
  return {
    ...rest,
    by: { id: byId, name: byName },
    judged: { verdict, score, probability, model },
    span: spanStart === null || spanEnd === null ? null : { start: spanStart, end: spanEnd },
  };
}

function inSight({ sight, speaker }: CorrectionFilter, table: 'c' | 'o'): RawBuilder<unknown> {
  if (sight === '*') return sql`true`;
  const of = (column: string) => sql.ref(`${table}.${column}`);
  return sql`case when ${of('interaction_id')} is null then ${of('by_id')} = ${speaker}
    when ${of('endpoint_id')} is null then ${sight.strays}
    else ${of('endpoint_id')} = any(${[...sight.endpoints]}::uuid[]) end`;
}

export function createCorrectionStore(database: Database) {
  async function select(
    filter: CorrectionFilter,
    after: { readonly at: number; readonly id: string } | null,
    limit: number,
  ): Promise<CorrectionRecord[]> {
    const { nowMs, speaker, id, interaction, label, state, mine } = filter;
    const conditions = [alive(nowMs), inSight(filter, 'c')];
    if (after) conditions.push(sql`(c.at, c.id) < (${after.at}::bigint, ${after.id}::uuid)`);
    if (id !== undefined) conditions.push(sql`c.id = ${id}`);
    if (interaction !== undefined) conditions.push(sql`c.interaction_id = ${interaction}`);
    if (label !== undefined) conditions.push(sql`c.label = ${label}`);
    if (mine !== undefined) {
      conditions.push(mine ? sql`c.by_id = ${speaker}` : sql`c.by_id <> ${speaker}`);
    }
    const stated = sql`select ${COLUMNS}, ${stateOf(nowMs, inSight(filter, 'o'))} as state from detector_corrections c
      where ${sql.join(conditions, sql` and `)}`;
    const wanted = state === undefined ? sql`true` : sql`state = ${state}`;
    const { rows } = await sql<Row>`select * from (${stated}) as said where ${wanted}
      order by at desc, id desc limit ${limit}`.execute(database);
    return rows.map(toRecord);
  }

  return Object.freeze({
    select,

    find: async (filter: CorrectionFilter & { readonly id: string }): Promise<CorrectionRecord | undefined> =>
      (await select(filter, null, 1))[0],

    async sealed(id: string): Promise<SealedText | undefined> {
      const { rows } = await sql<SealedText>`
        select id, subject, by_id as "byId", key_day as "keyDay", sealed
        from detector_corrections where id = ${id}`.execute(database);
      return rows[0];
    },

    /** Adds it, or replaces what the same person said of the same thing. Gives its id, and what it said before. */
    async put(
      id: string,
      one: NewCorrection,
      tx: Database,
    ): Promise<{ readonly id: string; readonly before: string | null }> {
      const { rows: old } = await sql<{ label: string; kind: string }>`
        select label, kind from detector_corrections where subject = ${one.subject} and by_id = ${one.by.id}
        for update`.execute(tx);
      const { rows } = await sql<{ id: string }>`
        insert into detector_corrections as c (id, subject, text_tag, interaction_id, endpoint_id, segment,
          origin, segment_kind, label, kind, note, lang, chars, span_start, span_end, by_id, by_name, at, verdict, score,
          probability, model, expires_at, key_day, sealed)
        values (${id}, ${one.subject}, ${one.textTag}, ${one.interactionId}, ${one.endpointId}, ${one.segment},
          ${one.origin}, ${one.segmentKind}, ${one.label}, ${one.kind}, ${one.note}, ${one.lang}, ${one.chars},
          ${one.span?.start ?? null}, ${one.span?.end ?? null}, ${one.by.id}, ${one.by.name}, ${one.at},
          ${one.judged.verdict}, ${one.judged.score}, ${one.judged.probability}, ${one.judged.model},
          ${one.expiresAt}, ${one.keyDay}, ${one.sealed})
        on conflict (subject, by_id) do update set text_tag = excluded.text_tag, label = excluded.label,
          kind = excluded.kind, note = excluded.note, lang = excluded.lang, chars = excluded.chars,
          span_start = excluded.span_start, span_end = excluded.span_end, by_name = excluded.by_name,
          at = excluded.at, verdict = excluded.verdict, score = excluded.score,
          probability = excluded.probability, model = excluded.model, segment_kind = excluded.segment_kind,
          expires_at = excluded.expires_at, key_day = excluded.key_day, sealed = excluded.sealed
        returning c.id`.execute(tx);
      const [before] = old;
      return { id: rows[0]?.id ?? id, before: before ? `${before.label} (${before.kind})` : null };
    },

    async remove(id: string, tx: Database): Promise<boolean> {
      const done = await sql`delete from detector_corrections where id = ${id}`.execute(tx);
      return Number(done.numAffectedRows ?? 0) > 0;
    },

    settle: (
      { textTag, label }: Pick<CorrectionRecord, 'textTag' | 'label'>,
      by: { readonly id: string; readonly name: string; readonly at: number },
      tx: Database,
    ) =>
      sql`insert into detector_settlements (text_tag, label, by_id, by_name, at)
        values (${textTag}, ${label}, ${by.id}, ${by.name}, ${by.at})
        on conflict (text_tag) do update set label = excluded.label, by_id = excluded.by_id,
          by_name = excluded.by_name, at = excluded.at`.execute(tx),

    /** Forgets what has expired, and settlements that nothing is left of. Gives the number of corrections. */
    async expire(nowMs: number, tx: Database): Promise<number> {
      const done = await sql`delete from detector_corrections where expires_at <= ${nowMs}`.execute(tx);
      await sql`delete from detector_settlements s where not exists (
        select from detector_corrections c where c.text_tag = s.text_tag)`.execute(tx);
      return Number(done.numAffectedRows ?? 0);
    },
  });
}
export type CorrectionStore = ReturnType<typeof createCorrectionStore>;
