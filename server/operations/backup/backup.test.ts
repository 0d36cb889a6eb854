import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allMigrations } from '../../migrations.ts';
import type { OpenDatabase } from '../../platform/database/index.ts';
import { withTestDatabase } from '../../platform/database/testing.ts';
import { JOBS_SCHEMA } from '../../platform/jobs/index.ts';
import { peek, type RestoreOptions, readBackup, restoreBackup, writeBackup } from './index.ts';
import { counts, fill, newMasterKey } from './testing.ts';

const master = newMasterKey();
let source: OpenDatabase;
let folder = '';
let file = '';
let objects = '';
const notes: string[] = [];
const progress = (line: string): void => void notes.push(line);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bartizan-backup-'));
  objects = join(folder, 'objects');
  mkdirSync(join(objects, 'ab'), { recursive: true });
  writeFileSync(join(objects, 'ab', 'cdef'), Buffer.alloc(3_000_000, 'object'));
  writeFileSync(join(objects, 'empty'), '');
  for (const unfinished of ['incoming', 'staging']) {
    mkdirSync(join(objects, unfinished));
    writeFileSync(join(objects, unfinished, 'half'), 'half');
  }
  source = await withTestDatabase(allMigrations);
  await fill(source, master);
  file = join(folder, 'one.backup');
  await write(file);
});
afterAll(async () => {
  await source?.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (out: string, open: OpenDatabase = source) =>
  writeBackup({
    databaseUrl: open.url,
    master,
    migrations: allMigrations,
    objects,
    out,
    nowMs: Date.now(),
    progress,
  });

const restore = (target: Pick<OpenDatabase, 'url'>, change: Partial<RestoreOptions> = {}) =>
  restoreBackup({
    file,
    databaseUrl: target.url,
    master,
    migrations: allMigrations,
    objects: join(folder, 'restored'),
    replace: false,
    keepSessions: true,
    progress,
    ...change,
  });

/** A database in which the pool of the test does not count as a server that is still connected. */
async function withTarget(use: (target: OpenDatabase) => Promise<void>): Promise<void> {
  const target = await withTestDatabase();
  await target.pool.query('drop table if exists bartizan_migrations');
  await quiet(target);
  try {
    await use(target);
  } finally {
    await target.close();
  }
}

/** Renames the pool's sessions: `stop every server first` looks at names. */
async function quiet(target: OpenDatabase): Promise<void> {
  target.pool.options.application_name = 'a test';
  await target.pool.query("set application_name = 'a test'");
}

describe('a backup', () => {
  it('is private, tells nothing but which key opens it, and appears only when complete', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
    const bytes = readFileSync(file);
    for (const word of ['ada@example.com', 'people', 'interaction', master.bytes.toString('hex')]) {
      expect(bytes.includes(word)).toBe(false);
    }
    expect(bytes.includes(master.bytes)).toBe(false);
    expect((await peek(file)).masterKey).toBe(master.id);
    await expect(write(file)).rejects.toThrow(/exists already/);
  });

  it('brings back every row of every table, the partitions, the objects and the guards of the audit log', async () => {
    await withTarget(async (target) => {
      const result = await restore(target);
      const wanted = await counts(source);
      expect(await counts(target)).toEqual(wanted);
      expect(wanted.interactions).toBe(800);
      expect(result.tables.audit_entries).toBe(wanted.audit_entries);
      expect(readFileSync(join(folder, 'restored', 'ab', 'cdef'))).toEqual(
        readFileSync(join(objects, 'ab', 'cdef')),
      );
      const digest = 'select md5(string_agg(t::text, chr(10) order by t::text)) as d from';
      for (const table of ['people', 'policy_versions', 'interaction_contents', 'audit_entries']) {
        const [here, there] = await Promise.all(
          [source, target].map((open) => open.pool.query(`${digest} ${table} t`)),
        );
        expect(there?.rows).toEqual(here?.rows);
      }
      await expect(target.pool.query('delete from audit_entries')).rejects.toThrow();
      await expect(target.pool.query('truncate audit_entries')).rejects.toThrow();
      await expect(target.pool.query("update policy_versions set note = 'x'")).rejects.toThrow(/immutable/);
      await expect(
        target.pool.query(
          "insert into people_credentials (id, person_id, provider_id, account_id, created_at, updated_at) values (gen_random_uuid(), gen_random_uuid(), '', '', now(), now())",
        ),
      ).rejects.toThrow(/foreign key/);
    });
  });

  it('has the same tables, constraints, indexes and triggers as the database that it came from', async () => {
    await withTarget(async (target) => {
      await restore(target);
      const shape = `
        select 'column' as kind, c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || a.attstorage::text || a.attnotnull::text || coalesce(pg_get_expr(d.adbin, d.adrelid), '') as what
          from pg_attribute a join pg_class c on c.oid = a.attrelid
          left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
        union all select 'constraint', conrelid::regclass || ' ' || pg_get_constraintdef(oid)
          from pg_constraint where connamespace = current_schema()::regnamespace
        union all select 'index', regexp_replace(indexdef, 'INDEX \\S+ ', '') from pg_indexes
          where schemaname = current_schema()
        union all select 'trigger', pg_get_triggerdef(t.oid) || t.tgenabled::text
          from pg_trigger t join pg_class c on c.oid = t.tgrelid
          where not tgisinternal and c.relnamespace = current_schema()::regnamespace
        order by 1, 2`;
      const [here, there] = await Promise.all([source, target].map((open) => open.pool.query(shape)));
      expect(there?.rows).toEqual(here?.rows);
    });
  });

  it('ends sessions and one-time links unless told to keep them', async () => {
    await withTarget(async (target) => {
      const result = await restore(target, { keepSessions: false });
      expect(result.endedSessions).toBe(1);
      const left = await counts(target);
      expect(left.sessions).toBe(0);
      expect({ ...left, sessions: 1 }).toEqual(await counts(source));
    });
  });

  it('is of one instant, whatever servers write meanwhile', async () => {
    const busy = await withTestDatabase(allMigrations);
    const stop = new AbortController();
    const writer = (async () => {
      for (let n = 0; !stop.signal.aborted && n < 20_000; n += 1) {
        await busy.pool.query(
          `with one as (insert into interaction_content_keys values ($1, 'x'))
           insert into interaction_days (day) values ($1)`,
          [n],
        );
      }
    })();
    try {
      await expect
        .poll(async () => (await counts(busy)).interaction_days, { timeout: 20_000 })
        .toBeGreaterThan(50);
      const path = join(folder, 'busy.backup');
      await write(path, busy);
      const { end } = await readBackup(path, master);
      expect(end.tables.interaction_days?.rows).toBeGreaterThan(50);
      expect(end.tables.interaction_days?.rows).toBe(end.tables.interaction_content_keys?.rows);
    } finally {
      stop.abort();
      await writer;
      await busy.close();
    }
  });
});

describe('what a restore refuses, leaving the target as it was', () => {
  async function refused(change: Partial<RestoreOptions>, message: RegExp): Promise<void> {
    await withTarget(async (target) => {
      await expect(restore(target, change)).rejects.toThrow(message);
      expect(await counts(target)).toEqual({});
    });
  }
  const altered = (name: string, change: (bytes: Buffer) => Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, change(Buffer.from(readFileSync(file))));
    return path;
  };

  it.each([1, 2, 3, 5, 8])('a flipped bit (place %i of 9)', async (part) => {
    const path = altered('flipped', (bytes) => {
      const at = Math.floor((bytes.length * part) / 9);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    });
    await refused({ file: path }, /damaged|changed/);
  });

  it.each([0, 10, 300, 70_000, -1, -20])('a file cut at %i', async (at) => {
    const path = altered('cut', (bytes) => bytes.subarray(0, at < 0 ? bytes.length + at : at));
    await refused({ file: path }, /no backup|damaged|changed/);
  });

  it('bytes added, chunks swapped, and a first line that says something else', async () => {
    const body = (bytes: Buffer) => bytes.indexOf(10) + 1;
    const chunk = 65_536 + 16;
    await refused(
      { file: altered('longer', (b) => Buffer.concat([b, b.subarray(-100)])) },
      /damaged|changed/,
    );
    const swapped = altered('swapped', (b) => {
      const [at, one] = [body(b), Buffer.from(b.subarray(body(b), body(b) + chunk))];
      b.copy(b, at, at + chunk, at + 2 * chunk);
      one.copy(b, at + chunk);
      return b;
    });
    await refused({ file: swapped }, /damaged|changed/);
    const dated = altered('dated', (b) =>
      Buffer.concat([
        Buffer.from(
          b
            .subarray(0, body(b))
            .toString()
            .replace(/"createdAt":"2\d/, '"createdAt":"19'),
        ),
        b.subarray(body(b)),
      ]),
    );
    await refused({ file: dated }, /changed|damaged/);
    const newer = altered('newer', (b) =>
      Buffer.concat([
        Buffer.from(b.subarray(0, body(b)).toString().replace('"format":1', '"format":2')),
        b.subarray(body(b)),
      ]),
    );
    await refused({ file: newer }, /format 2/);
  });

  it('another master key', async () => {
    await refused({ master: newMasterKey() }, /made under master key/);
  });

  it('a backup of a newer version, and one whose migrations have another form', async () => {
    await refused({ migrations: allMigrations.slice(0, -1) }, /newer than this one/);
    const [first, ...others] = allMigrations;
    if (!first) throw new Error('no migrations');
    await refused({ migrations: [{ ...first, sql: `${first.sql} ` }, ...others] }, /another form/);
  });

  it('a database that holds something, until told to replace it', async () => {
    const target = await withTestDatabase(allMigrations);
    await quiet(target);
    try {
      await fill(target, master);
      await fill2(target);
      await target.pool.query(`create schema ${JOBS_SCHEMA}; create table ${JOBS_SCHEMA}.job (id integer)`);
      const before = await counts(target);
      await expect(restore(target)).rejects.toThrow(/already holds/);
      expect(await counts(target)).toEqual(before);
      await restore(target, { replace: true });
      const { theirs, ...ours } = await counts(target);
      expect(theirs).toBe(1);
      expect(ours).toEqual(await counts(source));
      // Jobs of what was there before are about nothing that is there now.
      const { rows } = await target.pool.query('select from pg_namespace where nspname = $1', [JOBS_SCHEMA]);
      expect(rows).toEqual([]);
    } finally {
      await target.close();
    }
  });

  it('a database on which a server works', async () => {
    const target = await withTestDatabase();
    try {
      await target.pool.query('select 1');
      await expect(restore(target, { replace: true })).rejects.toThrow(/stop every server/);
    } finally {
      await target.close();
    }
  });

  it('a database that is no Bartizan, as a source', async () => {
    await withTarget(async (target) => {
      await expect(write(join(folder, 'none'), target)).rejects.toThrow(/holds no Bartizan/);
      expect(readdirSync(folder)).not.toContain('none');
    });
  });
});

/** Another audit entry and a table of somebody else, which a restore must leave alone. */
async function fill2({ pool }: OpenDatabase): Promise<void> {
  await pool.query('create table theirs as select 1 as one');
}
