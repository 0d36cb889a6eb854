import type { ScanState, ScanVerdict, SeverityCounts } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { ScanNote } from '../model.ts';
import { addSeverities, isQuarantined, LOW, noSeverities, type Standing, worstOf } from './model.ts';
import type { VersionScans } from './versions.ts';

export interface StoredStanding extends Standing {
  readonly versionId: string;
  readonly scanId: string;
  readonly scanner: string;
  readonly severities: SeverityCounts;
  readonly formats: readonly string[];
  readonly scannedAt: number;
}

const STANDING = sql`t.version_id as "versionId", t.scan_id as "scanId", t.scanner, t.verdict, t.severities, t.formats,
  t.quarantined_for as "quarantinedFor", t.suspicious_for as "suspiciousFor", t.accepted,
  t.released_until as "releasedUntil", t.cut, t.failures, t.scanned_at as "scannedAt"`;

/** A finding of a version, weighed against what is accepted. */
interface Weighed {
  readonly finding: string;
  readonly rank: number;
  readonly strikes: boolean;
  readonly acceptedRank: number | null;
  readonly expiresAt: number | null;
}

export interface StandingDeps {
  readonly database: Database;
  readonly now: () => number;
  readonly versions: VersionScans;
  /** Tells the registry what its lists show. */
  readonly noteScan: (versionId: string, note: ScanNote, within: Database) => Promise<void>;
}

/** What became of a version's standing. */
export interface Reassessed {
  readonly before: StoredStanding | undefined;
  readonly after: StoredStanding;
  readonly quarantinedBefore: boolean;
  readonly quarantined: boolean;
}

export function createStandings({ database, now, versions, noteScan }: StandingDeps) {
  const find = async (versionId: string, within: Database = database): Promise<StoredStanding | undefined> =>
    (
      await sql<StoredStanding>`select ${STANDING} from version_standings t
        where t.version_id = ${versionId}`.execute(within)
    ).rows[0];

  async function weigh(tx: Database, versionId: string): Promise<readonly Weighed[]> {
    const { rows } = await sql<Weighed>`
      select distinct on (d.finding) d.finding, d.rank, d.strikes, a.rank as "acceptedRank",
        a.expires_at as "expiresAt"
      from version_contents f
      join content_scans c on c.sha256 = f.sha256 and c.latest
      join content_findings d on d.sha256 = c.sha256 and d.scanner = c.scanner
      left join finding_acceptances a on a.version_id = f.version_id and a.finding = d.finding
        and a.ended_at is null
      where f.version_id = ${versionId} and d.rank >= ${LOW}
      order by d.finding`.execute(tx);
    return rows;
  }

  /** Acceptances that count no more: their time is over, or the finding has become worse than what was accepted. */
  async function endAcceptances(tx: Database, versionId: string, weighed: readonly Weighed[]): Promise<void> {
    const worse = weighed
      .filter(({ rank, acceptedRank }) => acceptedRank !== null && rank > acceptedRank)
      .map(({ finding }) => finding);
    await sql`update finding_acceptances set ended_at = ${now()},
        ended = case when finding = any(${worse}::text[]) then 'worse' else 'expired' end
      where version_id = ${versionId} and ended_at is null
        and (expires_at <= ${now()} or finding = any(${worse}::text[]))`.execute(tx);
  }

  /** What lists show: of the latest scan the state, of what is known the rest. */
  async function note(tx: Database, versionId: string, standing: StoredStanding | undefined): Promise<void> {
    const scan = await versions.latest(versionId, tx);
    const state: ScanState | null = scan?.state ?? null;
    await noteScan(
      versionId,
      {
        state,
        verdict: standing?.verdict ?? null,
        quarantined: standing !== undefined && isQuarantined(standing, now()),
        severities: standing?.severities ?? noSeverities(),
        formats: standing?.formats ?? [],
        at: scan?.endedAt ?? scan?.startedAt ?? scan?.queuedAt ?? null,
      },
      tx,
    );
  }

  return Object.freeze({
    find,

    /** Whoever weighs a version takes turns, so that none weighs what another one is about to change. */
    async lock(tx: Database, versionId: string): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`standing:${versionId}`}, 0))`.execute(tx);
    },

    noteState: async (tx: Database, versionId: string): Promise<void> =>
      await note(tx, versionId, await find(versionId, tx)),

    /**
     * Weighs a version anew from the results of its files and what is accepted. `scanId`: the scan that has just
     * ended; otherwise a version that was never scanned to the end stays without a standing. Call {@link lock} first.
     */
    async reassess(tx: Database, versionId: string, scan?: { id: string; scanner: string }) {
      const before = await find(versionId, tx);
      const scanId = scan?.id ?? before?.scanId;
      const scanner = scan?.scanner ?? before?.scanner;
      if (scanId === undefined || scanner === undefined) return undefined;
      const quarantinedBefore = before !== undefined && isQuarantined(before, now());
      const files = await versions.judged(versionId, tx);
      const weighed = await weigh(tx, versionId);
      await endAcceptances(tx, versionId, weighed);
      const held = (one: Weighed): boolean =>
        one.acceptedRank !== null && one.rank <= one.acceptedRank && (one.expiresAt ?? 0) > now();
      const open = weighed.filter((one) => !held(one));
      const releasing = weighed.filter((one) => held(one) && one.strikes);
      const ends = releasing.map(({ expiresAt }) => expiresAt ?? 0);
      // A file without a result was given up on with its version: it is not clean.
      const verdict: ScanVerdict = worstOf(files.map((file) => file.verdict ?? 'error'));
      const contents = new Map(files.map((file) => [file.sha256, file]));
      const ownContents = files.filter(({ grouped }) => !grouped);
      const after: StoredStanding = {
        versionId,
        scanId,
        scanner,
        verdict,
        severities: addSeverities([...contents.values()].map((file) => file.severities ?? noSeverities())),
        formats: [
          ...new Set(
            files.flatMap(({ format, grouped }) =>
              !grouped && format && format !== 'unknown' ? [format] : [],
            ),
          ),
        ]
          .sort()
          .slice(0, 50),
        quarantinedFor: open.filter(({ strikes }) => strikes).length,
        suspiciousFor: open.filter(({ strikes }) => !strikes).length,
        accepted: weighed.length - open.length,
        releasedUntil: ends.length === 0 ? null : Math.min(...ends),
        cut: ownContents.filter(({ verdict: one, limited }) => one === null || limited === true).length,
        failures: ownContents.filter(({ failures }) => (failures ?? 1) > 0).length,
        scannedAt: scan ? now() : (before?.scannedAt ?? now()),
      };
      await sql`insert into version_standings (version_id, scan_id, scanner, verdict, severities, formats,
          quarantined_for, suspicious_for, accepted, released_until, cut, failures, scanned_at)
        values (${versionId}, ${scanId}, ${scanner}, ${verdict}, ${JSON.stringify(after.severities)}::jsonb,
          ${after.formats}::text[], ${after.quarantinedFor}, ${after.suspiciousFor}, ${after.accepted},
          ${after.releasedUntil}, ${after.cut}, ${after.failures}, ${after.scannedAt})
        on conflict (version_id) do update set scan_id = excluded.scan_id, scanner = excluded.scanner,
          verdict = excluded.verdict, severities = excluded.severities, formats = excluded.formats,
          quarantined_for = excluded.quarantined_for, suspicious_for = excluded.suspicious_for,
          accepted = excluded.accepted, released_until = excluded.released_until,
          cut = excluded.cut, failures = excluded.failures, scanned_at = excluded.scanned_at`.execute(tx);
      await note(tx, versionId, after);
      return Object.freeze<Reassessed>({
        before,
        after,
        quarantinedBefore,
        quarantined: isQuarantined(after, now()),
      });
    },

    /** Versions, scanned to the end, that have a file with this content. */
    havingContent: async (tx: Database, sha256: string): Promise<readonly string[]> =>
      (
        await sql<{ id: string }>`select distinct t.version_id as id from version_standings t
          join version_contents f on f.version_id = t.version_id
          where f.sha256 = ${sha256} order by 1`.execute(tx)
      ).rows.map(({ id }) => id),

    /** Versions whose acceptances have come to their end unnoticed. */
    ending: async (): Promise<readonly string[]> =>
      (
        await sql<{ id: string }>`select distinct version_id as id from finding_acceptances
          where ended_at is null and expires_at <= ${now()} limit 100`.execute(database)
      ).rows.map(({ id }) => id),
  });
}
export type Standings = ReturnType<typeof createStandings>;
