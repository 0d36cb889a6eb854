import type { BaseComparison, ScannedVersion, WeightReport } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { inSight } from './targets.ts';
import type { KeptDelta, KeptWeights } from './told.ts';

/** Lines over all files of one answer. */
const MOST_ROWS = 5_000;
const MOST_FILES = 1_000;

interface FileRow {
  readonly path: string;
  readonly sha256: string;
  readonly tensors: KeptWeights['tensors'];
  readonly total: number;
}

interface DeltaRow {
  readonly baseVersionId: string | null;
  readonly delta: KeptDelta | null;
  readonly errors: readonly { readonly message: string }[];
  readonly comparedAt: number;
}

const NONE: KeptDelta['counts'] = { unchanged: 0, changed: 0, added: 0, removed: 0, reshaped: 0 };

/** The numbers of a version's weights as they were last measured. */
export function createWeights(database: Database) {
  /** What was measured with the files beside it goes before what the file says alone. */
  async function reports(versionId: string): Promise<WeightReport[]> {
    const { rows } = await sql<FileRow>`select distinct on (x.path) x.path, f.sha256, w.tensors, w.total
      from (select path, sha256, 1 as turn from model_version_files where version_id = ${versionId}
        union all select files[1], sha256, 0 from version_groups
        where version_id = ${versionId} and kind = 'external') x
      join model_version_files f on f.version_id = ${versionId} and f.path = x.path
      join content_scans c on c.sha256 = x.sha256 and c.latest
      join content_weights w on w.sha256 = c.sha256 and w.scanner = c.scanner and w.tensors is not null
      order by x.path, x.turn limit ${MOST_FILES}`.execute(database);
    let left = MOST_ROWS;
    return rows.map(({ tensors, ...row }) => {
      const shown = tensors.slice(0, left);
      left -= shown.length;
      return { ...row, tensors: shown };
    });
  }

  async function seenBase(viewer: Viewer, id: string | null): Promise<ScannedVersion | null> {
    if (id === null) return null;
    const { rows } = await sql<ScannedVersion>`select v.id as "versionId", v.model_id as "modelId",
        m.name as "modelName", v.version
      from model_versions v join models m on m.id = v.model_id
      where v.id = ${id} and ${inSight(viewer)}`.execute(database);
    return rows[0] ?? null;
  }

  async function comparison(viewer: Viewer, versionId: string): Promise<BaseComparison | null> {
    const { rows } = await sql<DeltaRow>`select g.base_version_id as "baseVersionId", w.delta, c.errors,
        c.scanned_at as "comparedAt"
      from version_groups g join content_scans c on c.sha256 = g.sha256 and c.latest
      left join content_weights w on w.sha256 = c.sha256 and w.scanner = c.scanner
      where g.version_id = ${versionId} and g.kind = 'delta'`.execute(database);
    const [row] = rows;
    if (row === undefined) return null;
    const { delta, errors, comparedAt } = row;
    const base = await seenBase(viewer, row.baseVersionId);
    const tensors = (delta?.tensors ?? []).filter(({ state }) => base !== null || state !== 'removed');
    return {
      base,
      kind: delta?.kind ?? null,
      reading: delta?.reading ?? '',
      counts: delta?.counts ?? NONE,
      tensors,
      total: delta?.total ?? 0,
      notes: delta?.notes ?? [],
      problem: delta === null ? (errors[0]?.message ?? 'it could not be compared with its base') : '',
      comparedAt,
    };
  }

  return Object.freeze({
    read: async (viewer: Viewer, versionId: string) => ({
      items: await reports(versionId),
      base: await comparison(viewer, versionId),
    }),
  });
}
export type Weights = ReturnType<typeof createWeights>;
