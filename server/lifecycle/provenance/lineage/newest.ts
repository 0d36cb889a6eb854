import type { DataLineageKind } from '@bartizan/contracts';
import { sql } from 'kysely';
import { reaches, type Viewer } from '../../sight.ts';
import { reachSql } from '../datasets/reach.ts';
import { batchKey, type NodeId, nodeId } from './model.ts';
import { claimsOfUse, useKey } from './naming.ts';
import type { LineageDeps } from './ports.ts';
import { createResolving } from './resolving.ts';
import { toldSql } from './telling.ts';

interface Found {
  readonly kind: DataLineageKind;
  readonly key: string;
  readonly at: number;
}

/** Finds things within reach: the newest, and by name. */
export function createNewest({ database, ports }: Pick<LineageDeps, 'database' | 'ports'>) {
  const { registry } = ports;
  const resolving = createResolving(database);
  const teamsOf = (viewer: Viewer): ReadonlySet<string> | '*' =>
    viewer.endpoints ? new Set() : viewer.teams;

  async function kept(viewer: Viewer, text: string | null, limit: number): Promise<readonly Found[]> {
    const like = text === null ? null : `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    const fits = (column: string) => (like === null ? sql`true` : sql`${sql.raw(column)} ilike ${like}`);
    const reach = (column: string) => reachSql(viewer, sql.raw(column));
    const { rows } = await sql<Found>`
      (select 'source' as kind, s.id::text as key, s.created_at as at from data_sources s
        where ${reach('s.team_id')} and ${fits('s.name')} order by s.created_at desc, s.id limit ${limit})
      union all
      (select 'dataset-version', v.id::text, v.created_at from data_versions v
        join data_datasets d on d.id = v.dataset_id
        where v.state not in ('processing', 'failed') and d.removed_at is null and ${reach('d.team_id')}
          and ${fits("(d.name || '@' || v.number)")} order by v.created_at desc, v.id limit ${limit})
      union all
      (select 'batch', v.dataset_id || '/' || v.batch, max(v.created_at) from data_versions v
        join data_datasets d on d.id = v.dataset_id
        where v.batch is not null and v.state not in ('processing', 'failed') and d.removed_at is null
          and ${reach('d.team_id')} and ${fits("(d.name || '/' || v.batch)")}
        group by v.dataset_id, v.batch order by max(v.created_at) desc limit ${limit})
      union all
      (select n.kind, n.id::text, n.at from data_lineage_nodes n
        where ${toldSql(viewer, 'n')} and ${fits("(n.namespace || '/' || n.name)")}
        order by n.at desc, n.id limit ${limit})
      union all
      (select 'run', r.id::text, r.at from data_lineage_runs r
        where ${toldSql(viewer, 'r')} and ${fits("(r.label || ' ' || r.run_id)")}
        order by r.at desc, r.id limit ${limit})`.execute(database);
    return rows;
  }

  async function endpoints(viewer: Viewer, text: string): Promise<readonly Found[]> {
    const needle = text.toLowerCase();
    return (await ports.endpoints())
      .filter((one) => reaches(viewer, one) && one.slug.toLowerCase().includes(needle))
      .map(({ id }) => ({ kind: 'endpoint', key: id, at: 0 }));
  }

  const systems = async (viewer: Viewer, text: string, limit: number): Promise<readonly Found[]> =>
    (await ports.systems.named(viewer, { text, limit })).map(({ id, at }) => ({
      kind: 'system',
      key: id,
      at,
    }));

  /** Datasets that only runs name, in MLflow's words; versions here where they mean one. */
  async function named(viewer: Viewer, text: string, limit: number): Promise<readonly NodeId[]> {
    const uses = await registry.searchUses(teamsOf(viewer), text, limit);
    const claims = uses.flatMap((use) => claimsOfUse(use).map((claim) => ({ key: useKey(use), ...claim })));
    const meant = await resolving.resolve(viewer, claims);
    return uses.map((use) => {
      const version = meant.get(useKey(use));
      return version === undefined
        ? nodeId('external-dataset', useKey(use))
        : nodeId('dataset-version', version);
    });
  }

  /** Each once; a name that means a version here is that version. */
  async function idsOf(viewer: Viewer, found: readonly Found[]): Promise<NodeId[]> {
    const names = found.filter(({ kind }) => kind === 'external-dataset').map(({ key }) => key);
    const meant = await resolving.resolve(viewer, await resolving.ofNodes(names));
    const ids = found.map(({ kind, key }) => {
      const version = kind === 'external-dataset' ? meant.get(key) : undefined;
      return version === undefined ? nodeId(kind, key) : nodeId('dataset-version', version);
    });
    return [...new Set(ids)];
  }

  return Object.freeze({
    /** Ids of the newest of everything; what serves and what uses always finds room, for there are few of them. */
    async list(
      viewer: Viewer,
      limit: number,
    ): Promise<{ readonly ids: readonly NodeId[]; readonly more: boolean }> {
      if (viewer.endpoints) return { ids: [], more: false };
      const [ours, models, serving, using] = await Promise.all([
        kept(viewer, null, limit),
        registry.newest(teamsOf(viewer), limit),
        endpoints(viewer, ''),
        systems(viewer, '', limit),
      ]);
      const ends = [...serving, ...using].slice(0, Math.floor(limit / 4));
      const newest = [...ours, ...models.map(({ kind, id, at }) => ({ kind, key: id, at }))].toSorted(
        (a, b) => b.at - a.at,
      );
      const ids = await idsOf(viewer, [...ends, ...newest].slice(0, limit));
      return { ids, more: ends.length + newest.length > limit };
    },

    /** Ids of what has the text in its name; a few of each kind where there is much. */
    async search(viewer: Viewer, text: string, limit: number): Promise<readonly NodeId[]> {
      if (viewer.endpoints) return [];
      const plain = text.trim();
      if (plain === '' || plain.includes('\0')) return [];
      const found = await Promise.all([
        kept(viewer, plain, limit),
        registry.search(teamsOf(viewer), plain, limit),
        endpoints(viewer, plain),
        systems(viewer, plain, limit),
      ]);
      const [ours, models, serving, using] = found;
      const all = [
        ...ours,
        ...models.map(({ kind, id }) => ({ kind, key: id, at: 0 })),
        ...serving,
        ...using,
      ];
      const turns = Map.groupBy(all, ({ kind }) => kind);
      const each = [...turns.values()].flatMap((same) => same.map((one, turn) => ({ ...one, turn })));
      const ids = await idsOf(
        viewer,
        each.toSorted((a, b) => a.turn - b.turn),
      );
      // Room for names that only runs know, which would else stand behind all that is stored here.
      const others = (await named(viewer, plain, limit)).filter((id) => !ids.includes(id));
      const room = Math.min(others.length, Math.max(limit - ids.length, Math.ceil(limit / 4)));
      return [...ids.slice(0, limit - room), ...others.slice(0, room)];
    },
  });
}
export type Newest = ReturnType<typeof createNewest>;

export const batchId = (datasetId: string, batch: string): NodeId =>
  nodeId('batch', batchKey(datasetId, batch));
