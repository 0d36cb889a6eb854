import type { Pool, PoolClient } from 'pg';

const DAY_MS = 86_400_000;

/** What is asked for later must be in the rows: these are rare on purpose. */
export const RARE_USER = 'user-rare';
export const RARE_CHECK = 'text/rare';
export const COMMON_CHECK = 'text/injection';
/** Stand for hashes of words: one in 100,000 rows, one in a hundred, and one in half of all rows. */
export const WORDS = { rare: 1, uncommon: 2, common: 3 } as const;
export const ENDPOINTS = Array.from(
  { length: 20 },
  (_, index) => `00000000-0000-7000-8000-0000000000${String(index).padStart(2, '0')}`,
);
export const keyId = (index: number): string =>
  `00000000-0000-7000-9000-000000000${String(index).padStart(3, '0')}`;

const nameOf = (day: number): string => new Date(day).toISOString().slice(0, 10).replaceAll('-', '');

/**
 * Rows of one day, evenly spread over it. `random()` is seeded, so that every run has the same rows but for
 * their day. Contents are random bytes: nothing here is opened, only found.
 */
async function fillDay(client: PoolClient, day: number, rows: number): Promise<void> {
  const suffix = nameOf(day);
  const tables = ['interactions', 'interaction_contents'] as const;
  for (const table of tables) {
    await client.query(
      `create table ${table}_${suffix} (like ${table} including defaults including storage)`,
    );
  }
  await client.query(`
    insert into interactions_${suffix}
    select at, (lpad(to_hex(at), 12, '0') || '7' || substr(md5(n || 'a'), 1, 3) || '8' || substr(md5(n || 'b'), 1, 15))::uuid,
      at + 30 * ${DAY_MS}::bigint,
      ('00000000-0000-7000-8000-0000000000' || lpad(floor(20 * r1 * r1)::text, 2, '0'))::uuid,
      'endpoint-' || floor(20 * r1 * r1),
      ('00000000-0000-7000-9000-000000000' || lpad(floor(200 * r2 * r2)::text, 3, '0'))::uuid,
      'key-' || floor(200 * r2 * r2),
      case when n % 200000 = 7 then '${RARE_USER}' when r3 < 0.7 then 'user-' || floor(10000 * r3 / 0.7) end,
      'chat.completions', 'some-model', r4 < 0.6, 200,
      case when r4 < 0.96 then 'answered' when r4 < 0.97 then 'blocked' when r4 < 0.98 then 'denied'
        when r4 < 0.99 then 'failed' else 'cancelled' end,
      verdict, verdict,
      case when n % 200000 = 9 then array['${RARE_CHECK}'] when verdict = 'allow' then '{}'::text[]
        when r4 < 0.5 then array['${COMMON_CHECK}'] else array['text/secrets', 'text/personal-data'] end,
      1000 * r4, (4000 * r3)::bigint, null, null, 'redacted'
    from (
      select n, ${day}::bigint + (n - 1) * ${DAY_MS}::bigint / ${rows} as at, random() as r1, random() as r2,
        random() as r3, random() as r4,
        case when v < 0.94 then 'allow' when v < 0.97 then 'flag' when v < 0.99 then 'redact' else 'block' end as verdict
      from (select n, random() as v from generate_series(1, ${rows}) as n) as one
    ) as row`);
  await client.query(`
    insert into interaction_contents_${suffix}
    select at, id, expires_at, 0, null, decode(repeat(md5(id::text), 12), 'hex'), null,
      array(select 1000 + floor(50000 * power(random(), 3))::bigint from generate_series(1, 15) where at > 0)
        || case when random() < 0.00001 then array[${WORDS.rare}]::bigint[] else '{}' end
        || case when random() < 0.01 then array[${WORDS.uncommon}]::bigint[] else '{}' end
        || case when random() < 0.5 then array[${WORDS.common}]::bigint[] else '{}' end
    from interactions_${suffix}`);
  for (const table of tables) {
    await client.query(
      `alter table ${table} attach partition ${table}_${suffix} for values from (${day}) to (${day + DAY_MS})`,
    );
    await client.query(`analyze ${table}_${suffix}`);
  }
  await client.query('insert into interaction_days values ($1, $2, $2)', [day, day + 31 * DAY_MS]);
}

/** Fills `days` days before today with `rows` rows in total. Indexes are built as a day is attached. */
export async function fill(pool: Pool, rows: number, days: number): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`set statement_timeout = 0; set synchronous_commit = off;
      set maintenance_work_mem = '256MB'; select setseed(0.42)`);
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    for (let ago = days; ago >= 1; ago -= 1) {
      await fillDay(client, today - ago * DAY_MS, Math.ceil(rows / days));
    }
  } finally {
    client.release(true);
  }
}
