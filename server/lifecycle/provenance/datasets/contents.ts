import { AppError } from '../../../kernel/error.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import { isFolder } from './laying.ts';
import { numberOf } from './paging.ts';
import type { Reads } from './reads.ts';
import { tarOf } from './tar.ts';
import type { VersionPlace, Versions } from './versions.ts';
import type { VersionFile, VersionStore } from './versions-store.ts';

export interface ContentDeps {
  readonly versions: VersionStore;
  readonly find: Versions['find'];
  readonly reads: Reads;
  readonly objects: Pick<RecordedObjects, 'open'>;
}

const PAGE = 1_000;

export interface OpenContent {
  /** As it may be called on a disk. */
  readonly name: string;
  /** Null where it is not known ahead. */
  readonly bytes: number | null;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The bytes of versions as they were pushed. */
export function createContents({ versions, find, reads, objects }: ContentDeps) {
  async function* every(versionId: string): AsyncGenerator<VersionFile> {
    for (let after = -1; ; ) {
      const page = await versions.files(versionId, { after, limit: PAGE });
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)?.position ?? after;
    }
  }

  return Object.freeze({
    async files(
      principal: Principal,
      place: VersionPlace,
      asked: { readonly cursor?: string | undefined; readonly limit: number; readonly purpose: string },
    ) {
      const version = await find(principal, place);
      await reads.demand(principal, version, { purpose: asked.purpose, what: { what: 'files' } });
      const after = numberOf(asked.cursor) ?? -1;
      const found = await versions.files(version.id, { after, limit: asked.limit + 1 });
      const page = found.slice(0, asked.limit);
      return {
        items: page.map(({ path, size, sha256 }) => ({ path, size, sha256 })),
        next: found.length > page.length ? String(page.at(-1)?.position ?? 0) : null,
      };
    },

    async open(
      principal: Principal,
      place: VersionPlace,
      { path, purpose }: { readonly path: string | undefined; readonly purpose: string },
    ): Promise<OpenContent> {
      const version = await find(principal, place);
      const folder = isFolder(version.format);
      const file = path === undefined ? undefined : await versions.file(version.id, path);
      const [first] = folder ? [] : await versions.files(version.id, { limit: 1 });
      const chosen = path === undefined ? first : file;
      if (path !== undefined && file === undefined && version.contentRemovedAt === null)
        throw new AppError('not_found', 'this version has no such file', {
          hint: 'List its files to see their paths.',
        });
      const what = { what: 'content', ...(path === undefined ? {} : { path }) };
      await reads.demand(principal, version, { purpose, what });
      if (chosen) return { name: chosen.path, bytes: chosen.size, chunks: objects.open(chosen.sha256) };
      const chunks = tarOf(every(version.id), (sha256) => objects.open(sha256));
      return { name: `${version.dataset}-${version.number}.tar`, bytes: null, chunks };
    },
  });
}
export type Contents = ReturnType<typeof createContents>;
