import type { SigningPolicy } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { BundleRow, Judgement, StoredBundle, StoredSigner } from './model.ts';

const SIGNER = sql`s.id, s.name, s.team_id as "teamId", s.models, s.trust, s.fingerprint,
  s.valid_from as "validFrom", s.valid_until as "validUntil", s.created_by as "createdBy",
  s.created_at as "createdAt", case when s.revoked_at is null then null else
  json_build_object('at', s.revoked_at, 'by', s.revoked_by, 'reason', s.revoked_reason) end as revoked`;
const BUNDLE = sql`b.id, b.version_id as "versionId", b.kind, b.sha256, b.predicate_type as "predicateType",
  b.provenance, b.signed_with as "signedWith", b.unsigned_files as "unsignedFiles", b.binds_names as "bindsNames", b.state, b.code, b.message,
  b.signer_id as "signerId", b.received_at as "receivedAt", b.received_by as "receivedBy",
  b.verified_at as "verifiedAt"`;
const POLICY = sql`id, name, team_id as "teamId", rules, created_at as "createdAt", updated_at as "updatedAt"`;

interface PolicyRow {
  readonly id: string;
  readonly name: string;
  readonly teamId: string | null;
  readonly rules: Omit<SigningPolicy, 'id' | 'name' | 'teamId' | 'createdAt' | 'updatedAt'>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const policyOf = ({ rules, ...row }: PolicyRow): SigningPolicy => ({ ...row, ...rules });

/** A version that hangs on a signer. */
export interface HangingVersion {
  readonly modelId: string;
  readonly model: string;
  readonly teamId: string | null;
  readonly version: number;
  readonly versionId: string;
  readonly stage: string;
  readonly aliases: string[];
  readonly otherwise: boolean;
}

/** What is to be judged again. */
export interface Waiting {
  readonly id: string;
  readonly bundle: string;
  readonly receivedAt: number;
  readonly modelName: string;
  readonly teamId: string | null;
  readonly state: string;
}

export function createSigningStore(database: Database) {
  return Object.freeze({
    signers: async (within: Database = database): Promise<readonly StoredSigner[]> =>
      (
        await sql<StoredSigner>`select ${SIGNER} from signing_signers s order by s.created_at, s.id`.execute(
          within,
        )
      ).rows,

    /** How many versions each signer vouches for. */
    versionCounts: async (): Promise<ReadonlyMap<string, number>> =>
      new Map(
        (
          await sql<{
            id: string;
            n: number;
          }>`select b.signer_id as id, count(distinct b.version_id)::int as n
            from signing_bundles b join model_versions v on v.id = b.version_id
            where b.signer_id is not null and v.removed_at is null group by b.signer_id`.execute(database)
        ).rows.map(({ id, n }) => [id, n]),
      ),

    /** Throws a unique violation when the name is taken. */
    async addSigner(signer: StoredSigner, tx: Database): Promise<void> {
      await sql`insert into signing_signers (id, name, team_id, models, trust, fingerprint, valid_from, valid_until,
          created_by, created_at)
        values (${signer.id}, ${signer.name}, ${signer.teamId}, ${signer.models}::text[],
          ${JSON.stringify(signer.trust)}::jsonb, ${signer.fingerprint}, ${signer.validFrom}, ${signer.validUntil},
          ${signer.createdBy}, ${signer.createdAt})`.execute(tx);
    },

    /** False when it was revoked before. What it vouched for is untrusted at once. */
    async revoke(
      id: string,
      revoked: { readonly at: number; readonly by: string; readonly reason: string },
      tx: Database,
    ): Promise<boolean> {
      const done =
        await sql`update signing_signers set revoked_at = ${revoked.at}, revoked_by = ${revoked.by},
        revoked_reason = ${revoked.reason} where id = ${id} and revoked_at is null`.execute(tx);
      await sql`update signing_bundles set state = 'untrusted', code = 'signer_revoked',
        message = 'whoever made it is not trusted any more', verified_at = ${revoked.at}
        where signer_id = ${id} and state = 'trusted'`.execute(tx);
      return Number(done.numAffectedRows ?? 0) > 0;
    },

    /** Whether the signer still counts; it cannot be revoked until the transaction is over. */
    holdSigner: async (id: string, tx: Database): Promise<boolean> =>
      (await sql`select from signing_signers where id = ${id} and revoked_at is null for share`.execute(tx))
        .rows.length > 0,

    hanging: async (signerId: string): Promise<readonly HangingVersion[]> =>
      (
        await sql<HangingVersion>`select m.id as "modelId", m.name as model, m.team_id as "teamId", v.version,
            v.id as "versionId", v.stage,
            array(select a.alias from model_aliases a where a.version_id = v.id order by a.alias) as aliases,
            exists (select from signing_bundles o where o.version_id = v.id and o.kind = 'signature'
              and o.state = 'trusted' and o.signer_id <> ${signerId}) as otherwise
          from model_versions v join models m on m.id = v.model_id
          where v.removed_at is null
            and exists (select from signing_bundles b where b.version_id = v.id and b.signer_id = ${signerId})
          order by m.name, v.version limit 10000`.execute(database)
      ).rows,

    version: async (
      id: string,
    ): Promise<{ id: string; modelName: string; teamId: string | null } | undefined> =>
      (
        await sql<{
          id: string;
          modelName: string;
          teamId: string | null;
        }>`select v.id, m.name as "modelName",
            m.team_id as "teamId" from model_versions v join models m on m.id = v.model_id
          where v.id = ${id}`.execute(database)
      ).rows[0],

    /** Of the versions, newest first. */
    bundles: async (
      versionIds: readonly string[],
      within: Database = database,
    ): Promise<readonly BundleRow[]> =>
      (
        await sql<BundleRow>`select ${BUNDLE}, s.name as "signerName" from signing_bundles b
          left join signing_signers s on s.id = b.signer_id
          where b.version_id = any(${versionIds}::uuid[]) order by b.received_at desc, b.id desc`.execute(
          within,
        )
      ).rows,

    bundleText: async (versionId: string, id: string): Promise<string | undefined> =>
      (
        await sql<{ bundle: string }>`select bundle from signing_bundles
          where id = ${id} and version_id = ${versionId}`.execute(database)
      ).rows[0]?.bundle,

    /** Throws a unique violation when the same bundle is there already. */
    async addBundle(one: StoredBundle, tx: Database): Promise<void> {
      await sql`insert into signing_bundles (id, version_id, kind, bundle, sha256, predicate_type, provenance,
          signed_with, unsigned_files, binds_names, state, code, message, signer_id, received_at, received_by,
          verified_at)
        values (${one.id}, ${one.versionId}, ${one.kind}, ${one.bundle}, ${one.sha256}, ${one.predicateType},
          ${one.provenance === null ? null : JSON.stringify(one.provenance)}::jsonb,
          ${JSON.stringify(one.signedWith)}::jsonb, ${one.unsignedFiles}::text[], ${one.bindsNames}, ${one.state}, ${one.code},
          ${one.message}, ${one.signerId}, ${one.receivedAt}, ${one.receivedBy}, ${one.verifiedAt})`.execute(
        tx,
      );
    },

    async removeBundle(versionId: string, id: string, tx: Database): Promise<BundleRow | undefined> {
      return (
        await sql<BundleRow>`delete from signing_bundles b where b.id = ${id} and b.version_id = ${versionId}
          returning ${BUNDLE}, null as "signerName"`.execute(tx)
      ).rows[0];
    },

    /** Bundles nobody vouches for, in the order of their ids, from behind `after` on; all that hang on `signerId`, if given. */
    waiting: async (after: string | null, limit: number): Promise<readonly Waiting[]> =>
      (
        await sql<Waiting>`select b.id, b.bundle, b.received_at as "receivedAt", m.name as "modelName",
            m.team_id as "teamId", b.state
          from signing_bundles b join model_versions v on v.id = b.version_id join models m on m.id = v.model_id
          where b.state <> 'trusted' and v.removed_at is null and (${after}::uuid is null or b.id > ${after}::uuid)
          order by b.id limit ${limit}`.execute(database)
      ).rows,

    /**
     * Writes what came of judging again. A bundle that becomes trusted does so only while its signer is not revoked.
     */
    async judged(id: string, { state, code, message, signerId }: Judgement, atMs: number): Promise<void> {
      await sql`update signing_bundles set state = ${state}, code = ${code}, message = ${message},
        signer_id = coalesce(${signerId}::uuid, signer_id), verified_at = ${atMs}
        where id = ${id} and state <> 'trusted' and (${signerId}::uuid is null or exists (
          select from signing_signers where id = ${signerId}::uuid and revoked_at is null for share))`.execute(
        database,
      );
    },

    policies: async (within: Database = database): Promise<readonly SigningPolicy[]> =>
      (
        await sql<PolicyRow>`select ${POLICY} from signing_policies order by name, id`.execute(within)
      ).rows.map(policyOf),

    /** Throws a unique violation when the name is taken. */
    async addPolicy(
      { id, name, teamId = null, createdAt, updatedAt, ...rules }: SigningPolicy,
      tx: Database,
    ) {
      await sql`insert into signing_policies (id, name, team_id, rules, created_at, updated_at)
        values (${id}, ${name}, ${teamId}, ${JSON.stringify(rules)}::jsonb, ${createdAt}, ${updatedAt})`.execute(
        tx,
      );
    },
    async updatePolicy(
      { id, name, teamId = null, createdAt, updatedAt, ...rules }: SigningPolicy,
      tx: Database,
    ) {
      await sql`update signing_policies set name = ${name}, team_id = ${teamId},
        rules = ${JSON.stringify(rules)}::jsonb, updated_at = ${updatedAt}
        where id = ${id} and created_at = ${createdAt}`.execute(tx);
    },
    async removePolicy(id: string, tx: Database): Promise<void> {
      await sql`delete from signing_policies where id = ${id}`.execute(tx);
    },
    transaction: <T>(run: (tx: Database) => Promise<T>): Promise<T> => database.transaction().execute(run),
  });
}
export type SigningStore = ReturnType<typeof createSigningStore>;
