import { createReadStream } from 'node:fs';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import type { Workplace } from './laying.ts';
import type { OriginShare, StoredVersion } from './model.ts';
import type { VersionStore } from './versions-store.ts';
import { type WorkOptions, work } from './worker/process.ts';
import type { Hashed } from './worker/protocol.ts';

/** Bytes of a number in a file of origins. */
export const ORIGIN_BYTES = 4;

export interface TracedOrigins {
  /** The file of origins; null where all records have one. */
  readonly sha256: string | null;
  /** By number; those that no record has any more stay, with 0 rows, so that numbers keep their meaning. One where all have it. */
  readonly shares: readonly OriginShare[];
}

export interface OriginatingDeps {
  readonly versions: VersionStore;
  readonly objects: Pick<RecordedObjects, 'put'>;
}

/** Which version brought each record in: what the version before had keeps its origin, wherever it stands now. */
export function createOriginating({ versions, objects }: OriginatingDeps) {
  return Object.freeze({
    async trace(
      version: StoredVersion,
      {
        place,
        leaves,
        options,
        found,
      }: {
        readonly place: Workplace;
        readonly leaves: string;
        readonly options: WorkOptions;
        readonly found: Pick<Hashed, 'rows' | 'schemaDigest'>;
      },
    ): Promise<TracedOrigins> {
      const own: TracedOrigins = { sha256: null, shares: [{ version: version.id, rows: found.rows }] };
      const parent = version.parentId === null ? undefined : await versions.find(version.parentId);
      // Records of another schema are other records.
      if (!parent || parent.leaves === null || parent.schemaDigest !== found.schemaDigest) return own;
      const was = await place.fetch(parent.leaves, 'parent-leaves');
      const wasOrigins =
        parent.recordOrigins === null ? null : await place.fetch(parent.recordOrigins, 'parent-origins');
      const out = place.path('origins');
      const before = parent.origins.map((share) => share.version);
      const fresh = before.length;
      const traced = await work({ is: 'origins', was, now: leaves, wasOrigins, fresh, out }, options);
      const rows = new Map(traced.counts);
      const shares = before.map((id, at) => ({ version: id, rows: rows.get(at) ?? 0 }));
      return await keep(out, [...shares, { version: version.id, rows: rows.get(fresh) ?? 0 }]);
    },
  });

  async function keep(out: string, shares: readonly OriginShare[]): Promise<TracedOrigins> {
    const some = shares.filter(({ rows }) => rows > 0);
    if (some.length <= 1) return { sha256: null, shares: some };
    const { sha256 } = await objects.put(createReadStream(out));
    return { sha256, shares };
  }
}
export type Originating = ReturnType<typeof createOriginating>;
