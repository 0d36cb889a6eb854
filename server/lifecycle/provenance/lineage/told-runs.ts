import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { DataUses } from '../../registry/index.ts';
import { inReach } from '../datasets/reach.ts';
import { isUuid } from './model.ts';
import { asTeller, type LineageViewer, toldSql } from './telling.ts';

/** Finds runs of events by the id that clients gave them, of which each teller has a run of their own. */
export function createToldRuns({
  database,
  registry,
}: {
  readonly database: Database;
  readonly registry: Pick<DataUses, 'runs'>;
}) {
  return Object.freeze({
    /**
     * Key of the run that the id means: one of the registry, the caller's own, or the only one within reach.
     * Throws `conflict` where several others tell of it: none of them is to be taken for the run.
     */
    async meant(viewer: LineageViewer, id: string): Promise<string | undefined> {
      if (!isUuid(id)) return undefined;
      const [here] = await registry.runs([id]);
      if (here && inReach(viewer, here.teamId)) return undefined;
      const { rows } = await sql<{ key: string; teller: string }>`
        select distinct r.id as key, r.teller_id as teller from data_lineage_runs r
        where (r.id = ${id}::uuid or r.run_id = ${id}::uuid) and ${toldSql(viewer, 'r')} limit 100`.execute(
        database,
      );
      const self = asTeller(viewer);
      const found =
        rows.find(({ key }) => key === id) ??
        rows.find(({ teller }) => teller === self) ??
        (rows.length === 1 ? rows[0] : undefined);
      if (!found && rows.length > 1)
        throw new AppError('conflict', `${rows.length} clients tell of a run with this id`, {
          hint: 'Search the lineage for the id, and take the run of the client that you trust.',
        });
      return found?.key;
    },
  });
}
