import type { WeightReport } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';

/** The numbers of a version's weights as they were last measured. */
export function createWeights(database: Database, now: () => number) {
  return Object.freeze({
    async read(versionId: string): Promise<WeightReport[]> {
      const { rows } = await sql<{ report: WeightReport[] }>`select report from version_weights
        where version_id = ${versionId}`.execute(database);
      return rows[0]?.report ?? [];
    },
    async save(tx: Database, versionId: string, scanner: string, report: readonly WeightReport[]) {
      await sql`insert into version_weights (version_id, scanner, report, measured_at)
        values (${versionId}, ${scanner}, ${JSON.stringify(report)}::jsonb, ${now()})
        on conflict (version_id) do update set scanner = excluded.scanner, report = excluded.report,
          measured_at = excluded.measured_at`.execute(tx);
    },
  });
}
export type Weights = ReturnType<typeof createWeights>;
