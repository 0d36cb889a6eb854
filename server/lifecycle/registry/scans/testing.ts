import { createHash, randomUUID } from 'node:crypto';
import { ALL_PERMISSIONS, type Permission } from '@bartizan/contracts';
import { sql } from 'kysely';
import { auditMigrations, createAuditLog } from '../../../audit/index.ts';
import { identityMigrations } from '../../../identity/index.ts';
import { createEvents } from '../../../kernel/events.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Migration } from '../../../platform/database/index.ts';
import { type OpenDatabase, openDatabase } from '../../../platform/database/index.ts';
import { withTestDatabase } from '../../../platform/database/testing.ts';
import { createJobs, jobMigrations } from '../../../platform/jobs/index.ts';
import { createFolderObjects, objectMigrations, recordObjects } from '../../../platform/objects/index.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { LifecycleEvents } from '../../ports.ts';
import { modelMigrations } from '../models/migrations.ts';
import { runMigrations } from '../runs/migrations.ts';
import { createScanService, scanMigrations, scanQueues } from './index.ts';

/** Only what the registry's foreign keys point at. */
const ENDPOINTS: Migration = { id: '0001-endpoints', sql: 'create table endpoints (id uuid primary key)' };

export const SCAN_TEST_MIGRATIONS: readonly Migration[] = [
  ENDPOINTS,
  ...identityMigrations,
  ...auditMigrations,
  ...objectMigrations,
  ...modelMigrations,
  ...runMigrations,
  ...jobMigrations,
  ...scanMigrations,
];

/** A pickle that would call `os.system("id")`, as bytes. Nothing ever loads it. */
export const MALICIOUS = Buffer.from("cos\nsystem\n(S'id'\ntR.", 'latin1');
/** A pickle of `None`. */
export const HARMLESS = Buffer.from('\x80\x04N.', 'latin1');

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export interface ServerOptions {
  readonly background?: boolean;
  readonly scanner?: string;
  readonly now?: () => number;
  /** Waited for before content is read. */
  readonly beforeRead?: (sha256: string) => Promise<void>;
}

/** A server that scans, without the rest of the house. Call `close`. */
export async function scanServer(open: OpenDatabase, folder: string, options: ServerOptions = {}) {
  const { background = true, now = () => Date.now() } = options;
  const { database, pool } = open;
  const clock = { now };
  const problems: { message: string; error: unknown }[] = [];
  const emitted: LifecycleEvents['version.scanned'][] = [];
  const alarms: unknown[] = [];
  const reads: string[] = [];
  const objects = recordObjects({ objects: createFolderObjects(folder), database, now });
  const events = createEvents<LifecycleEvents>((_, error) => void problems.push({ message: 'event', error }));
  events.on('version.scanned', (event) => void emitted.push(event));
  const note = (fields: object, message: string) => void problems.push({ message, error: fields });
  const jobs = createJobs({
    pool,
    background,
    queues: scanQueues,
    now,
    superviseSeconds: 2,
    onError: (error, message) => void problems.push({ message, error }),
  });
  const scans = createScanService({
    database,
    audit: createAuditLog({ database, clock }),
    async alarm(alarm) {
      return () => void alarms.push(alarm);
    },
    events,
    clock,
    logger: { info: () => undefined, warn: note, error: note },
    objects: {
      open: objects.open,
      async read(sha256, offset, length) {
        reads.push(sha256);
        await options.beforeRead?.(sha256);
        return await objects.read(sha256, offset, length);
      },
    },
    jobs,
    version: 'test',
    background,
    scanner: options.scanner ?? 'scanner-1',
    async noteScan(versionId, { state, verdict, quarantined }, within) {
      await sql`update model_versions set scan_state = ${state}, scan_verdict = ${verdict},
        quarantined = ${quarantined} where id = ${versionId}`.execute(within);
    },
  });
  await scans.start();
  await jobs.start();
  scans.run();
  return Object.freeze({
    scans,
    jobs,
    objects,
    events,
    problems,
    emitted,
    alarms,
    reads,
    async close() {
      await scans.stop();
      await jobs.stop();
    },
  });
}
export type ScanServer = Awaited<ReturnType<typeof scanServer>>;

export const openScanDatabase = (): Promise<OpenDatabase> => withTestDatabase(SCAN_TEST_MIGRATIONS);
export const anotherConnection = (open: OpenDatabase): OpenDatabase =>
  openDatabase(open.url, { maxConnections: 5 });

export function caller(
  teams: ReadonlySet<string> | '*' = '*',
  permissions: readonly Permission[] = ALL_PERMISSIONS,
): Caller {
  return { kind: 'person', id: randomUUID(), name: 'Ada', permissions: new Set(permissions), teams };
}

/** A team; its members see its models and what is everybody's. */
export async function makeTeam({ database }: OpenDatabase): Promise<string> {
  const id = uuidv7(Date.now());
  await sql`insert into teams (id, name, description, created_at)
    values (${id}, ${`team ${id}`}, '', now())`.execute(database);
  return id;
}

export interface VersionDraft {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly teamId?: string | null;
  readonly modelId?: string;
  readonly stage?: string;
  readonly alias?: string;
  readonly baseId?: string;
  /** Runs in the transaction that makes the version; what it throws takes the version back. */
  readonly within?: () => Promise<void>;
}

/** Stores the files and makes a version that is ready, as the registry does it: in one transaction. */
export async function makeVersion(
  { database }: OpenDatabase,
  server: Pick<ScanServer, 'objects' | 'events'>,
  draft: VersionDraft,
): Promise<{ readonly id: string; readonly modelId: string }> {
  const files: { path: string; sha256: string; size: number }[] = [];
  for (const [path, bytes] of Object.entries(draft.files)) {
    files.push({ path, ...(await server.objects.put(chunks(bytes))) });
  }
  const id = uuidv7(Date.now());
  const modelId = draft.modelId ?? uuidv7(Date.now());
  await database.transaction().execute(async (tx) => {
    await sql`insert into models (id, name, description, team_id, created_by, created_at, updated_at)
      values (${modelId}, ${`model ${modelId}`}, '', ${draft.teamId ?? null}, 'Ada', 0, 0)
      on conflict (id) do nothing`.execute(tx);
    const next = await sql<{
      n: number;
    }>`update models set last_version = last_version + 1 where id = ${modelId}
      returning last_version as n`.execute(tx);
    await sql`insert into model_versions (id, model_id, version, digest, status, status_message, stage, description,
        source, file_count, bytes, metrics, base_version_id, created_by, created_at, updated_at)
      values (${id}, ${modelId}, ${next.rows[0]?.n}, ${sha256Of(Buffer.from(id))}, 'ready', '',
        ${draft.stage ?? 'none'}, '', '', ${files.length}, ${files.reduce((sum, { size }) => sum + size, 0)}, '[]',
        ${draft.baseId ?? null}, 'Ada', 0, 0)`.execute(tx);
    for (const { path, sha256, size } of files) {
      await sql`insert into model_version_files (version_id, path, sha256, size)
        values (${id}, ${path}, ${sha256}, ${size})`.execute(tx);
    }
    if (draft.alias !== undefined) {
      await sql`insert into model_aliases (model_id, alias, version_id)
        values (${modelId}, ${draft.alias}, ${id})`.execute(tx);
    }
    await draft.within?.();
  });
  server.events.emit('version.created', { modelId, versionId: id });
  return { id, modelId };
}
