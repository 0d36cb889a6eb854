import type { Role } from '@bartizan/contracts';
import type { IdentityDatabase } from '../tables.ts';

export interface FederationSettings {
  /** Passwords and passkeys sign nobody in, but for emergency accounts. */
  readonly sso_only: boolean;
  readonly scim_default_roles: Role[];
  /** Null lets keys live for ever. */
  readonly max_key_days: number | null;
}

/** The one row of settings of single sign-on, provisioning and keys. */
export function createSettingsStore(db: IdentityDatabase) {
  return Object.freeze({
    read: (): Promise<FederationSettings> =>
      db
        .selectFrom('federation_settings')
        .select(['sso_only', 'scim_default_roles', 'max_key_days'])
        .executeTakeFirstOrThrow(),

    async write(change: Partial<FederationSettings>): Promise<void> {
      await db.updateTable('federation_settings').set(change).execute();
    },
  });
}
