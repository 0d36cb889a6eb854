import type { DatasetVersionSummary } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import { type StoredVersion, summaryOf } from './model.ts';

/** Sources that are told of a version that names none. */
const MOST_SOURCES = 10;

/** Versions as lists show them: with what follows from other rows. */
export function createSummaries(database: Database) {
  /** Names of the sources of records that earlier versions brought in, most records first; by version. */
  async function sourcesOf(ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    if (ids.length === 0) return new Map();
    const { rows } = await sql<{ id: string; name: string }>`select v.id, b.source_name as name
      from data_versions v
      cross join lateral jsonb_to_recordset(v.origins) as o(version uuid, rows bigint)
      join data_versions b on b.id = o.version
      where v.id = any(${ids}::uuid[]) and o.rows > 0 and b.id <> v.id and b.source_name is not null
      group by v.id, b.source_name order by sum(o.rows) desc, b.source_name`.execute(database);
    const found = Map.groupBy(rows, ({ id }) => id);
    return new Map([...found].map(([id, all]) => [id, all.slice(0, MOST_SOURCES).map(({ name }) => name)]));
  }

  async function verifiedOf(ids: readonly string[]): Promise<ReadonlyMap<string, 'intact' | 'tampered'>> {
    if (ids.length === 0) return new Map();
    const { rows } = await sql<{ id: string; state: 'intact' | 'tampered' }>`select distinct on (version_id)
        version_id as id, state from data_verifications
      where version_id = any(${ids}::uuid[]) and state in ('intact', 'tampered')
      order by version_id, started_at desc, id desc`.execute(database);
    return new Map(rows.map(({ id, state }) => [id, state]));
  }

  return Object.freeze({
    async of(versions: readonly StoredVersion[]): Promise<DatasetVersionSummary[]> {
      const unnamed = versions.filter(({ sourceName }) => sourceName === null).map(({ id }) => id);
      const [sources, verified] = await Promise.all([
        sourcesOf(unnamed),
        verifiedOf(versions.map(({ id }) => id)),
      ]);
      return versions.map((version) => ({
        ...summaryOf(version),
        ...(version.sourceName === null ? { recordsFrom: [...(sources.get(version.id) ?? [])] } : {}),
        verified: verified.get(version.id) ?? null,
      }));
    },
  });
}
