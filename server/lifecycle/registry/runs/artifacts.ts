import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { LifecycleDeps } from '../../ports.ts';
import type { DownloadGate } from '../scans/gate.ts';
import { artifactPath } from './artifact-paths.ts';
import { createArtifactQuota, type Sender } from './artifact-quota.ts';
import { type ArtifactFile, type ArtifactRoot, invalid, type RegistryCaller } from './model.ts';

/** Of one run or logged model. */
export const MAX_FILES = 100_000;
/** Names in one listing. */
const MAX_LISTED = 10_000;

export interface ArtifactsDeps extends Pick<LifecycleDeps, 'database' | 'audit' | 'clock' | 'objects'> {
  readonly gate: Pick<DownloadGate, 'demandContent'>;
  readonly config: Pick<LifecycleDeps['config'], 'maxUploadBytes'>;
}

/** Where a file comes from. */
export interface SentFile {
  readonly sender: Sender;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
}

export interface ListedArtifact {
  /** The last name of its path. */
  readonly name: string;
  readonly folder: boolean;
  /** In bytes; of a folder all below it. */
  readonly size: number;
  readonly sha256: string | null;
}

const of = ({ kind, id }: ArtifactRoot) => sql`root_kind = ${kind} and root_id = ${id}::uuid`;
/** Below a folder, by the order of bytes: everything from `a/` up to what follows it. */
const below = (path: string) =>
  path === '' ? sql`true` : sql`(path >= ${`${path}/`} and path < ${`${path}0`})`;

/** Where `bartizan run` keeps how a run was made. What is there stays as it is: somebody may run it again. */
const SEALED = 'bartizan';
const isSealed = ({ kind }: ArtifactRoot, path: string): boolean =>
  kind === 'run' && (path === SEALED || path.startsWith(`${SEALED}/`));

const sealed = (): AppError =>
  new AppError('forbidden', `what a run keeps below "${SEALED}/" says how it was made: it never changes`, {
    hint: 'Keep the file under another name, or make a new run.',
  });

/** Throws unless the sender made the run: others do not say how it was made. */
async function demandCreator(database: Database, runId: string, { id }: Pick<Sender, 'id'>): Promise<void> {
  const { rows } = await sql<{ by: string | null }>`select created_by_id as by from runs
    where id = ${runId}::uuid`.execute(database);
  if (rows[0]?.by === id) return;
  throw new AppError('forbidden', `only who made a run keeps files below its "${SEALED}/"`, {
    hint: 'Keep the file under another name, or make a run of your own.',
  });
}

/** Whether files that stay are at this path or below it. */
async function holdsSealed(tx: Database, root: ArtifactRoot, path: string): Promise<boolean> {
  if (path !== '' && !isSealed(root, path)) return false;
  const { rows } =
    await sql`select from artifact_files where ${of(root)} and (path = ${SEALED} or ${below(SEALED)})
    and (path = ${path} or ${below(path)}) limit 1`.execute(tx);
  return rows.length > 0;
}

const noSuchArtifact = (): AppError =>
  new AppError('not_found', 'there is no such artifact', { hint: 'List the artifacts to see their paths.' });

/** The files of runs and logged models; who may reach those is decided by the caller of this. */
export function createArtifacts(deps: ArtifactsDeps) {
  const { database, audit, clock, objects, gate, config } = deps;
  const quota = createArtifactQuota(deps);

  /** A name is a file or a folder, never both. */
  async function demandPlace(tx: Database, root: ArtifactRoot, path: string): Promise<void> {
    const above = path.split('/').slice(0, -1);
    const folders = above.map((_, index) => above.slice(0, index + 1).join('/'));
    const { rows } = await sql<{ clash: boolean; n: number }>`select
        exists (select from artifact_files where ${of(root)} and (path = any(${folders}::text[]) or ${below(path)}))
          as clash,
        (select count(*) from artifact_files where ${of(root)}) as n`.execute(tx);
    const [found] = rows;
    if (found?.clash) throw invalid('Invalid path: a file would lie where a folder is, or below a file');
    if ((found?.n ?? 0) >= MAX_FILES) throw invalid(`a run or model keeps at most ${MAX_FILES} files`);
  }

  async function find(
    root: ArtifactRoot,
    path: string,
    tx: Database = database,
  ): Promise<ArtifactFile | undefined> {
    const { rows } = await sql<ArtifactFile>`select path, sha256, size from artifact_files
      where ${of(root)} and path = ${path}`.execute(tx);
    return rows[0];
  }

  return Object.freeze({
    /**
     * Takes a file; what was under this path before is replaced. Throws `too_large` where it is larger than a whole
     * upload may be, and `too_many_requests` where its sender has sent too much today.
     */
    async put(root: ArtifactRoot, sent: string, { sender, bytes, signal }: SentFile) {
      const path = artifactPath(sent);
      if (path === '') throw invalid('Invalid path: name a file');
      if (isSealed(root, path)) await demandCreator(database, root.id, sender);
      await demandPlace(database, root, path);
      const { sha256, size } = await objects.put(quota.metered(sender, bytes), {
        maxBytes: config.maxUploadBytes,
        signal,
      });
      await database.transaction().execute(async (tx) => {
        // One after the other for each root, so that no two uploads together make a file and a folder of one name.
        await sql`select pg_advisory_xact_lock(hashtextextended(${`artifacts:${root.id}`}, 0))`.execute(tx);
        await demandPlace(tx, root, path);
        if (isSealed(root, path) && (await find(root, path, tx))) throw sealed();
        await sql`insert into artifact_files (root_kind, root_id, path, sha256, size, created_at)
          values (${root.kind}, ${root.id}, ${path}, ${sha256}, ${size}, ${clock.now()})
          on conflict (root_kind, root_id, path)
            do update set sha256 = excluded.sha256, size = excluded.size, created_at = excluded.created_at`.execute(
          tx,
        );
      });
      return { path, sha256, size };
    },

    upkeep: quota.upkeep,

    /** The file with its bytes. Throws `not_found`, and what the gate throws where its content is refused. */
    async open(
      root: ArtifactRoot,
      sent: string,
      { teamId, signal }: { readonly teamId: string | null; readonly signal: AbortSignal },
    ): Promise<ArtifactFile & { bytes: AsyncIterable<Uint8Array> }> {
      const file = await find(root, artifactPath(sent));
      if (!file) throw noSuchArtifact();
      await gate.demandContent({ sha256: file.sha256, size: file.size, teamId }, signal);
      return { ...file, bytes: objects.open(file.sha256) };
    },

    /** Files and folders right below a path, in the order of their names; nothing below what is no folder. */
    async list(root: ArtifactRoot, sent: string): Promise<readonly ListedArtifact[]> {
      const path = artifactPath(sent);
      // PostgreSQL counts characters, not halves of surrogate pairs.
      const start = path === '' ? 1 : [...path].length + 2;
      const { rows } = await sql<ListedArtifact>`
        select split_part(rest, '/', 1) as name, bool_or(position('/' in rest) > 0) as folder,
          sum(size)::bigint as size, case when bool_or(position('/' in rest) > 0) then null else min(sha256) end
            as sha256
        from (select substr(path, ${start}::int) as rest, size, sha256 from artifact_files
          where ${of(root)} and ${below(path)}) as files
        group by 1 order by 1 limit ${MAX_LISTED}`.execute(database);
      return rows;
    },

    /** Every file below a path, with its path from there on; of a file, the file by its last name. */
    async tree(root: ArtifactRoot, sent: string): Promise<readonly ArtifactFile[]> {
      const path = artifactPath(sent);
      const { rows } = await sql<ArtifactFile>`select path, sha256, size from artifact_files
        where ${of(root)} and ${below(path)} order by path limit ${MAX_FILES + 1}`.execute(database);
      if (rows.length > 0 || path === '') {
        return rows.map((file) => ({
          ...file,
          path: path === '' ? file.path : file.path.slice(path.length + 1),
        }));
      }
      const file = await find(root, path);
      return file ? [{ ...file, path: path.split('/').at(-1) ?? path }] : [];
    },

    async totals(root: ArtifactRoot): Promise<{ files: number; sizeBytes: number }> {
      const { rows } = await sql<{ files: number; sizeBytes: number }>`select count(*) as files,
        coalesce(sum(size), 0)::bigint as "sizeBytes" from artifact_files where ${of(root)}`.execute(
        database,
      );
      return rows[0] ?? { files: 0, sizeBytes: 0 };
    },

    /** A file, or a folder with all below it; what is not there is no error, as with MLflow's own server. */
    async remove(caller: RegistryCaller, root: ArtifactRoot, sent: string): Promise<void> {
      const path = artifactPath(sent);
      await database.transaction().execute(async (tx) => {
        if (root.kind === 'run' && (await holdsSealed(tx, root, path))) throw sealed();
        const gone = await sql`delete from artifact_files where ${of(root)}
          and (path = ${path} or ${below(path)})`.execute(tx);
        const files = Number(gone.numAffectedRows ?? 0);
        if (files === 0) return;
        const subject = `${root.kind === 'run' ? 'run' : 'logged-model'}:${root.id}`;
        await audit.record(
          { actor: caller, action: 'artifacts.deleted', subject, detail: { path, files } },
          tx,
        );
      });
    },
  });
}
export type Artifacts = ReturnType<typeof createArtifacts>;
