import type { Alarm } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Principal } from '../../platform/http/index.ts';
import type { IdentityDeps } from '../deps.ts';
import type { IdentityDatabase } from '../tables.ts';

/** Acknowledged alarms that a list shows beside the open ones. */
const SHOWN = 100;

export type AlarmDraft = Pick<Alarm, 'kind' | 'severity' | 'summary' | 'subject'>;
/** As it goes to sinks. */
export type RaisedAlarm = AlarmDraft & { readonly at: number };

type AlarmRow = Awaited<ReturnType<typeof readAlarms>>[number];

const readAlarms = (db: IdentityDatabase) =>
  db
    .selectFrom('alarms')
    .selectAll()
    .orderBy('acknowledged_at', (order) => order.desc().nullsFirst())
    .orderBy('at', 'desc')
    .limit(SHOWN)
    .execute();

const toAlarm = (row: AlarmRow): Alarm => ({
  id: row.id,
  kind: row.kind,
  severity: row.severity,
  summary: row.summary,
  subject: row.subject,
  at: row.at.getTime(),
  acknowledgedAt: row.acknowledged_at?.getTime() ?? null,
  acknowledgedBy: row.acknowledged_by,
  note: row.acknowledged_note,
});

/** Its use is what an alarm is about, so whoever found the paper must not quieten it, nor any other. */
function demandOtherThanEmergency(by: Pick<Principal, 'breakGlass'>): void {
  if (!by.breakGlass) return;
  throw new AppError('forbidden', 'an emergency account acknowledges no alarms', {
    hint: 'Another administrator looks into it and acknowledges it.',
  });
}

/** Things that somebody must look into: about accounts, and what other domains report. */
export function createAlarms({
  db,
  audit,
  events,
  clock,
}: Pick<IdentityDeps, 'db' | 'audit' | 'events' | 'clock'>) {
  return Object.freeze({
    /**
     * Writes an alarm within the change that it is about; {@link announce} it once that is done. An alarm of
     * the same kind and subject that nobody acknowledged stands for the new one too, unless `always`.
     */
    async raise(within: IdentityDatabase, draft: AlarmDraft, always = false): Promise<RaisedAlarm | null> {
      const at = clock.now();
      if (!always) {
        // Of two who raise the same at once the second waits, and finds it open.
        await sql`select pg_advisory_xact_lock(hashtextextended(${`alarm ${draft.kind} ${draft.subject}`}, 0))`.execute(
          within,
        );
        const open = await within
          .selectFrom('alarms')
          .select('id')
          .where('kind', '=', draft.kind)
          .where('subject', '=', draft.subject)
          .where('acknowledged_at', 'is', null)
          .executeTakeFirst();
        if (open) return null;
      }
      await within
        .insertInto('alarms')
        .values({ id: uuidv7(at), ...draft, at: new Date(at) })
        .execute();
      return { ...draft, at };
    },

    /** Ends what is over by itself, in the words of Bartizan; nothing where none is open. */
    async clear(
      within: IdentityDatabase,
      { kind, subject, note }: Pick<AlarmDraft, 'kind' | 'subject'> & { readonly note: string },
    ): Promise<void> {
      await within
        .updateTable('alarms')
        .set({
          acknowledged_at: new Date(clock.now()),
          acknowledged_by: 'Bartizan',
          acknowledged_note: note,
        })
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .where('acknowledged_at', 'is', null)
        .execute();
    },

    /** Tells the rest of the process. */
    announce(alarm: RaisedAlarm | null): void {
      if (alarm) events.emit('alarm.raised', alarm);
    },

    /** Open ones first, newest first. */
    async list(): Promise<{ open: number; items: Alarm[] }> {
      const { open } = await db
        .selectFrom('alarms')
        .where('acknowledged_at', 'is', null)
        .select(({ fn }) => fn.countAll<number>().as('open'))
        .executeTakeFirstOrThrow();
      return { open, items: (await readAlarms(db)).map(toAlarm) };
    },

    /**
     * `note` says what was found. Acknowledging twice changes nothing: the first note stays. Throws `forbidden`
     * for an emergency account and `not_found` for an alarm that is not there.
     */
    async acknowledge(
      id: string,
      note: string,
      by: Pick<Principal, 'kind' | 'id' | 'name' | 'breakGlass'>,
    ): Promise<Alarm> {
      demandOtherThanEmergency(by);
      return db.transaction().execute(async (transaction) => {
        const row = await transaction
          .selectFrom('alarms')
          .selectAll()
          .where('id', '=', id)
          .forUpdate()
          .executeTakeFirst();
        if (!row) throw new AppError('not_found', 'there is no such alarm');
        if (row.acknowledged_at) return toAlarm(row);
        const done = await transaction
          .updateTable('alarms')
          .set({ acknowledged_at: new Date(clock.now()), acknowledged_by: by.name, acknowledged_note: note })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow();
        const actor = { kind: by.kind, id: by.id, name: by.name };
        const entry = { actor, action: 'identity.alarm-acknowledged', subject: `alarm:${id}` };
        await audit.record({ ...entry, detail: { kind: row.kind, about: row.subject, note } }, transaction);
        return toAlarm(done);
      });
    },
  });
}
export type Alarms = ReturnType<typeof createAlarms>;
