import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';

export interface ModelRow {
  readonly name: string;
  readonly manifestSha256: string;
  readonly bytes: number;
  readonly note: string;
  readonly byId: string;
  readonly byName: string;
  readonly at: number;
}

const COLUMNS = sql`name, manifest_sha256 as "manifestSha256", bytes, note, by_id as "byId", by_name as "byName", at`;

export function createModelStore(database: Database) {
  return Object.freeze({
    /** Newest first. */
    async list(): Promise<ModelRow[]> {
      return (
        await sql<ModelRow>`select ${COLUMNS} from detector_models order by at desc, name`.execute(database)
      ).rows;
    },

    /** By its name, or by the digest of its manifest. */
    async find(ref: string): Promise<ModelRow | undefined> {
      const { rows } = await sql<ModelRow>`select ${COLUMNS} from detector_models
        where name = ${ref} or manifest_sha256 = ${ref}`.execute(database);
      return rows[0];
    },

    /** Whether a digest is that of a model's manifest or of a file that it lists. */
    async holds(sha256: string): Promise<boolean> {
      const { rows } = await sql`select from detector_models where manifest_sha256 = ${sha256}
        union all select from detector_model_files where sha256 = ${sha256} limit 1`.execute(database);
      return rows.length > 0;
    },

    /** False where there is one of this name already. `files`: digests of what the manifest lists. */
    async add(row: ModelRow, files: readonly string[], tx: Database): Promise<boolean> {
      const done = await sql`
        insert into detector_models (name, manifest_sha256, bytes, note, by_id, by_name, at)
        values (${row.name}, ${row.manifestSha256}, ${row.bytes}, ${row.note}, ${row.byId}, ${row.byName}, ${row.at})
        on conflict do nothing`.execute(tx);
      if (Number(done.numAffectedRows ?? 0) === 0) return false;
      await sql`insert into detector_model_files (model, sha256)
        select distinct ${row.name}, sha256 from unnest(${[...files]}::text[]) as listed(sha256)`.execute(tx);
      return true;
    },

    async remove(name: string, tx: Database): Promise<boolean> {
      const done = await sql`delete from detector_models where name = ${name}`.execute(tx);
      return Number(done.numAffectedRows ?? 0) > 0;
    },
  });
}
export type ModelStore = ReturnType<typeof createModelStore>;
