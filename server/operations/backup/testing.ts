import { randomBytes } from 'node:crypto';
import { type MasterKey, masterKeyFromHex, seal } from '@bartizan/contracts/sealed.ts';
import { createAuditLog, SYSTEM } from '../../audit/index.ts';
import { systemClock } from '../../kernel/clock.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { OpenDatabase } from '../../platform/database/index.ts';

const DAY_MS = 86_400_000;

export const newMasterKey = (): MasterKey => masterKeyFromHex(randomBytes(32).toString('hex'));

/** Rows of many kinds: unusual text, arrays, bytes, partitions of several days, audit entries. For tests. */
export async function fill(open: OpenDatabase, master: MasterKey): Promise<void> {
  const { pool } = open;
  const now = Date.now();
  const person = uuidv7(now);
  await pool.query(
    `insert into people (id, name, email, roles, created_at, updated_at)
     values ($1, $2, 'ada@example.com', '{administrator}', now(), now())`,
    [person, 'Ada\tLovelace\\N "né\ne"\r 🏰'],
  );
  await pool.query(
    `insert into sessions (id, token, person_id, expires_at, created_at, updated_at)
     values ($1, $2, $3, now() + interval '1 day', now(), now())`,
    [uuidv7(now), randomBytes(16).toString('hex'), person],
  );
  await pool.query(
    `insert into policies (id, name, description, active_version, latest_version, created_at, updated_at)
     values ($1, 'Standard', '', 1, 1, $2, $2)`,
    [person, now],
  );
  await pool.query(
    `insert into policy_versions (policy_id, version, document, note, created_at, created_by)
     values ($1, 1, '{"a": [1.5e300, null, "\\u00e9"]}', '', $2, 'Ada')`,
    [person, now],
  );
  for (const days of [0, 1, 2, 40]) await addDay(open, now - days * DAY_MS, seal(master, 'key', 'day'));
  const audit = createAuditLog({ database: open.database, clock: systemClock });
  for (let index = 0; index < 20; index += 1) {
    await audit.record({
      actor: SYSTEM,
      action: 'tests.filled',
      subject: `row:${index}`,
      detail: { text: '\u2028 ü "', index },
    });
  }
}

/** One day as partitions.ts makes it, with 200 interactions. */
async function addDay({ pool }: OpenDatabase, atMs: number, sealedKey: string): Promise<void> {
  const day = Math.floor(atMs / DAY_MS) * DAY_MS;
  const name = new Date(day).toISOString().slice(0, 10).replaceAll('-', '');
  for (const table of ['interactions', 'interaction_contents']) {
    await pool.query(`create table ${table}_${name} (like ${table} including all)`);
    await pool.query(
      `alter table ${table} attach partition ${table}_${name} for values from (${day}) to (${day + DAY_MS})`,
    );
  }
  await pool.query('insert into interaction_days values ($1, $2, $2)', [day, day + 90 * DAY_MS]);
  await pool.query('insert into interaction_content_keys values ($1, $2)', [day, sealedKey]);
  await pool.query(
    `insert into interactions (at, id, expires_at, endpoint_slug, key_name, api, model, streamed, status, outcome,
       verdict, would_be, checks, total_ms, retention)
     select $1::bigint + n, gen_random_uuid(), $1::bigint + 1, 'demo', 'key', 'chat', 'model', false, 200,
       'answered', 'allow', 'allow', '{text/injection,"a,b"}', n / 3.0, 'full'
     from generate_series(1, 200) n`,
    [day],
  );
  await pool.query(
    `insert into interaction_contents (at, id, expires_at, key_day, excerpt, body, words)
     select at, id, expires_at, $1, null, decode(repeat(md5(id::text), 400), 'hex'), array[at, -at]
     from interactions where at >= $1::bigint and at < $1::bigint + ${DAY_MS}`,
    [day],
  );
}

/** Rows of every table that a person of the database sees, by name. */
export async function counts({ pool }: Pick<OpenDatabase, 'pool'>): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') order by relname`,
  );
  const found: Record<string, number> = {};
  for (const { name } of rows) {
    found[name] = Number((await pool.query(`select count(*) as n from "${name}"`)).rows[0].n);
  }
  return found;
}
