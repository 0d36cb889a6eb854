import type { SystemAssessment, SystemChange, SystemFields, SystemState } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import type { Viewer } from '../sight.ts';
import { within } from '../within.ts';
import { inForce, type RestOfFields, type StoredSystem } from './model.ts';

interface Row extends Omit<StoredSystem, 'fields'> {
  readonly key: string;
  readonly name: string;
  readonly state: SystemState;
  readonly tags: string[];
  readonly rest: RestOfFields;
}

const SELECT = sql`
  select s.id, s.key, s.name, s.state, s.team_id as "teamId", s.owner, s.backup_owner as "backupOwner", s.tags,
    s.fields as rest, s.risk, s.last_review as "lastReview", s.revision, s.created_at as "createdAt",
    s.created_by as "createdBy", s.updated_at as "updatedAt", s.retired_at as "retiredAt",
    coalesce((select array_agg(m.model_id::text order by m.model_id) from system_models m
      where m.system_id = s.id), '{}') as "modelIds",
    coalesce((select array_agg(e.endpoint_id::text order by e.endpoint_id) from system_endpoints e
      where e.system_id = s.id), '{}') as "endpointIds"
  from systems s`;

function toStored(row: Row): StoredSystem {
  const { key, name, state, tags, rest, ...stored } = row;
  return { ...stored, fields: { ...rest, key, name, state, tags } };
}

function restOf(fields: SystemFields): RestOfFields {
  const { key: _k, name: _n, state: _s, tags: _t, ...rest } = fields;
  return rest;
}

/** PostgreSQL takes neither NUL nor half characters in JSON. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'string' ? one.replaceAll('\0', '').toWellFormed() : one,
  );

const searchOf = ({ name, key, description, purpose, origin, tags }: SystemFields): string =>
  [name, key, purpose, description, origin.vendor, ...tags].join('\n').toLowerCase().replaceAll('\0', '');

/** Which systems a list is about. `ids` null: whatever. */
export interface SystemFilter {
  readonly text?: string | undefined;
  readonly key?: string | undefined;
  readonly state?: readonly string[] | undefined;
  readonly tier?: readonly string[] | undefined;
  readonly class?: readonly string[] | undefined;
  readonly owner?: readonly string[] | undefined;
  readonly team?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly ids?: readonly string[] | null;
}

/** What links are asked for. */
export interface SystemLinkQuery {
  readonly systems?: readonly string[];
  readonly models?: readonly string[];
  readonly endpoints?: readonly string[];
}

/** That a system uses a model or an endpoint. */
export interface SystemLink {
  readonly id: string;
  readonly name: string;
  readonly kind: 'model' | 'endpoint';
  readonly to: string;
  readonly at: number;
}

type Condition = RawBuilder<unknown>;

/** Any of these values, `none` standing for null. */
function anyOf(column: Condition, values: readonly string[] | undefined): Condition[] {
  if (values === undefined || values.length === 0) return [];
  const some = values.filter((value) => value !== 'none');
  const nothing = values.includes('none') ? sql`${column} is null` : sql`false`;
  return [sql`(${column} = any(${some}::text[]) or ${nothing})`];
}

/** What of the inventory is there for a viewer. */
function reach(viewer: Viewer): Condition {
  if (viewer.endpoints) return sql`false`;
  if (viewer.teams === '*') return sql`true`;
  return sql`(s.team_id is null or s.team_id = any(${[...viewer.teams]}::uuid[]))`;
}

function conditionsOf(viewer: Viewer, filter: SystemFilter): Condition {
  const words = (filter.text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, 10);
  const conditions = [
    reach(viewer),
    ...words.map((word) => sql`position(${word} in s.search) > 0`),
    ...(filter.key === undefined ? [] : [sql`s.key = ${filter.key}`]),
    ...anyOf(sql`s.state`, filter.state),
    ...anyOf(sql`s.tier`, filter.tier),
    ...anyOf(sql`s.act_class`, filter.class),
    ...anyOf(sql`(case when s.owner is null then null else coalesce(s.owner->>'id', '-') end)`, filter.owner),
    ...anyOf(sql`s.team_id::text`, filter.team),
    ...(filter.tag === undefined || filter.tag.length === 0
      ? []
      : [sql`s.tags && ${[...filter.tag]}::text[]`]),
    ...(filter.model === undefined
      ? []
      : [
          sql`exists (select from system_models m where m.system_id = s.id and m.model_id = ${filter.model}::uuid)`,
        ]),
    ...(filter.endpoint === undefined
      ? []
      : [
          sql`exists (select from system_endpoints e
            where e.system_id = s.id and e.endpoint_id = ${filter.endpoint}::uuid)`,
        ]),
    ...(filter.ids ? [sql`s.id = any(${[...filter.ids]}::uuid[])`] : []),
  ];
  return sql.join(conditions, sql` and `);
}

/** The place of a row in a list by name. */
export interface Place {
  readonly name: string;
  readonly id: string;
}

async function select(db: Database, tail: Condition): Promise<StoredSystem[]> {
  return (await sql<Row>`${SELECT} ${tail}`.execute(db)).rows.map(toStored);
}

async function writeLinks(db: Database, system: StoredSystem): Promise<void> {
  await sql`delete from system_models where system_id = ${system.id}`.execute(db);
  await sql`delete from system_endpoints where system_id = ${system.id}`.execute(db);
  await sql`insert into system_models (system_id, model_id)
    select ${system.id}::uuid, unnest(${[...system.modelIds]}::uuid[])`.execute(db);
  await sql`insert into system_endpoints (system_id, endpoint_id)
    select ${system.id}::uuid, unnest(${[...system.endpointIds]}::uuid[])`.execute(db);
}

export type NewChange = Omit<SystemChange, 'changes'> & {
  readonly systemId: string;
  readonly changes: SystemChange['changes'];
};

async function writeChange(db: Database, change: NewChange): Promise<void> {
  await sql`insert into system_changes (id, system_id, revision, at, actor, action, changes, note)
    values (${change.id}, ${change.systemId}, ${change.revision}, ${change.at}, ${json(change.by)}::jsonb,
      ${change.action}, ${json(change.changes)}::jsonb, ${change.note.replaceAll('\0', '')})`.execute(db);
}

/** Writes what else belongs to a change, within its transaction. */
export type Witness = (tx: Database, change: NewChange) => Promise<void>;

export function createSystemStore(database: Database) {
  return Object.freeze({
    /** By name, after the place where given. */
    list: (
      viewer: Viewer,
      filter: SystemFilter,
      page: { readonly after?: Place | undefined; readonly limit: number },
    ): Promise<StoredSystem[]> => {
      const after = page.after
        ? sql`and (lower(s.name), s.id) > (${page.after.name}, ${page.after.id}::uuid)`
        : sql``;
      return select(
        database,
        sql`where ${conditionsOf(viewer, filter)} ${after} order by lower(s.name), s.id limit ${page.limit}`,
      );
    },

    async count(viewer: Viewer, filter: SystemFilter): Promise<number> {
      const { rows } = await sql<{ count: number }>`select count(*)::int as count from systems s
        where ${conditionsOf(viewer, filter)}`.execute(database);
      return rows[0]?.count ?? 0;
    },

    find: async (id: string): Promise<StoredSystem | undefined> =>
      (await select(database, sql`where s.id = ${id}`))[0],

    /** The names as the database orders them: what a place in the list is made of. */
    async orderName(id: string): Promise<string> {
      const { rows } = await sql<{
        name: string;
      }>`select lower(name) as name from systems where id = ${id}`.execute(database);
      return rows[0]?.name ?? '';
    },

    async using(
      viewer: Viewer,
      modelIds: readonly string[],
    ): Promise<{ readonly id: string; readonly name: string; readonly modelId: string }[]> {
      const { rows } = await sql<{ id: string; name: string; modelId: string }>`
        select s.id, s.name, m.model_id as "modelId" from system_models m join systems s on s.id = m.system_id
        where ${reach(viewer)} and s.state <> 'retired' and m.model_id = any(${[...modelIds]}::uuid[])
        order by lower(s.name), s.id`.execute(database);
      return rows;
    },

    /** What systems in use and in the viewer's sight link: of these systems, models or endpoints. */
    async links(viewer: Viewer, of: SystemLinkQuery): Promise<readonly SystemLink[]> {
      const systems = [...(of.systems ?? [])];
      const { rows } = await sql<SystemLink>`
        select s.id, s.name, l.kind, l."to", s.created_at as at from systems s join (
          select system_id, 'model' as kind, model_id as "to" from system_models
            where model_id = any(${[...(of.models ?? [])]}::uuid[]) or system_id = any(${systems}::uuid[])
          union all
          select system_id, 'endpoint', endpoint_id from system_endpoints
            where endpoint_id = any(${[...(of.endpoints ?? [])]}::uuid[]) or system_id = any(${systems}::uuid[])
        ) l on l.system_id = s.id
        where ${reach(viewer)} and s.state <> 'retired' order by lower(s.name), s.id`.execute(database);
      return rows;
    },

    /** Systems in use and in the viewer's sight whose name holds the text; the newest where it is empty. */
    async named(
      viewer: Viewer,
      {
        text,
        ids,
        limit,
      }: { readonly text?: string; readonly ids?: readonly string[]; readonly limit: number },
    ): Promise<readonly { readonly id: string; readonly name: string; readonly at: number }[]> {
      const like = `%${(text ?? '').replace(/[\\%_]/g, '\\$&')}%`;
      const { rows } = await sql<{ id: string; name: string; at: number }>`
        select s.id, s.name, s.created_at as at from systems s
        where ${reach(viewer)} and s.state <> 'retired' and s.name ilike ${like}
          and ${ids === undefined ? sql`true` : sql`s.id = any(${[...ids]}::uuid[])`}
        order by s.created_at desc, s.id limit ${limit}`.execute(database);
      return rows;
    },

    /** Every id that any system links, whoever may see that system. */
    async linked(): Promise<{
      readonly models: ReadonlySet<string>;
      readonly endpoints: ReadonlySet<string>;
    }> {
      const [models, endpoints] = await Promise.all([
        sql<{ id: string }>`select distinct model_id as id from system_models`.execute(database),
        sql<{ id: string }>`select distinct endpoint_id as id from system_endpoints`.execute(database),
      ]);
      return {
        models: new Set(models.rows.map(({ id }) => id)),
        endpoints: new Set(endpoints.rows.map(({ id }) => id)),
      };
    },

    /** Those with these keys, whoever may see them. Within a transaction nobody else can change them meanwhile. */
    byKeys: (db: Database, keys: readonly string[]): Promise<StoredSystem[]> =>
      select(
        db,
        sql`where s.key = any(${[...keys]}::text[]) order by s.id ${db.isTransaction ? sql`for update of s` : sql``}`,
      ),

    /** Rejects with SQLSTATE 23505 when the key is taken and 23503 when the team does not exist. */
    async create(db: Database, system: StoredSystem, change: NewChange, witness: Witness): Promise<void> {
      const { fields, risk } = system;
      await within(db, async (tx) => {
        await sql`insert into systems (id, key, name, state, team_id, owner, backup_owner, tags, search, fields, risk,
            tier, act_class, last_review, revision, created_at, created_by, updated_at, retired_at)
          values (${system.id}, ${fields.key}, ${fields.name}, ${fields.state}, ${system.teamId},
            ${system.owner === null ? null : json(system.owner)}::jsonb,
            ${system.backupOwner === null ? null : json(system.backupOwner)}::jsonb, ${fields.tags}::text[],
            ${searchOf(fields)}, ${json(restOf(fields))}::jsonb, ${risk === null ? null : json(risk)}::jsonb,
            null, null, null, ${system.revision}, ${system.createdAt}, ${system.createdBy}, ${system.updatedAt},
            ${system.retiredAt})`.execute(tx);
        await writeLinks(tx, system);
        await writeChange(tx, change);
        await witness(tx, change);
      });
    },

    /**
     * Replaces a system by what `change` makes of the stored one, which nobody else can change meanwhile. Null of
     * it changes nothing. Undefined when there is none. Rejects as {@link create} does, and with what `change` throws.
     */
    async update(
      db: Database,
      id: string,
      change: (stored: StoredSystem) => { readonly after: StoredSystem; readonly change: NewChange } | null,
      witness: Witness,
    ): Promise<StoredSystem | undefined> {
      return await within(db, async (tx) => {
        await sql`select from systems where id = ${id} for update`.execute(tx);
        const [before] = await select(tx, sql`where s.id = ${id}`);
        if (!before) return undefined;
        const made = change(before);
        if (made === null) return before;
        const { after } = made;
        const { fields, risk } = after;
        const { tier, actClass } = risk === null ? { tier: null, actClass: null } : inForce(risk);
        await sql`update systems set key = ${fields.key}, name = ${fields.name}, state = ${fields.state},
            team_id = ${after.teamId}, owner = ${after.owner === null ? null : json(after.owner)}::jsonb,
            backup_owner = ${after.backupOwner === null ? null : json(after.backupOwner)}::jsonb,
            tags = ${fields.tags}::text[], search = ${searchOf(fields)}, fields = ${json(restOf(fields))}::jsonb,
            risk = ${risk === null ? null : json(risk)}::jsonb, tier = ${tier}, act_class = ${actClass},
            last_review = ${after.lastReview === null ? null : json(after.lastReview)}::jsonb,
            revision = ${after.revision}, updated_at = ${after.updatedAt}, retired_at = ${after.retiredAt}
          where id = ${id}`.execute(tx);
        await writeLinks(tx, after);
        await writeChange(tx, made.change);
        await witness(tx, made.change);
        return after;
      });
    },

    async addAssessment(tx: Database, systemId: string, one: SystemAssessment): Promise<void> {
      await sql`insert into system_assessments (id, system_id, at, by_name, note, answers, result)
        values (${one.id}, ${systemId}, ${one.at}, ${one.by}, ${one.note.replaceAll('\0', '')},
          ${json(one.answers)}::jsonb, ${json(one.result)}::jsonb)`.execute(tx);
    },

    /** The newest first. */
    async assessments(
      systemId: string,
      page: { readonly cursor?: string | undefined; readonly limit: number },
    ) {
      const before = page.cursor ? sql`and id < ${page.cursor}::uuid` : sql``;
      return (
        await sql<SystemAssessment>`select id, at, by_name as "by", note, answers, result from system_assessments
          where system_id = ${systemId} ${before} order by id desc limit ${page.limit}`.execute(database)
      ).rows;
    },

    /** The newest first. */
    async changes(systemId: string, page: { readonly cursor?: string | undefined; readonly limit: number }) {
      const before = page.cursor ? sql`and id < ${page.cursor}::uuid` : sql``;
      return (
        await sql<SystemChange>`select id, revision, at, actor as "by", action, changes, note from system_changes
          where system_id = ${systemId} ${before} order by id desc limit ${page.limit}`.execute(database)
      ).rows;
    },
  });
}
export type SystemStore = ReturnType<typeof createSystemStore>;
