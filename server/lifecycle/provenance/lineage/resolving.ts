import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { reachSql } from '../datasets/reach.ts';
import type { Claim } from './naming.ts';
import { toldSql } from './telling.ts';

/** A claim, and what it is about. */
export interface KeyedClaim extends Claim {
  readonly key: string;
}

/** A version that may be meant, with what it may be called. */
export interface NamedVersion {
  readonly id: string;
  readonly dataset: string;
  readonly nameKey: string;
  readonly number: number;
}

/** Rows that one look-up takes at most. */
const MOST = 20_000;

/** Whether a claim's root is how a version's begins: by 8 digits, which every claim has, and then by all. */
const rootsMeet = (claim: 'c', version: 'v'): RawBuilder<boolean> => {
  const [c, v] = [sql.raw(`${claim}.root`), sql.raw(`${version}.root`)];
  return sql`(left(${v}, 8) = left(${c}, 8) and left(${v}, length(${c})) = ${c})`;
};

/**
 * Which versions names of clients mean. Only versions within the viewer's reach are ever found: who names a dataset
 * must not learn by it what other teams have.
 */
export function createResolving(database: Database) {
  return Object.freeze({
    /** Ids of versions by the key of the claim; of several, the newest with that content. */
    async resolve(viewer: Viewer, claims: readonly KeyedClaim[]): Promise<ReadonlyMap<string, string>> {
      if (claims.length === 0) return new Map();
      // Each arm joins on equal columns: never every claim with every version of a dataset.
      const { rows } = await sql<{ key: string; id: string }>`
        with c as materialized (
          select c.key, c.number, c.root, d.id as dataset_id
          from json_to_recordset(${JSON.stringify(claims)}::json)
            as c(key text, "nameKey" text, number integer, root text)
          join data_datasets d on d.name_key = c."nameKey" and d.removed_at is null
            and ${reachSql(viewer, sql`d.team_id`)}),
        found as (
          select c.key, v.id, v.number from c
            join data_versions v on v.dataset_id = c.dataset_id and v.number = c.number
            where v.state not in ('processing', 'failed')
          union all
          select c.key, v.id, v.number from c
            join data_versions v on v.dataset_id = c.dataset_id and ${rootsMeet('c', 'v')}
            where v.state not in ('processing', 'failed'))
        select distinct on (key) key, id from found order by key, number desc`.execute(database);
      return new Map(rows.map(({ key, id }) => [key, id]));
    },

    /** Claims of datasets that events named. */
    async ofNodes(nodeIds: readonly string[]): Promise<readonly KeyedClaim[]> {
      if (nodeIds.length === 0) return [];
      const { rows } = await sql<KeyedClaim>`select node_id as key, name_key as "nameKey", number, root
        from data_lineage_claims where node_id = any(${[...nodeIds]}::uuid[]) limit ${MOST}`.execute(
        database,
      );
      return rows;
    },

    /** Claims of events within reach that may mean these versions. */
    async about(viewer: Viewer, versionIds: readonly string[]): Promise<readonly KeyedClaim[]> {
      if (versionIds.length === 0) return [];
      const { rows } = await sql<KeyedClaim>`
        with v as materialized (
          select d.name_key, v.number, v.root from data_versions v
          join data_datasets d on d.id = v.dataset_id where v.id = any(${[...versionIds]}::uuid[])),
        c as (
          select c.* from v join data_lineage_claims c on c.name_key = v.name_key and c.number = v.number
          union
          select c.* from v join data_lineage_claims c on c.name_key = v.name_key and ${rootsMeet('c', 'v')})
        select c.node_id as key, c.name_key as "nameKey", c.number, c.root
        from c join data_lineage_nodes n on n.id = c.node_id
        where ${toldSql(viewer, 'n')} order by n.at desc limit ${MOST}`.execute(database);
      return rows;
    },

    /** Versions within reach, with their names. */
    async versions(viewer: Viewer, ids: readonly string[]): Promise<readonly NamedVersion[]> {
      if (ids.length === 0) return [];
      const { rows } = await sql<NamedVersion>`
        select v.id, d.name as dataset, d.name_key as "nameKey", v.number
        from data_versions v join data_datasets d on d.id = v.dataset_id
        where v.id = any(${[...ids]}::uuid[]) and d.removed_at is null
          and ${reachSql(viewer, sql`d.team_id`)}`.execute(database);
      return rows;
    },
  });
}
export type Resolving = ReturnType<typeof createResolving>;
