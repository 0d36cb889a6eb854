import { createHash, hash } from 'node:crypto';
import type { InteractionRecord } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { AuditLog, FurtherCheck, Report } from '../../audit/index.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Contents } from './contents-store.ts';
import type { Prepared } from './seal-record.ts';

/** Columns of `interactions` in the order in which they are hashed. */
const COLUMNS = [
  'at',
  'id',
  'expires_at',
  'endpoint_id',
  'endpoint_slug',
  'key_id',
  'key_name',
  'user_name',
  'api',
  'model',
  'streamed',
  'status',
  'outcome',
  'verdict',
  'would_be',
  'checks',
  'total_ms',
  'tokens',
  'policy_id',
  'policy_version',
  'retention',
] as const;
const UUIDS: ReadonlySet<string> = new Set(['id', 'endpoint_id', 'key_id', 'policy_id']);
const ACTION = 'interactions.recorded';
const DIGEST_BYTES = 32;
/** Batches that are looked at between two reports of progress. */
const PAGE = 20;
/** What expires within this time is not asked for: it may be forgotten while it is looked at. */
const SOON_MS = 5_000;

/** SHA-256 of the columns as one JSON array, in the order of {@link COLUMNS}. */
export function rowDigest(row: Readonly<Record<string, unknown>>): Buffer {
  const values = COLUMNS.map((name) => {
    const value = row[name] ?? null;
    return UUIDS.has(name) && typeof value === 'string' ? value.toLowerCase() : value;
  });
  return hash('sha256', JSON.stringify(values), 'buffer');
}

/** SHA-256 of what the guards found, as JSON. */
export const findingsDigest = (findings: InteractionRecord['findings']): Buffer =>
  hash('sha256', JSON.stringify(findings), 'buffer');

/** A batch as it is kept: arrays of one length, `digests` with a row's and its findings' digest for each. */
interface Batch {
  readonly ids: readonly string[];
  readonly ats: readonly number[];
  readonly expiries: readonly number[];
  readonly digests: Buffer;
}

/** What the log holds of a batch: SHA-256 over a line for each interaction, `id at expiry digests`. */
function batchDigest({ ids, ats, expiries, digests }: Batch): string {
  const all = createHash('sha256');
  for (const [i, id] of ids.entries()) {
    const own = digests.subarray(i * 2 * DIGEST_BYTES, (i + 1) * 2 * DIGEST_BYTES).toString('hex');
    all.update(`${id} ${ats[i]} ${expiries[i]} ${own}\n`);
  }
  return all.digest('hex');
}

/** In the transaction that stores interactions: one audit entry with a digest of their verdicts, and what it is over. */
export async function recordBatch(
  tx: Database,
  fresh: readonly Prepared[],
  deps: { readonly audit: Pick<AuditLog, 'record'>; readonly nowMs: number },
): Promise<void> {
  const [first] = fresh;
  if (first === undefined) return;
  const batch: Batch = {
    ids: fresh.map(({ record }) => record.id.toLowerCase()),
    ats: fresh.map(({ record }) => record.at),
    expiries: fresh.map(({ record }) => record.expiresAt),
    digests: Buffer.concat(
      fresh.flatMap(({ row, record }) => [rowDigest(row), findingsDigest(record.findings)]),
    ),
  };
  const verdicts: Record<string, number> = {};
  for (const { record } of fresh) verdicts[record.verdict] = (verdicts[record.verdict] ?? 0) + 1;
  const lastExpiry = Math.max(...batch.expiries);
  const id = uuidv7(deps.nowMs);
  const { gatewayId } = first.record;
  await sql`insert into interaction_batches (id, last_expiry, ids, ats, expiries, digests)
    values (${id}, ${lastExpiry}, string_to_array(${batch.ids.join()}, ',')::uuid[],
      string_to_array(${batch.ats.join()}, ',')::bigint[], string_to_array(${batch.expiries.join()}, ',')::bigint[],
      ${batch.digests})`.execute(tx);
  await deps.audit.record(
    {
      actor: { kind: 'gateway', id: gatewayId, name: gatewayId },
      action: ACTION,
      subject: `interaction-batch:${id}`,
      detail: {
        count: fresh.length,
        digest: batchDigest(batch),
        from: Math.min(...batch.ats),
        to: Math.max(...batch.ats),
        lastExpiry,
        verdicts,
      },
    },
    tx,
  );
}

/** Forgets what batches were over whose interactions have all expired; the entries in the log stay. */
export async function forgetBatches(database: Database, nowMs: number): Promise<void> {
  await sql`delete from interaction_batches where last_expiry <= ${nowMs}`.execute(database);
}

interface Recorded {
  readonly entry: string;
  readonly at: string;
  readonly subject: string;
  readonly digest: string;
  readonly batch: string | null;
  readonly ids: string | null;
  readonly ats: string | null;
  readonly expiries: string | null;
  readonly digests: Buffer | null;
}

/** Entries about batches of which something must still be there, oldest first, a page after a position. */
async function readPage(database: Database, after: Pick<Recorded, 'at' | 'entry'>, nowMs: number) {
  const { rows } = await sql<Recorded>`
    select e.id as entry, e.at::text as at, e.subject, e.detail->>'digest' as digest, b.id as batch,
      array_to_string(b.ids, ',') as ids, array_to_string(b.ats, ',') as ats,
      array_to_string(b.expiries, ',') as expiries, b.digests
    from audit_entries e
    left join interaction_batches b on e.subject = 'interaction-batch:' || b.id
    where e.action = ${ACTION} and (e.at, e.id) > (${after.at}::timestamptz, ${after.entry}::uuid)
      and (e.detail->>'lastExpiry')::numeric > ${nowMs}
    order by e.at, e.id limit ${PAGE}`.execute(database);
  return rows;
}

function batchOf({ ids, ats, expiries, digests }: Recorded): Batch | null {
  if (ids === null || ats === null || expiries === null || digests === null) return null;
  return {
    ids: ids.split(','),
    ats: ats.split(',').map(Number),
    expiries: expiries.split(',').map(Number),
    digests,
  };
}

export interface VerdictCheckDeps {
  readonly database: Database;
  readonly contents: Pick<Contents, 'bodies'>;
  readonly now: () => number;
}

/** Compares every stored interaction that has not expired with the digest that its batch left in the audit log. */
export function createVerdictCheck({ database, contents, now }: VerdictCheckDeps): FurtherCheck {
  const altered = (id: string | null, message: string, kind: 'verdict-altered' | 'verdict-missing') =>
    ({ kind, index: null, before: null, id, message }) as const;

  async function checkBatch(batch: Batch, report: Report): Promise<void> {
    const { rows } = await sql<Record<string, unknown> & { id: string }>`
      select ${sql.raw(COLUMNS.map((name) => `i.${name}`).join(', '))}
      from unnest(${[...batch.ats]}::bigint[], ${[...batch.ids]}::uuid[]) as p(at, id)
      join interactions i on i.at = p.at and i.id = p.id
      where i.at between ${Math.min(...batch.ats)}::bigint and ${Math.max(...batch.ats)}::bigint`.execute(
      database,
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    const wanted = (i: number, part: 0 | 1) =>
      batch.digests.subarray((2 * i + part) * DIGEST_BYTES, (2 * i + part + 1) * DIGEST_BYTES);
    const findings = new Map<string, Buffer>();
    const places = batch.ids
      .map((id, i) => ({ id, at: batch.ats[i] ?? 0 }))
      .filter(({ id }) => found.has(id));
    const opened = new Set<string>();
    for await (const { id, body } of contents.bodies(places, true)) {
      opened.add(id);
      if (body) findings.set(id, findingsDigest(body.findings));
    }
    for (const [i, id] of batch.ids.entries()) {
      const row = found.get(id);
      const live = (batch.expiries[i] ?? 0) > now();
      if (row === undefined || !opened.has(id)) {
        if (live)
          report.problem(altered(id, `Interaction ${id} is gone before its time.`, 'verdict-missing'));
        continue;
      }
      if (!rowDigest(row).equals(wanted(i, 0))) {
        report.problem(
          altered(
            id,
            `What is stored of interaction ${id} is not what was recorded: its verdict, or what belongs to it.`,
            'verdict-altered',
          ),
        );
      }
      const own = findings.get(id);
      if (own === undefined && live) {
        report.problem(
          altered(
            id,
            `What was kept of interaction ${id} cannot be opened any more: it, or the key of its day, was altered or removed.`,
            'verdict-altered',
          ),
        );
      }
      if (own && !own.equals(wanted(i, 1))) {
        report.problem(
          altered(
            id,
            `The findings of interaction ${id} are not those that were recorded.`,
            'verdict-altered',
          ),
        );
      }
    }
    report.interactions(rows.length);
  }

  return Object.freeze({
    async run(report: Report): Promise<void> {
      let after = { at: '-infinity', entry: '00000000-0000-0000-0000-000000000000' };
      while (!report.signal.aborted) {
        const page = await readPage(database, after, now() + SOON_MS);
        await report.breathe();
        for (const recorded of page) {
          const batch = batchOf(recorded);
          const name = recorded.subject;
          if (batch === null) {
            report.problem(
              altered(null, `What ${name} was over is gone before its time.`, 'verdict-missing'),
            );
          } else if (batchDigest(batch) !== recorded.digest) {
            report.problem(
              altered(null, `What ${name} was over is not what was recorded.`, 'verdict-altered'),
            );
          } else await checkBatch(batch, report);
        }
        const last = page.at(-1);
        if (last === undefined) return;
        after = { at: last.at, entry: last.entry };
      }
    },
  });
}
