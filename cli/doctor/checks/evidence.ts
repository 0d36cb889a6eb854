import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { countJobs, JOBS_SCHEMA } from '@bartizan/server/operations/index.ts';
import { type Check, fail, ok, skipped, warn } from '../types.ts';
import { onTable, readText } from './looking.ts';

const DAY_MS = 86_400_000;
/** A log that nobody verified for this long proves little: what was altered is found late. */
const VERIFY_WITHIN_DAYS = 30;

const sinks: Check = {
  id: 'sinks.delivery',
  title: 'Sinks',
  run: onTable('sink_dead_letters', async (database) => {
    const { rows } = await database.query<{ n: number; sinks: number }>(
      'select count(*)::integer as n, count(distinct sink_id)::integer as sinks from sink_dead_letters',
    );
    const [{ n = 0, sinks: of = 0 } = {}] = rows;
    return n > 0
      ? warn(
          `${n} event(s) of ${of} sink(s) could not be delivered`,
          'The console says why under Sinks; send them again there.',
        )
      : ok('nothing lies undelivered');
  }),
};

const lag: Check = {
  id: 'sinks.lag',
  title: 'Sinks that are behind',
  run: onTable('sink_progress', async (database, { nowMs }) => {
    const { rows } = await database.query<{ name: string; paused: boolean; seconds: number; most: number }>(
      `select s.name, s.paused, (s.settings->>'alarmAfterSeconds')::float8 as most,
         greatest($1::float8 - coalesce(
           (select stored_at from sink_feed where first_position + records > p.cursor
             and first_position is not null order by first_position + records limit 1),
           (select stored_at from sink_feed where first_position is null order by id limit 1),
           $1::float8), 0)::float8 / 1000 as seconds
       from sinks s join sink_progress p on p.sink_id = s.id order by seconds desc`,
      [nowMs()],
    );
    if (rows.length === 0) return ok('there is no sink');
    const late = rows.filter(({ seconds, most }) => seconds > most);
    if (late.length === 0) return ok(`${rows.length} sink(s), none is behind`);
    const said = late.map(
      ({ name, paused, seconds }) =>
        `"${name}" by ${Math.round(seconds / 60)} minutes${paused ? ' (paused)' : ''}`,
    );
    return warn(
      said.join(', '),
      'The console says under Sinks what the receiver answers. Resume what is paused, and see that a server runs with BARTIZAN_BACKGROUND=on.',
    );
  }),
};

/** Work that nobody takes for so long has no server that takes it. */
const WAITS_SECONDS = 900;

const jobs: Check = {
  id: 'jobs.stuck',
  title: 'Jobs',
  async run({ database }) {
    if (database === null) return skipped('the database does not answer');
    const { rows: made } = await database.query<{ there: boolean }>(
      'select to_regclass($1) is not null as there',
      [`${JOBS_SCHEMA}.job`],
    );
    if (!made[0]?.there) return skipped('no server has queued a job yet');
    const counts = await countJobs(database, null);
    const sum = (of: (one: (typeof counts)[number]) => number) =>
      counts.reduce((total, one) => total + of(one), 0);
    const late = counts.filter(({ oldestSeconds }) => oldestSeconds > WAITS_SECONDS);
    if (late.length > 0 || sum(({ silent }) => silent) > 0) {
      const said = [
        ...late.map(
          ({ queue, oldestSeconds }) => `${queue} waits for ${Math.round(oldestSeconds / 60)} minutes`,
        ),
        ...counts
          .filter(({ silent }) => silent > 0)
          .map(({ queue, silent }) => `${silent} of ${queue} lost their server`),
      ];
      return warn(
        said.join(', '),
        'See that a server runs with BARTIZAN_BACKGROUND=on, and what its log says.',
      );
    }
    const failed = sum((one) => one.failed);
    return failed > 0
      ? warn(
          `${failed} job(s) of the last two weeks were given up on`,
          'The console says which scans failed and why; start them again there.',
        )
      : ok(`${sum(({ waiting }) => waiting)} waiting, ${sum(({ running }) => running)} running`);
  },
};

const audit: Check = {
  id: 'audit.log',
  title: 'Audit log',
  run: onTable('audit_tree', async (database, { dataDir }) => {
    const { rows } = await database.query<{
      size: number;
      checkpoint: string;
      waiting: number;
      oldest: number;
    }>(
      `select size::float8 as size, checkpoint, (select count(*)::integer from audit_waiting) as waiting,
         coalesce((select extract(epoch from now() - min(since)) from audit_waiting), 0)::float8 as oldest
       from audit_tree`,
    );
    const [head] = rows;
    if (!head) return skipped('it has not begun yet');
    const kept = join(dataDir, 'audit', 'checkpoint');
    const known = existsSync(kept) ? Number((readText(kept) ?? '').split('\n')[1]) : 0;
    if (known > head.size) {
      return fail(
        `the database has ${head.size} entries, but this server has seen a signed checkpoint over ${known}`,
        'Unless a backup was restored, entries were removed: run "npx bartizan audit verify" and raise an incident.',
      );
    }
    return head.waiting > 0 && head.oldest > 300
      ? warn(
          `entries wait for ${Math.round(head.oldest)} s for their place`,
          'See that a server runs with BARTIZAN_BACKGROUND=on.',
        )
      : ok(`${head.size} entries under a signed checkpoint`);
  }),
};

const breaks: Check = {
  id: 'audit.breaks',
  title: 'Audit log, notices',
  run: onTable('audit_entries', async (database, { dataDir }) => {
    const { rows } = await database.query<{ message: string }>(
      `select e.detail->>'message' as message from audit_entries e
       where e.action = 'audit.break-noticed' and not exists (select from audit_entries a
         where a.action = 'audit.break-acknowledged' and a.subject = e.subject)
       order by e.at desc`,
    );
    // What the database no longer tells, the server's own file may.
    const own = openIn(readText(join(dataDir, 'audit', 'breaks.json')));
    if (own === null) return fail('audit/breaks.json of this server cannot be read', ADVICE);
    const messages = [...new Set([...rows.map(({ message }) => message), ...own])];
    return messages.length > 0
      ? fail(`broken: ${messages.length} thing(s) found that nobody acknowledged: ${messages[0]}`, ADVICE)
      : ok('nothing was found wrong that nobody acknowledged');
  }),
};

const ADVICE =
  'Keep the database as it is, run "npx bartizan audit verify", and acknowledge on the console once you know why.';

/** Messages of notices that nobody acknowledged; null for what is no list of notices. */
function openIn(text: string | null): string[] | null {
  if (text === null) return [];
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return null;
    return list.flatMap((one: { message?: unknown; acknowledgedAt?: unknown } | null) =>
      one?.acknowledgedAt === null && typeof one.message === 'string' ? [one.message] : [],
    );
  } catch {
    return null;
  }
}

const verification: Check = {
  id: 'audit.verification',
  title: 'Audit log, verification',
  run: onTable('audit_entries', async (database, { nowMs }) => {
    const { rows } = await database.query<{
      first: number | null;
      last: number | null;
      state: string | null;
    }>(
      `select (select extract(epoch from min(at)) * 1000 from audit_entries)::float8 as first,
         (extract(epoch from e.at) * 1000)::float8 as last, e.detail->>'state' as state
       from (select) one left join lateral (select at, detail from audit_entries
         where action = 'audit.verification-ended' order by at desc, id desc limit 1) e on true`,
    );
    const [{ first = null, last = null, state = null } = {}] = rows;
    if (first === null) return skipped('there are no entries yet');
    if (state === 'failed') return fail('broken: the last verification failed', ADVICE);
    const days = Math.floor((nowMs() - (last ?? first)) / DAY_MS);
    if (days <= VERIFY_WITHIN_DAYS) {
      return ok(last === null ? 'not verified yet; it is young' : `last verified ${days} day(s) ago`);
    }
    return warn(
      last === null ? `never verified, though it began ${days} days ago` : `last verified ${days} days ago`,
      'A server with BARTIZAN_BACKGROUND=on verifies once a day; see that one runs, or press Verify now on the console.',
    );
  }),
};

export const evidenceChecks: readonly Check[] = [sinks, lag, jobs, audit, breaks, verification];
