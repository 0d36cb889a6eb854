import type { Endpoint, EndpointFields, UpstreamFields } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { z } from 'zod';
import type { Database } from '../../platform/database/types.ts';
import { within } from '../within.ts';

export type Fields = z.output<typeof EndpointFields>;
export type UpstreamSettings = z.output<typeof UpstreamFields>;

export interface StoredUpstream {
  readonly id: string;
  readonly settings: UpstreamSettings;
  readonly sealedApiKey: string | null;
  readonly apiKeyHint: string;
}

export interface StoredEndpoint extends Pick<Endpoint, 'id' | 'demo' | 'teamId' | 'createdAt' | 'updatedAt'> {
  readonly fields: Fields;
  /** In the order that people gave them. */
  readonly upstreams: readonly StoredUpstream[];
}

type Settings = Omit<Fields, 'slug' | 'name' | 'description' | 'enabled' | 'policyId'>;

interface Row extends Pick<Fields, 'slug' | 'name' | 'description' | 'enabled' | 'policyId'> {
  readonly id: string;
  readonly demo: boolean;
  readonly teamId: string | null;
  readonly settings: Settings;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly upstreams: readonly StoredUpstream[];
}

const SELECT = sql`
  select e.id, e.slug, e.name, e.description, e.enabled, e.policy_id as "policyId", e.demo,
    e.team_id as "teamId", e.settings,
    e.created_at as "createdAt", e.updated_at as "updatedAt",
    coalesce((
      select jsonb_agg(jsonb_build_object('id', u.id, 'settings', u.settings,
        'sealedApiKey', u.sealed_api_key, 'apiKeyHint', u.api_key_hint) order by u.position)
      from endpoint_upstreams u where u.endpoint_id = e.id), '[]') as upstreams
  from endpoints e`;

function toStored(row: Row): StoredEndpoint {
  const { id, demo, teamId, createdAt, updatedAt, upstreams, settings, ...columns } = row;
  return { id, demo, teamId, createdAt, updatedAt, upstreams, fields: { ...columns, ...settings } };
}

function settingsOf(fields: Fields): string {
  const { slug: _s, name: _n, description: _d, enabled: _e, policyId: _p, ...settings } = fields;
  return JSON.stringify(settings satisfies Settings);
}

/** Writes the audit entry of a change within the change's transaction. */
export type Witness = (tx: Database) => Promise<void>;

const notify = (db: Database) => sql`select pg_notify('bartizan_configuration', 'endpoints')`.execute(db);

async function writeUpstreams(db: Database, endpoint: StoredEndpoint): Promise<void> {
  await sql`delete from endpoint_upstreams where endpoint_id = ${endpoint.id}`.execute(db);
  for (const [position, upstream] of endpoint.upstreams.entries()) {
    await sql`insert into endpoint_upstreams (id, endpoint_id, position, settings, sealed_api_key, api_key_hint)
      values (${upstream.id}, ${endpoint.id}, ${position}, ${JSON.stringify(upstream.settings)}::jsonb,
        ${upstream.sealedApiKey}, ${upstream.apiKeyHint})`.execute(db);
  }
}

async function select(db: Database, where: ReturnType<typeof sql>): Promise<StoredEndpoint[]> {
  return (await sql<Row>`${SELECT} ${where}`.execute(db)).rows.map(toStored);
}

export function createEndpointStore(database: Database) {
  return Object.freeze({
    list: () => select(database, sql`order by lower(e.name), e.id`),

    find: async (id: string) => (await select(database, sql`where e.id = ${id}`))[0],

    bySlug: async (slug: string) => (await select(database, sql`where e.slug = ${slug}`))[0],

    async usage(): Promise<{ policyId: string; id: string; name: string }[]> {
      return (
        await sql<{ policyId: string; id: string; name: string }>`
          select policy_id as "policyId", id, name from endpoints where policy_id is not null
          order by lower(name), id`.execute(database)
      ).rows;
    },

    /** Whose each endpoint is, removed ones included. */
    async owners(): Promise<{ id: string; teamId: string | null }[]> {
      return (
        await sql<{ id: string; teamId: string | null }>`
          select id, team_id as "teamId" from endpoints
          union all select id, team_id from removed_endpoints`.execute(database)
      ).rows;
    },

    /** Rejects with SQLSTATE 23505 when the slug is taken and 23503 when policy or team do not exist. */
    async create(endpoint: StoredEndpoint, witness: Witness): Promise<void> {
      const { fields } = endpoint;
      await within(database, async (tx) => {
        await sql`insert into endpoints (id, slug, name, description, enabled, policy_id, demo, team_id, settings,
            created_at, updated_at)
          values (${endpoint.id}, ${fields.slug}, ${fields.name}, ${fields.description}, ${fields.enabled},
            ${fields.policyId}, ${endpoint.demo}, ${endpoint.teamId}, ${settingsOf(fields)}::jsonb,
            ${endpoint.createdAt}, ${endpoint.updatedAt})`.execute(tx);
        await writeUpstreams(tx, endpoint);
        await witness(tx);
        await notify(tx);
      });
    },

    /**
     * Replaces an endpoint by what `change` makes of the stored one, which nobody else can change meanwhile.
     * Undefined when there is none. Rejects as {@link create} does, and with whatever `change` throws.
     */
    async update(
      id: string,
      change: (stored: StoredEndpoint) => StoredEndpoint,
      witness: (tx: Database, before: StoredEndpoint, after: StoredEndpoint) => Promise<void>,
    ): Promise<StoredEndpoint | undefined> {
      return await within(database, async (tx) => {
        await sql`select from endpoints where id = ${id} for update`.execute(tx);
        const [before] = await select(tx, sql`where e.id = ${id}`);
        if (!before) return undefined;
        const after = change(before);
        const { fields } = after;
        await sql`update endpoints set slug = ${fields.slug}, name = ${fields.name},
            description = ${fields.description}, enabled = ${fields.enabled}, policy_id = ${fields.policyId},
            team_id = ${after.teamId}, settings = ${settingsOf(fields)}::jsonb, updated_at = ${after.updatedAt}
          where id = ${id}`.execute(tx);
        await writeUpstreams(tx, after);
        await witness(tx, before, after);
        await notify(tx);
        return after;
      });
    },

    /** False when there was none. Rejects with whatever `demand` throws of the one to be removed. */
    async remove(
      id: string,
      removal: {
        readonly at: number;
        readonly demand: (stored: StoredEndpoint) => void;
        readonly witness: (tx: Database, slug: string) => Promise<void>;
      },
    ): Promise<boolean> {
      return await within(database, async (tx) => {
        await sql`select from endpoints where id = ${id} for update`.execute(tx);
        const [stored] = await select(tx, sql`where e.id = ${id}`);
        if (!stored) return false;
        removal.demand(stored);
        await sql`insert into removed_endpoints (id, team_id, slug, removed_at)
          values (${id}, ${stored.teamId}, ${stored.fields.slug}, ${removal.at})`.execute(tx);
        await sql`delete from endpoints where id = ${id}`.execute(tx);
        await removal.witness(tx, stored.fields.slug);
        await notify(tx);
        return true;
      });
    },
  });
}
export type EndpointStore = ReturnType<typeof createEndpointStore>;
