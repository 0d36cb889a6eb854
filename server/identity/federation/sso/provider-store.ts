import { SsoProviderFields } from '@bartizan/contracts';
import { type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { sql } from 'kysely';
import type { IdentityDatabase } from '../../tables.ts';
import type { ProviderSettings } from './claims.ts';
import type { OidcProvider } from './oidc.ts';

export interface StoredProvider {
  readonly id: string;
  readonly settings: ProviderSettings;
  readonly sealedSecret: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** People who are linked to it. */
  readonly people: number;
}

/** A secret opens only in the row and for the issuer that it was sealed for. */
export const secretContext = (id: string, issuer: string): string => `sso-client-secret:${id}:${issuer}`;
export const sealSecret = (
  key: MasterKey,
  { id, issuer }: { readonly id: string; readonly issuer: string },
  secret: string,
): string => seal(key, secret, secretContext(id, issuer));

export const toOidcProvider = (
  key: MasterKey,
  { id, settings, sealedSecret, updatedAt }: StoredProvider,
): OidcProvider => ({
  id,
  updatedAt: updatedAt.getTime(),
  settings,
  clientSecret: sealedSecret === null ? null : unseal(key, sealedSecret, secretContext(id, settings.issuer)),
});

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function createProviderStore(db: IdentityDatabase) {
  const rows = () =>
    db
      .selectFrom('sso_providers')
      .select(['id', 'settings', 'client_secret', 'created_at', 'updated_at'])
      .select(
        sql<number>`(select count(*)::int from federated_identities f where f.provider_id = sso_providers.id)`.as(
          'people',
        ),
      );
  type Row = Awaited<ReturnType<ReturnType<typeof rows>['executeTakeFirstOrThrow']>>;
  const toStored = (row: Row): StoredProvider => ({
    id: row.id,
    settings: SsoProviderFields.parse(row.settings),
    sealedSecret: row.client_secret,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    people: row.people,
  });

  return Object.freeze({
    async list(): Promise<StoredProvider[]> {
      return (await rows().orderBy('created_at').limit(100).execute()).map(toStored);
    },

    /** Undefined for what is no id too. */
    async byId(id: string): Promise<StoredProvider | undefined> {
      if (!UUID.test(id)) return undefined;
      const row = await rows().where('id', '=', id).executeTakeFirst();
      return row && toStored(row);
    },

    async save(provider: Omit<StoredProvider, 'people'>): Promise<void> {
      const settings = JSON.stringify(provider.settings);
      const row = { settings, client_secret: provider.sealedSecret, updated_at: provider.updatedAt };
      await db
        .insertInto('sso_providers')
        .values({ id: provider.id, created_at: provider.createdAt, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },

    /** Its links to people go with it. */
    async remove(id: string): Promise<void> {
      await db.deleteFrom('directory_roles').where('source', '=', `sso:${id}`).execute();
      await db.deleteFrom('sso_providers').where('id', '=', id).execute();
    },

    /** Whom a subject of an issuer is linked to. */
    async personOf(providerId: string, issuer: string, subject: string): Promise<string | undefined> {
      const row = await db
        .selectFrom('federated_identities')
        .select('person_id')
        .where('provider_id', '=', providerId)
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .executeTakeFirst();
      return row?.person_id;
    },

    /** Links, or notes another sign-in of who is linked. */
    async link(link: { providerId: string; issuer: string; subject: string; personId: string; at: Date }) {
      await db
        .insertInto('federated_identities')
        .values({
          provider_id: link.providerId,
          issuer: link.issuer,
          subject: link.subject,
          person_id: link.personId,
          created_at: link.at,
          last_sign_in_at: link.at,
        })
        .onConflict((conflict) =>
          conflict.columns(['provider_id', 'issuer', 'subject']).doUpdateSet({ last_sign_in_at: link.at }),
        )
        .execute();
    },

    /** True the first time only: every answer of a provider counts once. */
    async spend(hash: string, now: Date, until: Date): Promise<boolean> {
      await db.deleteFrom('sso_spent').where('expires_at', '<', now).execute();
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('sso_spent')
        .values({ hash, expires_at: until })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
  });
}
export type ProviderStore = ReturnType<typeof createProviderStore>;
