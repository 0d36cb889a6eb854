import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';

export interface ModelRow {
  readonly name: string;
  readonly manifestSha256: string;
  readonly encoderSha256: string;
  readonly vocabularySha256: string;
  readonly linearSha256: string;
  readonly bytes: number;
  readonly note: string;
  readonly byId: string;
  readonly byName: string;
  readonly at: number;
}

const COLUMNS = sql`name, manifest_sha256 as "manifestSha256", encoder_sha256 as "encoderSha256",
  vocabulary_sha256 as "vocabularySha256", linear_sha256 as "linearSha256", bytes, note, by_id as "byId",
  by_name as "byName", at`;

export function createModelStore(database: Database) {
  return Object.freeze({
    /** Newest first. */
    async list(): Promise<ModelRow[]> {
      return (
        await sql<ModelRow>`select ${COLUMNS} from detector_models order by at desc, name`.execute(database)
      ).rows;
    },

    async find(name: string): Promise<ModelRow | undefined> {
      return (
        await sql<ModelRow>`select ${COLUMNS} from detector_models where name = ${name}`.execute(database)
      ).rows[0];
    },

    /** Which of the digests are files of a model. */
    async holds(sha256: string): Promise<boolean> {
      const { rows } = await sql`select from detector_models
        where ${sha256} in (manifest_sha256, encoder_sha256, vocabulary_sha256, linear_sha256) limit 1`.execute(
        database,
      );
      return rows.length > 0;
    },

    /** False where there is one of this name already. */
    async add(row: ModelRow, tx: Database): Promise<boolean> {
      const done = await sql`
        insert into detector_models (name, manifest_sha256, encoder_sha256, vocabulary_sha256, linear_sha256,
          bytes, note, by_id, by_name, at)
        values (${row.name}, ${row.manifestSha256}, ${row.encoderSha256}, ${row.vocabularySha256},
          ${row.linearSha256}, ${row.bytes}, ${row.note}, ${row.byId}, ${row.byName}, ${row.at})
        on conflict do nothing`.execute(tx);
      return Number(done.numAffectedRows ?? 0) > 0;
    },

    async remove(name: string, tx: Database): Promise<boolean> {
      const done = await sql`delete from detector_models where name = ${name}`.execute(tx);
      return Number(done.numAffectedRows ?? 0) > 0;
    },
  });
}
export type ModelStore = ReturnType<typeof createModelStore>;
