import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Content } from './read-content.ts';
import type { JudgedFile, VersionScans } from './versions.ts';
import type { Task } from './worker/protocol.ts';

/**
 * Files that say something only together: the weights of an ONNX file that lie beside it (`external`), and those of a
 * version beside its base's (`delta`). What comes of one is kept as of content whose digest names all of them, so it
 * is worked out once.
 */
export interface Group extends Content {
  readonly kind: 'external' | 'delta';
  /** Files of the version that it is about; the first is the one that it is shown with. */
  readonly files: readonly string[];
  readonly baseVersionId: string | null;
  readonly task: Task;
  readonly parts: readonly Content[];
}

type Placed = Pick<JudgedFile, 'path' | 'sha256' | 'size'>;

/** Formats whose weights can be read. */
const WEIGHTS: ReadonlySet<string> = new Set(['safetensors', 'onnx']);
const MOST_FILES = 10_000;

const group = (
  given: Pick<Group, 'kind' | 'files' | 'baseVersionId' | 'task'>,
  parts: readonly Placed[],
): Group => {
  const { kind, task } = given;
  // Paths count: external data are found by them.
  const named = [
    kind,
    task.is === 'compare' ? task.bases : 0,
    parts.map(({ path, sha256 }) => [path, sha256]),
  ];
  return {
    ...given,
    parts,
    sha256: createHash('sha256').update(JSON.stringify(named)).digest('hex'),
    size: parts.reduce((sum, { size }) => sum + size, 0),
  };
};

const toldOf = (files: readonly Placed[]) => files.map(({ path, size }) => ({ path, size }));

/** The files that matter to a comparison: those with weights, and all where the weights may lie in others. */
function comparable(files: readonly JudgedFile[]): readonly JudgedFile[] {
  const isKnown = files.every(({ format }) => format !== null);
  if (!isKnown || files.some(({ format }) => format === 'onnx')) return files;
  return files.filter(({ format }) => WEIGHTS.has(format ?? ''));
}

const hasWeights = (files: readonly JudgedFile[]): boolean =>
  files.some(({ format }) => format === null || WEIGHTS.has(format));

export function createGroups(database: Database, versions: Pick<VersionScans, 'files'>) {
  /** What weights of these contents name as lying beside them. */
  async function asked(digests: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const { rows } = await sql<{ sha256: string; asked: string[] }>`select w.sha256, w.asked
      from content_weights w join content_scans c on c.sha256 = w.sha256 and c.scanner = w.scanner and c.latest
      where w.sha256 = any(${digests}::text[]) and w.asked <> '{}'`.execute(database);
    return new Map(rows.map((row) => [row.sha256, row.asked]));
  }

  async function external(files: readonly JudgedFile[]): Promise<Group[]> {
    const wanted = await asked(files.map(({ sha256 }) => sha256));
    const byPath = new Map(files.map((file) => [file.path, file]));
    return files.flatMap((file) => {
      const folder = posix.dirname(file.path);
      const beside = (wanted.get(file.sha256) ?? []).flatMap((path) => {
        const other = byPath.get(posix.join(folder, path));
        return other === undefined ? [] : [{ ...other, path }];
      });
      if (beside.length === 0) return [];
      const parts = [{ ...file, path: '' }, ...beside];
      const task = { is: 'weights', files: toldOf(parts) } as const;
      return [group({ kind: 'external', files: [file.path], baseVersionId: null, task }, parts)];
    });
  }

  async function delta(versionId: string, files: readonly JudgedFile[]): Promise<Group[]> {
    const { rows } = await sql<{ id: string }>`select b.id from model_versions v
      join model_versions b on b.id = v.base_version_id and b.status = 'ready' and b.removed_at is null
      where v.id = ${versionId}`.execute(database);
    const baseVersionId = rows[0]?.id;
    if (baseVersionId === undefined) return [];
    const base = await versions.files(baseVersionId);
    if (!hasWeights(files) || !hasWeights(base)) return [];
    const [before, after] = [comparable(base), comparable(files)];
    if (before.length + after.length > MOST_FILES) return [];
    const parts = [...before, ...after];
    const task = { is: 'compare', files: toldOf(parts), bases: before.length } as const;
    const paths = after.filter(({ format }) => WEIGHTS.has(format ?? '')).map(({ path }) => path);
    return [group({ kind: 'delta', files: paths, baseVersionId, task }, parts)];
  }

  return Object.freeze({
    /** What is to be judged together of a version whose files have been judged. */
    async of(versionId: string): Promise<readonly Group[]> {
      const files = await versions.files(versionId);
      return [...(await external(files)), ...(await delta(versionId, files))];
    },

    /** These are the groups of the version from now on. */
    async replace(tx: Database, versionId: string, groups: readonly Group[]): Promise<void> {
      await sql`delete from version_groups where version_id = ${versionId}`.execute(tx);
      for (const { kind, files, sha256, size, baseVersionId } of groups) {
        await sql`insert into version_groups (version_id, kind, files, sha256, size, base_version_id)
          values (${versionId}, ${kind}, ${files}::text[], ${sha256}, ${size}, ${baseVersionId})`.execute(tx);
      }
    },
  });
}
export type Groups = ReturnType<typeof createGroups>;
