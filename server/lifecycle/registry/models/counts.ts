import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';

/** What the registry holds, removed things left out. `unscanned`: ready, without a verdict. */
export interface RegistryCounts {
  readonly models: number;
  readonly versions: Readonly<Record<'clean' | 'suspicious' | 'malicious' | 'error' | 'unscanned', number>>;
  readonly quarantined: number;
}

export async function registryCounts(db: Database): Promise<RegistryCounts> {
  const { rows } = await sql<RegistryCounts['versions'] & { models: number; quarantined: number }>`
    select (select count(*)::int from models where removed_at is null) as models,
      count(*) filter (where scan_verdict = 'clean')::int as clean,
      count(*) filter (where scan_verdict = 'suspicious')::int as suspicious,
      count(*) filter (where scan_verdict = 'malicious')::int as malicious,
      count(*) filter (where scan_verdict = 'error')::int as error,
      count(*) filter (where scan_verdict is null)::int as unscanned,
      count(*) filter (where quarantined)::int as quarantined
    from model_versions where removed_at is null and status = 'ready'`.execute(db);
  const [row] = rows;
  if (!row) throw new TypeError('counting gave no row');
  const { models, quarantined, clean, suspicious, malicious, error, unscanned } = row;
  return { models, quarantined, versions: { clean, suspicious, malicious, error, unscanned } };
}
