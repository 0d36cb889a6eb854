import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';

/** A run that events told of and that data reached. */
export interface ReaderFact {
  /** Of the run in the lineage; of runs of the registry their id. */
  readonly id: string;
  /** Empty where only the registry names it. */
  readonly label: string;
  /** Whose it is: in all of these teams only; none: everybody's. */
  readonly teams: readonly string[];
  /** True of runs of the registry. */
  readonly registered: boolean;
}

export interface ReadVersions {
  /** As names of datasets are told apart. */
  readonly nameKey: string;
  readonly versions: readonly { readonly number: number; readonly root: string | null }[];
}

/** Steps from one dataset over a run to the next. */
const GENERATIONS = 16;
const MOST = 1_000;

/**
 * Runs of OpenLineage that read these versions of a dataset, and those that read what they wrote, whoever looks: 1,000
 * at most, over 16 datasets in a row.
 */
export async function readersOf(
  database: Database,
  { nameKey, versions }: ReadVersions,
): Promise<readonly ReaderFact[]> {
  if (versions.length === 0) return [];
  const { rows: named } = await sql<{ id: string }>`
    select distinct 'external-dataset:' || c.node_id as id from data_lineage_claims c
      join json_to_recordset(${JSON.stringify(versions)}::json) as v(number integer, root text)
        on c.number = v.number or left(v.root, length(c.root)) = c.root
    where c.name_key = ${nameKey} limit ${MOST}`.execute(database);
  const met = new Set(named.map(({ id }) => id));
  let level = [...met];
  for (let step = 0; level.length > 0 && step < 2 * GENERATIONS && met.size < 4 * MOST; step += 1) {
    const { rows } = await sql<{ id: string }>`select distinct e.to_id as id from data_lineage_edges e
      where e.from_id = any(${level}::text[]) and e.relation in ('read', 'wrote')
      order by 1 limit ${MOST}`.execute(database);
    level = rows.map(({ id }) => id).filter((id) => !met.has(id));
    for (const id of level) met.add(id);
  }
  const keys = [...met].flatMap((id) => (id.startsWith('run:') ? id.slice(4) : [])).slice(0, MOST);
  if (keys.length === 0) return [];
  const { rows: told } = await sql<ReaderFact>`select r.id, r.label, false as registered,
      case when r.team_id is null then '{}'::uuid[] else r.team_id || r.also_teams end as teams
    from data_lineage_runs r where r.id = any(${keys}::uuid[])
    order by r.at desc, r.id`.execute(database);
  const others = new Set(keys);
  for (const { id } of told) others.delete(id);
  return [...told, ...[...others].map((id) => ({ id, label: '', teams: [], registered: true }))];
}
