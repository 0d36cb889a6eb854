import type { PolicyDocument } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import { within } from '../within.ts';

/** Writes the audit entry of a change within the change's transaction. */
export type Witness = (tx: Database) => Promise<void>;

export interface PolicyRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly activeVersion: number;
  readonly latestVersion: number;
  readonly updatedAt: number;
  /** Of the active version. */
  readonly document: PolicyDocument;
}

export interface VersionRow {
  readonly policyId: string;
  readonly version: number;
  readonly document: PolicyDocument;
  readonly note: string;
  readonly createdAt: number;
  readonly createdBy: string;
}

const POLICY = sql`
  select p.id, p.name, p.description, p.active_version as "activeVersion", p.latest_version as "latestVersion",
    p.updated_at as "updatedAt", v.document
  from policies p join policy_versions v on v.policy_id = p.id and v.version = p.active_version`;

const VERSION = sql`
  select policy_id as "policyId", version, document, note, created_at as "createdAt", created_by as "createdBy"
  from policy_versions`;

/** Tells every server that the gateways' configuration changed, once the transaction commits. */
const notify = (db: Database) => sql`select pg_notify('bartizan_configuration', 'policies')`.execute(db);

const insertVersion = (db: Database, row: VersionRow) =>
  sql`insert into policy_versions (policy_id, version, document, note, created_at, created_by)
      values (${row.policyId}, ${row.version}, ${JSON.stringify(row.document)}::jsonb, ${row.note},
        ${row.createdAt}, ${row.createdBy})`.execute(db);

export function createPolicyStore(database: Database) {
  return Object.freeze({
    async list(): Promise<PolicyRow[]> {
      return (await sql<PolicyRow>`${POLICY} order by lower(p.name), p.id`.execute(database)).rows;
    },

    async find(id: string): Promise<PolicyRow | undefined> {
      return (await sql<PolicyRow>`${POLICY} where p.id = ${id}`.execute(database)).rows[0];
    },

    /** Newest first. */
    async versions(id: string): Promise<VersionRow[]> {
      return (
        await sql<VersionRow>`${VERSION} where policy_id = ${id} order by version desc`.execute(database)
      ).rows;
    },

    async version(id: string, version: number): Promise<VersionRow | undefined> {
      return (
        await sql<VersionRow>`${VERSION} where policy_id = ${id} and version = ${version}`.execute(database)
      ).rows[0];
    },

    /** Saves a policy with its first version. Rejects with SQLSTATE 23505 when the name is taken. */
    async create(
      policy: Pick<PolicyRow, 'id' | 'name' | 'description'>,
      first: Omit<VersionRow, 'policyId' | 'version'>,
      witness: Witness,
    ): Promise<void> {
      await within(database, async (tx) => {
        await sql`insert into policies (id, name, description, active_version, latest_version, created_at, updated_at)
          values (${policy.id}, ${policy.name}, ${policy.description}, 1, 1, ${first.createdAt}, ${first.createdAt})
        `.execute(tx);
        await insertVersion(tx, { ...first, policyId: policy.id, version: 1 });
        await witness(tx);
        await notify(tx);
      });
    },

    /** As {@link create}, but only while there is no policy at all; false when there was one. */
    async createIfNone(
      policy: Pick<PolicyRow, 'id' | 'name' | 'description'>,
      first: Omit<VersionRow, 'policyId' | 'version'>,
      witness: Witness,
    ): Promise<boolean> {
      return await within(database, async (tx) => {
        await sql`lock table policies in share row exclusive mode`.execute(tx);
        const made = await sql`
          insert into policies (id, name, description, active_version, latest_version, created_at, updated_at)
          select ${policy.id}::uuid, ${policy.name}::text, ${policy.description}::text, 1, 1,
            ${first.createdAt}::bigint, ${first.createdAt}::bigint
          where not exists (select from policies)`.execute(tx);
        if (made.numAffectedRows !== 1n) return false;
        await insertVersion(tx, { ...first, policyId: policy.id, version: 1 });
        await witness(tx);
        await notify(tx);
        return true;
      });
    },

    /** Adds the next version; two at once get different numbers. The number, or undefined without such a policy. */
    async addVersion(
      id: string,
      next: Omit<VersionRow, 'policyId' | 'version'>,
      activate: boolean,
      witness: (tx: Database, version: number) => Promise<void>,
    ): Promise<number | undefined> {
      return await within(database, async (tx) => {
        const { rows } = await sql<{ version: number }>`
          update policies set latest_version = latest_version + 1, updated_at = ${next.createdAt},
            active_version = case when ${activate}::boolean then latest_version + 1 else active_version end
          where id = ${id} returning latest_version as version`.execute(tx);
        const version = rows[0]?.version;
        if (version === undefined) return undefined;
        await insertVersion(tx, { ...next, policyId: id, version });
        await witness(tx, version);
        if (activate) await notify(tx);
        return version;
      });
    },

    /** False when there is no such policy or version. */
    async activate(id: string, version: number, nowMs: number, witness: Witness): Promise<boolean> {
      return await within(database, async (tx) => {
        const done = await sql`
          update policies set active_version = ${version}, updated_at = ${nowMs}
          where id = ${id} and exists (
            select from policy_versions where policy_id = ${id} and version = ${version})`.execute(tx);
        if (done.numAffectedRows !== 1n) return false;
        await witness(tx);
        await notify(tx);
        return true;
      });
    },

    /** False when there was none. Rejects with SQLSTATE 23503 while an endpoint refers to it. */
    async remove(id: string, witness: Witness): Promise<boolean> {
      return await within(database, async (tx) => {
        const done = await sql`delete from policies where id = ${id}`.execute(tx);
        if (done.numAffectedRows !== 1n) return false;
        await witness(tx);
        await notify(tx);
        return true;
      });
    },
  });
}
export type PolicyStore = ReturnType<typeof createPolicyStore>;
