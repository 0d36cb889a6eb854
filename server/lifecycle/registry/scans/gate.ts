import { setTimeout as sleep } from 'node:timers/promises';
import type { DownloadStanding, ScanSettings, VersionStage } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Contents } from './contents.ts';
import { CUT, downloadStanding, isQuarantined, LOW, type Standing } from './model.ts';
import type { ScanSettingsService } from './settings.ts';
import type { Standings } from './standing.ts';
import type { VersionScans } from './versions.ts';

export interface GateDeps {
  readonly database: Database;
  readonly now: () => number;
  readonly versions: VersionScans;
  readonly contents: Contents;
  readonly standings: Standings;
  readonly settings: Pick<ScanSettingsService, 'get'>;
  /** Looks for work that was queued. */
  readonly poke: () => void;
}

/** What is about to happen to a version. */
export interface Promoted {
  readonly version: { readonly id: string };
  readonly to: { readonly alias: string } | { readonly stage: VersionStage };
}

/** Asked before bytes of models and runs are given out, and before a version gets what leads users to it. */
export interface DownloadGate {
  /** Whether the files of a version may be had now. Waits for nothing. */
  readonly standing: (versionId: string) => Promise<DownloadStanding>;
  /**
   * Throws `forbidden` where its files are refused, and `unavailable` (come again) while there is no verdict and the
   * instance says to wait: it then holds the caller for the verdict first. Gives what a caller should be told.
   */
  readonly demandVersion: (versionId: string, signal?: AbortSignal) => Promise<DownloadStanding>;
  /**
   * The same for content outside of versions, such as a file of a run; `teamId` is the team that it is of. What
   * somebody accepted for a version of that team, or of everybody's, is accepted here too.
   */
  readonly demandContent: (
    content: { readonly sha256: string; readonly size: number; readonly teamId: string | null },
    signal?: AbortSignal,
  ) => Promise<DownloadStanding>;
  /**
   * Throws `forbidden` where a version in quarantine, or one that was not read to its end, would get an alias, or a stage that leads users to it. Pass the
   * transaction of the change.
   */
  readonly demandPromotable: (promotion: Promoted, within: Database) => Promise<void>;
}

const RAISE =
  'Scan it again. Who may manage models can give scans more time and memory in the settings for scans.';
const FIRST_LOOK_MS = 100;
const MOST_LOOK_MS = 1_000;
const AGAIN_MS = 5_000;

function refusal(said: DownloadStanding, settings: ScanSettings): AppError {
  if (said.because === 'unscanned' && settings.onUnscanned === 'wait') {
    return new AppError('unavailable', `${said.message} Its files are given out once it has been.`, {
      hint: 'Try again in a few seconds.',
      retryAfterMs: AGAIN_MS,
    });
  }
  const hint =
    said.because === 'malicious'
      ? 'See its findings in the console. Who may manage models can accept them with a reason.'
      : said.message.startsWith(CUT)
        ? RAISE
        : 'See its scan in the console, and the settings for scans.';
  return new AppError('forbidden', said.message, { hint });
}

export function createGate(deps: GateDeps): DownloadGate {
  const { database, now, versions, contents, standings, settings, poke } = deps;

  async function lookAtVersion(versionId: string, rules: ScanSettings): Promise<DownloadStanding> {
    const standing = await standings.find(versionId);
    if (standing !== undefined) return downloadStanding(standing, rules, now());
    const scan = await versions.latest(versionId);
    return downloadStanding(null, rules, now(), scan?.state === 'failed');
  }

  /** Findings of content that nobody has accepted where it counts for this team. */
  async function contentStanding(sha256: string, teamId: string | null): Promise<Standing | null> {
    const known = (await contents.latest([sha256])).get(sha256);
    if (known === undefined) return null;
    const { rows } = await sql<{ strikes: number; others: number; accepted: number; until: number | null }>`
      with weighed as (
        select d.finding, d.strikes, (
          select max(a.expires_at) from finding_acceptances a
          join model_versions v on v.id = a.version_id and v.removed_at is null
          join models m on m.id = v.model_id
          where a.sha256 = d.sha256 and a.finding = d.finding and a.ended_at is null and a.rank >= d.rank
            and a.expires_at > ${now()} and (m.team_id is null or m.team_id = ${teamId}::uuid)) as until
        from content_findings d
        where d.sha256 = ${sha256} and d.scanner = ${known.scanner} and d.rank >= ${LOW})
      select count(*) filter (where strikes and until is null)::integer as strikes,
        count(*) filter (where not strikes and until is null)::integer as others,
        count(*) filter (where until is not null)::integer as accepted, min(until) as until
      from weighed`.execute(database);
    const counts = rows[0] ?? { strikes: 0, others: 0, accepted: 0, until: null };
    return {
      verdict: known.verdict === 'skipped' ? 'clean' : known.verdict,
      quarantinedFor: counts.strikes,
      suspiciousFor: counts.others,
      accepted: counts.accepted,
      releasedUntil: counts.until,
      cut: known.limited ? 1 : 0,
      failures: known.failures > 0 ? 1 : 0,
    };
  }

  /** Looks until there is a verdict, as long as the instance says. */
  async function demand(
    look: (rules: ScanSettings) => Promise<DownloadStanding>,
    signal: AbortSignal | undefined,
  ): Promise<DownloadStanding> {
    const rules = await settings.get();
    const endMs = performance.now() + rules.waitSeconds * 1000;
    for (let delayMs = FIRST_LOOK_MS; ; delayMs = Math.min(delayMs * 1.5, MOST_LOOK_MS)) {
      const said = await look(rules);
      if (said.allowed) return said;
      const waits = said.because === 'unscanned' && rules.onUnscanned === 'wait';
      if (!waits || performance.now() + delayMs > endMs) throw refusal(said, rules);
      poke();
      await sleep(delayMs, undefined, signal ? { signal } : {});
    }
  }

  async function request(sha256: string, size: number): Promise<void> {
    await sql`insert into content_scan_requests (sha256, size, batch, requested_at)
      values (${sha256}, ${size}, ${`content:${sha256}`}, ${now()}) on conflict (sha256) do nothing`.execute(
      database,
    );
  }

  return Object.freeze<DownloadGate>({
    standing: async (versionId) => await lookAtVersion(versionId, await settings.get()),
    demandVersion: (versionId, signal) => demand((rules) => lookAtVersion(versionId, rules), signal),
    async demandContent({ sha256, size, teamId }, signal) {
      let asked = false;
      return await demand(async (rules) => {
        const standing = await contentStanding(sha256, teamId);
        if (standing === null && !asked) {
          asked = true;
          await request(sha256, size);
        }
        return downloadStanding(standing, rules, now());
      }, signal);
    },
    async demandPromotable({ version, to }, within) {
      // Taking it away from users is always possible.
      if ('stage' in to && (to.stage === 'none' || to.stage === 'archived')) return;
      const versionId = version.id;
      // A verdict that is about to change this is waited for, and one that comes later finds the version in use.
      await standings.lock(within, versionId);
      const standing = await standings.find(versionId, within);
      if (standing === undefined) return;
      if (!isQuarantined(standing, now())) {
        if (standing.cut === 0) return;
        throw new AppError('forbidden', `${CUT} It can be given no alias and no stage.`, { hint: RAISE });
      }
      throw new AppError(
        'forbidden',
        'this version is in quarantine: it can be given no alias and no stage',
        {
          hint: 'See its findings. Who may manage models can accept them with a reason.',
        },
      );
    },
  });
}
