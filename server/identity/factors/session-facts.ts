import type { SignInSettings } from '@bartizan/contracts';
import type { PersonRow } from '../model.ts';
import type { IdentityDatabase } from '../tables.ts';
import { owesFactor, readSettings } from './settings.ts';

const MINUTE_MS = 60_000;

export interface SessionFacts {
  /** When the person last proved who they are, in ms since the epoch. */
  readonly confirmedAt: number;
  /** A second factor is demanded and neither set up nor given on the way in. */
  readonly mustEnrol: boolean;
}

interface Times {
  readonly created_at: Date;
  readonly last_seen_at: Date | null;
  readonly expires_at: Date;
}

/** Whether a session lasted too long, or nobody used it for too long, by the rules as they are now. */
export function isOver(
  { created_at, last_seen_at, expires_at }: Times,
  { idleMinutes, sessionHours }: Pick<SignInSettings, 'idleMinutes' | 'sessionHours'>,
  nowMs: number,
): boolean {
  if (nowMs >= expires_at.getTime()) return true;
  const idleMs = nowMs - (last_seen_at ?? created_at).getTime();
  return idleMs > idleMinutes * MINUTE_MS || nowMs - created_at.getTime() > sessionHours * 60 * MINUTE_MS;
}

/** What a session lets its person do now; null, and the session gone, when it is over. */
export async function readSessionFacts(
  db: IdentityDatabase,
  sessionId: string,
  person: PersonRow,
  nowMs: number,
): Promise<SessionFacts | null> {
  const row = await db
    .selectFrom('sessions')
    .select(['created_at', 'last_seen_at', 'expires_at', 'confirmed_at', 'second_factor'])
    .where('id', '=', sessionId)
    .executeTakeFirst();
  if (!row) return null;
  const settings = await readSettings(db);
  if (isOver(row, settings, nowMs)) {
    await db.deleteFrom('sessions').where('id', '=', sessionId).execute();
    return null;
  }
  return {
    confirmedAt: (row.confirmed_at ?? row.created_at).getTime(),
    mustEnrol: !row.second_factor && owesFactor(settings, person),
  };
}
