import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';
import { findPostgres } from '../up/postgres-found.ts';
import { findRunning } from '../up/running.ts';
import { databaseChecks } from './checks/database.ts';
import { detectorChecks } from './checks/detector.ts';
import { evidenceChecks } from './checks/evidence.ts';
import { instanceChecks } from './checks/instance.ts';
import { machineChecks } from './checks/machine.ts';
import { objectChecks } from './checks/objects.ts';
import { settingsChecks } from './checks/settings.ts';
import { type Check, type Finding, fail, type Subject } from './types.ts';

const CHECK_MS = 15_000;
const INT8_OID = 20;
const LITTLE_BYTES = 5_000_000_000;

export const allChecks: readonly Check[] = Object.freeze([
  ...machineChecks,
  ...settingsChecks,
  ...objectChecks,
  ...databaseChecks,
  ...instanceChecks,
  ...evidenceChecks,
  ...detectorChecks,
]);

export interface DoctorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly nowMs?: () => number;
  readonly nodeVersion?: string;
  readonly littleBytes?: number;
  readonly checks?: readonly Check[];
}

/** Examines an instance; changes nothing. A check that fails to run is a finding, not the end. */
export async function examine(options: DoctorOptions): Promise<Finding[]> {
  const dataDir = resolve(options.dataDir);
  const postgres = findPostgres(dataDir);
  const given = options.databaseUrl ?? urlFrom(options.env);
  const { client, problem } = await open(given ?? postgres?.url ?? null);
  const subject: Subject = {
    env: options.env,
    dataDir,
    postgres,
    running: findRunning(dataDir),
    database: client,
    databaseProblem: problem,
    external: given !== null,
    nowMs: options.nowMs ?? Date.now,
    nodeVersion: options.nodeVersion ?? process.versions.node,
    littleBytes: options.littleBytes ?? LITTLE_BYTES,
  };
  try {
    const found: Finding[] = [];
    for (const check of options.checks ?? allChecks) {
      found.push(await attempt(check, subject));
      // Where there is no instance, everything else is missing too.
      if (check.id === 'machine.data-dir' && !subject.external && !existsSync(dataDir)) break;
    }
    return found;
  } finally {
    await client?.end().catch(() => undefined);
  }
}

function urlFrom(env: DoctorOptions['env']): string | null {
  if (env.DATABASE_URL) return env.DATABASE_URL;
  try {
    return env.DATABASE_URL_FILE ? readFileSync(env.DATABASE_URL_FILE, 'utf8').trim() : null;
  } catch {
    return null;
  }
}

async function attempt(check: Check, subject: Subject): Promise<Finding> {
  const { id, title } = check;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${CHECK_MS / 1000} s`)), CHECK_MS);
  try {
    return { id, title, ...(await Promise.race([check.run(subject), late.promise])) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    return { id, title, ...fail(`could not be examined: ${reason}`, 'See to that first.') };
  } finally {
    clearTimeout(timer);
  }
}

/** The reason never holds the address, which has a password. */
async function open(url: string | null): Promise<{ client: pg.Client | null; problem: string | null }> {
  if (url === null) return { client: null, problem: null };
  let client: pg.Client;
  try {
    client = new pg.Client({
      connectionString: url,
      application_name: 'bartizan-doctor',
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      types: {
        getTypeParser: ((oid: number, format?: 'text') =>
          oid === INT8_OID
            ? Number
            : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
      },
    });
  } catch {
    return { client: null, problem: 'DATABASE_URL is no address of a PostgreSQL' };
  }
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('set default_transaction_read_only = on');
    return { client, problem: null };
  } catch (error) {
    await client.end().catch(() => undefined);
    const { code } = error as { code?: string };
    return { client: null, problem: `it does not answer (${code ?? 'no reason given'})` };
  }
}
