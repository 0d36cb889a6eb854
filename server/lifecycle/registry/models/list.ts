import type { Model, ModelQuery, ScanVerdict, VersionQuery } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { z } from 'zod';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { type StoredVersion, worstVerdict } from '../model.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { reachSql } from './reach.ts';
import { selectVersions } from './rows.ts';
import type { PageOf } from './types.ts';

type Models = z.output<typeof ModelQuery>;
type Versions = z.output<typeof VersionQuery>;

const textual = (path: string, value: string): string => {
  if (!value.includes('\0') && value.isWellFormed()) return value;
  throw new AppError('invalid_input', `there is nothing with this ${path}`, {
    issues: [{ path, message: 'has characters that nothing has' }],
  });
};

const tagged = (table: 'model_tags' | 'model_version_tags', tag: string): RawBuilder<boolean> => {
  const owner = table === 'model_tags' ? sql`t.model_id = m.id` : sql`t.version_id = v.id`;
  const text = textual('tag', tag);
  return sql`exists (select from ${sql.table(table)} t
    where ${owner} and (t.key = ${text} or t.key || '=' || t.value = ${text}))`;
};

/** Of a version `v`. */
function versionConditions(query: Partial<Versions>): RawBuilder<boolean>[] {
  const found: RawBuilder<boolean>[] = [];
  if (query.stage !== undefined) found.push(sql`v.stage = ${query.stage}`);
  if (query.status !== undefined) found.push(sql`v.status = ${query.status}`);
  if (query.verdict === 'none') found.push(sql`v.scan_verdict is null`);
  else if (query.verdict !== undefined) found.push(sql`v.scan_verdict = ${query.verdict}`);
  if (query.quarantined !== undefined) found.push(sql`v.quarantined = ${query.quarantined === 'yes'}`);
  if (query.tag !== undefined) found.push(tagged('model_version_tags', query.tag));
  if (query.run !== undefined) found.push(sql`v.run_id = ${textual('run', query.run)}`);
  return found;
}

function modelConditions(query: Models): RawBuilder<boolean>[] {
  const found: RawBuilder<boolean>[] = [];
  if (query.name !== undefined) found.push(sql`m.name = ${textual('name', query.name)}`);
  if (query.prefix !== undefined) found.push(sql`starts_with(m.name, ${textual('prefix', query.prefix)})`);
  if (query.q !== undefined) {
    const words = textual('q', query.q);
    found.push(sql`(strpos(lower(m.name), lower(${words})) > 0
      or strpos(lower(m.description), lower(${words})) > 0)`);
  }
  if (query.tag !== undefined) found.push(tagged('model_tags', query.tag));
  if (query.team === 'none') found.push(sql`m.team_id is null`);
  else if (query.team !== undefined) found.push(sql`m.team_id = ${query.team}::uuid`);
  const { stage, verdict, quarantined } = query;
  const ofVersion = versionConditions({ stage, verdict, quarantined });
  if (ofVersion.length > 0) {
    found.push(sql`exists (select from model_versions v
      where v.model_id = m.id and v.removed_at is null and ${sql.join(ofVersion, sql` and `)})`);
  }
  return found;
}

interface ModelRow extends Omit<Model, 'worstVerdict' | 'latestVersion' | 'production'> {
  readonly key: string | number;
  readonly verdicts: readonly ScanVerdict[] | null;
  readonly latestVersion: Model['latestVersion'];
  readonly production: readonly number[] | null;
}

/** What the console shows of each model that `chosen` (a query of `models` with what it is ordered by, `key`) gives. */
async function summaries(
  db: Database,
  chosen: RawBuilder<unknown>,
  way: RawBuilder<unknown> = sql`asc`,
): Promise<ModelRow[]> {
  const { rows } = await sql<ModelRow>`
    select m.id, m.name, m.description, m.team_id as "teamId", m.created_by as "createdBy",
      m.created_at as "createdAt", m.updated_at as "updatedAt", m.key,
      coalesce((select jsonb_object_agg(t.key, t.value) from model_tags t where t.model_id = m.id), '{}') as tags,
      coalesce((select jsonb_agg(jsonb_build_object('alias', a.alias, 'version', v.version) order by a.alias)
        from model_aliases a join model_versions v on v.id = a.version_id where a.model_id = m.id), '[]') as aliases,
      s.versions, s.unscanned, s.quarantined, s.verdicts, s.production,
      (select jsonb_build_object('id', v.id, 'version', v.version, 'status', v.status, 'stage', v.stage,
          'verdict', v.scan_verdict, 'createdAt', v.created_at)
        from model_versions v where v.model_id = m.id and v.removed_at is null
        order by v.version desc limit 1) as "latestVersion"
    from (${chosen}) m cross join lateral (
      select count(*)::int as versions,
        count(*) filter (where v.status = 'ready' and v.scan_verdict is null)::int as unscanned,
        count(*) filter (where v.quarantined)::int as quarantined,
        array_agg(distinct v.scan_verdict) filter (where v.scan_verdict is not null) as verdicts,
        array_agg(v.version order by v.version) filter (where v.stage = 'production') as production
      from model_versions v where v.model_id = m.id and v.removed_at is null) s
    order by m.key ${way}, m.id ${way}`.execute(db);
  return rows;
}

function toModel({ verdicts, production, ...row }: ModelRow): Model {
  const { key: _key, ...model } = row;
  return { ...model, production: [...(production ?? [])], worstVerdict: worstVerdict(verdicts ?? []) };
}

const ORDERS = {
  name: { key: sql`lower(m.name)`, type: 'string', usual: 'asc' },
  updated: { key: sql`m.updated_at`, type: 'number', usual: 'desc' },
  created: { key: sql`m.created_at`, type: 'number', usual: 'desc' },
} as const;

export async function listModels(db: Database, viewer: Viewer, query: Models): Promise<PageOf<Model>> {
  const { key, type, usual } = ORDERS[query.order];
  const direction = query.direction ?? usual;
  const after = decodeCursor(query.cursor, type);
  const conditions = [sql`m.removed_at is null`, reachSql(viewer, sql`m.team_id`), ...modelConditions(query)];
  if (after) {
    const place =
      type === 'number'
        ? sql`(${after.key}::bigint, ${after.id}::uuid)`
        : sql`(${after.key}::text, ${after.id}::uuid)`;
    conditions.push(direction === 'asc' ? sql`(${key}, m.id) > ${place}` : sql`(${key}, m.id) < ${place}`);
  }
  const way = direction === 'asc' ? sql`asc` : sql`desc`;
  const rows = await summaries(
    db,
    sql`select m.*, ${key} as key from models m where ${sql.join(conditions, sql` and `)}
      order by ${key} ${way}, m.id ${way} limit ${query.limit + 1}`,
    way,
  );
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    items: page.map(toModel),
    next: rows.length > query.limit && last ? encodeCursor(last) : null,
  };
}

/** In this order; what is not in reach is left out. */
export async function modelsById(db: Database, viewer: Viewer, ids: readonly string[]): Promise<Model[]> {
  if (ids.length === 0) return [];
  const rows = await summaries(
    db,
    sql`select m.*, 0 as key from models m
      where m.id = any(${[...ids]}::uuid[]) and m.removed_at is null and ${reachSql(viewer, sql`m.team_id`)}`,
  );
  const known = new Map(rows.map((row) => [row.id, toModel(row)]));
  return ids.flatMap((id) => known.get(id) ?? []);
}

/** Newest first. The model must be one that the viewer reaches. */
export async function listVersions(
  db: Database,
  modelId: string,
  query: Versions,
): Promise<PageOf<StoredVersion>> {
  const after = decodeCursor(query.cursor, 'number');
  const conditions = [sql`v.model_id = ${modelId}`, ...versionConditions(query)];
  if (after) conditions.push(sql`v.version < ${after.key}`);
  const rows = await selectVersions(
    db,
    sql`${sql.join(conditions, sql` and `)} order by v.version desc limit ${query.limit + 1}`,
  );
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  return {
    items,
    next: rows.length > query.limit && last ? encodeCursor({ key: last.version, id: last.id }) : null,
  };
}
