import type { FileVerdict, SeverityCounts } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import { type ContentFinding, type ContentResult, withEarlier } from './model.ts';

/** Results of older scanners that are kept beside the latest. */
const KEEP_OLDER = 2;
const FINDINGS_AT_ONCE = 200;

export interface KnownContent {
  readonly sha256: string;
  readonly scanner: string;
  readonly verdict: FileVerdict;
  readonly severities: SeverityCounts;
  readonly format: string;
  readonly limited: boolean;
  /** Parts that could not be judged. */
  readonly failures: number;
  readonly scannedAt: number;
}

const KNOWN = sql`sha256, scanner, verdict, severities, format, limited,
  jsonb_array_length(errors) as failures, scanned_at as "scannedAt"`;

/** What scanners said of content. */
export function createContents(database: Database, now: () => number) {
  async function insertFindings(tx: Database, { sha256, scanner, findings }: ContentResult): Promise<void> {
    for (let at = 0; at < findings.length; at += FINDINGS_AT_ONCE) {
      const rows = findings.slice(at, at + FINDINGS_AT_ONCE).map(
        (
          one,
        ) => sql`(${sha256}, ${scanner}, ${one.finding}, ${one.check}, ${one.kind}, ${one.severity}, ${one.rank},
          ${one.strikes}, ${one.message}, ${one.member}, ${one.offset}, ${JSON.stringify(one.evidence)}::jsonb)`,
      );
      await sql`insert into content_findings (sha256, scanner, finding, check_id, kind, severity, rank, strikes,
        message, member, byte_offset, evidence) values ${sql.join(rows)}`.execute(tx);
    }
  }

  async function insertFigures(tx: Database, { sha256, scanner, weights, delta }: ContentResult) {
    if (weights === null && delta === null) return;
    const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
    await sql`insert into content_weights (sha256, scanner, tensors, total, asked, delta)
      values (${sha256}, ${scanner}, ${json(weights?.tensors ?? null)}::json, ${weights?.total ?? 0},
        ${weights?.asked ?? []}::text[], ${json(delta)}::json)`.execute(tx);
  }

  interface Before extends Pick<KnownContent, 'scanner' | 'verdict' | 'limited'> {
    readonly firstSeenAt: number;
  }

  async function findingsOf(tx: Database, sha256: string, { scanner }: Before): Promise<ContentFinding[]> {
    const { rows } =
      await sql<ContentFinding>`select finding, check_id as "check", kind, severity, rank, strikes,
      message, member, byte_offset as "offset", evidence from content_findings
      where sha256 = ${sha256} and scanner = ${scanner} order by finding`.execute(tx);
    return rows;
  }

  async function write(tx: Database, result: ContentResult, before: Before | undefined): Promise<void> {
    const { sha256, scanner } = result;
    await sql`delete from content_scans where sha256 = ${sha256} and scanner = ${scanner}`.execute(tx);
    await sql`update content_scans set latest = false where sha256 = ${sha256} and latest`.execute(tx);
    await sql`insert into content_scans (sha256, scanner, latest, size, format, verdict, severities, errors,
        skipped, limited, first_seen_at, scanned_at, duration_ms)
      values (${sha256}, ${scanner}, true, ${result.size}, ${result.format}, ${result.verdict},
        ${JSON.stringify(result.severities)}::jsonb, ${JSON.stringify(result.errors)}::jsonb, ${result.skipped},
        ${result.limited}, ${before?.firstSeenAt ?? now()}, ${now()},
        ${Math.round(result.durationMs)})`.execute(tx);
    await insertFindings(tx, result);
    await insertFigures(tx, result);
    await sql`delete from content_scans c where c.sha256 = ${sha256} and not c.latest and c.scanner not in (
      select o.scanner from content_scans o where o.sha256 = ${sha256} and not o.latest
      order by o.scanned_at desc limit ${KEEP_OLDER})`.execute(tx);
  }

  return Object.freeze({
    /** Of these digests, what `scanner` has said. */
    async known(digests: readonly string[], scanner: string): Promise<ReadonlyMap<string, KnownContent>> {
      const { rows } = await sql<KnownContent>`select ${KNOWN} from content_scans
        where scanner = ${scanner} and sha256 = any(${digests}::text[])`.execute(database);
      return new Map(rows.map((row) => [row.sha256, row]));
    },

    /** Of these digests, what the scanner that was here last has said. */
    async latest(digests: readonly string[], within: Database = database) {
      const { rows } = await sql<KnownContent>`select ${KNOWN} from content_scans
        where latest and sha256 = any(${digests}::text[])`.execute(within);
      return new Map(rows.map((row) => [row.sha256, row]));
    },

    /**
     * Keeps a result; it is what counts from now on. One that did not come to its end takes nothing back, whichever
     * scanner it is of: see {@link withEarlier}. Gives the verdict that counted until then.
     */
    async save(tx: Database, result: ContentResult): Promise<FileVerdict | null> {
      const { sha256 } = result;
      // Two servers may save results for the same content: one after the other.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`scan:${sha256}`}, 0))`.execute(tx);
      const [before] = (
        await sql<Before>`select scanner, verdict, limited, first_seen_at as "firstSeenAt" from content_scans
          where sha256 = ${sha256} and latest`.execute(tx)
      ).rows;
      const kept =
        before === undefined
          ? result
          : withEarlier(result, { ...before, findings: await findingsOf(tx, sha256, before) });
      if (kept !== null) await write(tx, kept, before);
      await sql`delete from content_scan_requests where sha256 = ${sha256}`.execute(tx);
      return before?.verdict ?? null;
    },
  });
}
export type Contents = ReturnType<typeof createContents>;
