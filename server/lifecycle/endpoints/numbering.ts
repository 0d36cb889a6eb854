import type { Pool, PoolClient } from 'pg';
import { type NumberedContent, type SnapshotContent, versionOf } from './snapshot.ts';

/** Any fixed number: names the lock under which configurations are read and numbered. */
const LOCK = 4_203_318_170;
/** Versions remembered, to tell since when a gateway is behind. */
const REMEMBERED = 500;

interface Latest {
  readonly sequence: number;
  readonly version: string;
  readonly issued_at: number;
}

/** One more than the last, and at least the database's time in ms: also above what was before a restore. */
const NEXT = `greatest(coalesce((select max(sequence) from configuration_versions), 0) + 1,
  (extract(epoch from clock_timestamp()) * 1000)::bigint)`;

/**
 * Reads the configuration under a lock that all servers share, and numbers it: so a reading with a higher number
 * has begun after every one with a lower number had ended, and can be put in its place without going back.
 * Unchanged content keeps the latest number, unless `afresh`. Rejects when the lock cannot be had within 3 s.
 */
export function createNumbering(pool: Pool, read: () => Promise<SnapshotContent>) {
  async function number(client: PoolClient, version: string, afresh: boolean): Promise<Latest> {
    const { rows } = await client.query<Latest>(
      'select sequence, version, issued_at from configuration_versions order by sequence desc limit 1',
    );
    const [latest] = rows;
    const same = latest?.version === version;
    if (same && !afresh) return latest;
    const { rows: written } = same
      ? await client.query<Latest>(
          `update configuration_versions set sequence = ${NEXT} where sequence = $1
           returning sequence, version, issued_at`,
          [latest.sequence],
        )
      : await client.query<Latest>(
          `insert into configuration_versions (sequence, version, issued_at)
           values (${NEXT}, $1, (extract(epoch from clock_timestamp()) * 1000)::bigint)
           returning sequence, version, issued_at`,
          [version],
        );
    await client.query(
      `delete from configuration_versions where sequence <=
         (select sequence from configuration_versions order by sequence desc offset ${REMEMBERED} limit 1)`,
    );
    return written[0] as Latest;
  }

  return async function readNumbered(afresh: boolean): Promise<NumberedContent> {
    const client = await pool.connect();
    let broken = true;
    try {
      // A server that hangs in here must not keep the others from reading for long.
      await client.query(
        `begin; set local lock_timeout = '3s'; set local idle_in_transaction_session_timeout = '5s'`,
      );
      await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
      const content = await read();
      const { sequence, version, issued_at } = await number(client, versionOf(content), afresh);
      await client.query('commit');
      broken = false;
      return { version, sequence, issuedAt: issued_at, content };
    } finally {
      client.release(broken);
    }
  };
}
