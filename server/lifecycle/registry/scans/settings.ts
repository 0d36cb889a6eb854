import { ScanSettings } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Actor, AuditLog } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';

export interface SettingsDeps {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly now: () => number;
  /** The scanner of this process. */
  readonly scanner: string;
}

/** What the instance says of verdicts and limits, and which scanners it has had. */
export function createScanSettings({ database, audit, now, scanner }: SettingsDeps) {
  async function row() {
    const { rows } = await sql<{ settings: unknown; updatedAt: number; updatedBy: string }>`
      select settings, updated_at as "updatedAt", updated_by as "updatedBy" from scan_settings`.execute(
      database,
    );
    return rows[0];
  }

  /** The newest scanner that the instance has had: what its versions should have been judged by. */
  async function newestScanner(): Promise<string> {
    const { rows } = await sql<{ version: string }>`select version from scanners
      order by first_seen_at desc, version limit 1`.execute(database);
    return rows[0]?.version ?? scanner;
  }

  const get = async (): Promise<ScanSettings> => ScanSettings.parse((await row())?.settings ?? {});

  async function view() {
    const [stored, newest] = await Promise.all([row(), newestScanner()]);
    const { rows } = await sql<{ n: number }>`select count(*)::integer as n from version_standings t
      join model_versions v on v.id = t.version_id and v.removed_at is null
      where t.scanner <> ${newest}`.execute(database);
    return {
      ...ScanSettings.parse(stored?.settings ?? {}),
      updatedAt: stored?.updatedAt ?? null,
      updatedBy: stored?.updatedBy ?? null,
      scanner: newest,
      outdated: rows[0]?.n ?? 0,
    };
  }

  return Object.freeze({
    get,
    view,
    newestScanner,

    /** Notes that this process has its scanner. */
    async registerScanner(): Promise<void> {
      await sql`insert into scanners (version, first_seen_at) values (${scanner}, ${now()})
        on conflict (version) do nothing`.execute(database);
    },

    async change(actor: Actor, settings: ScanSettings) {
      await database.transaction().execute(async (tx) => {
        const before = (
          await sql<{ settings: unknown }>`select settings from scan_settings for update`.execute(tx)
        ).rows[0];
        await sql`insert into scan_settings (settings, updated_at, updated_by)
          values (${JSON.stringify(settings)}::jsonb, ${now()}, ${actor.name})
          on conflict (single) do update set settings = excluded.settings, updated_at = excluded.updated_at,
            updated_by = excluded.updated_by`.execute(tx);
        const detail = { before: ScanSettings.parse(before?.settings ?? {}), after: settings };
        await audit.record(
          { actor, action: 'scans.settings-changed', subject: 'scans:settings', detail },
          tx,
        );
      });
      return await view();
    },
  });
}
export type ScanSettingsService = ReturnType<typeof createScanSettings>;
