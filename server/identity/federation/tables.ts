import type { Role } from '@bartizan/contracts';
import type { ColumnType } from 'kysely';

/** A column of JSON: read as what it holds, written as text. */
type Json<T> = ColumnType<T, string, string>;
type Fields = Readonly<Record<string, unknown>>;

export type FederationTables = {
  federation_settings: {
    only_row: ColumnType<boolean, undefined, never>;
    sso_only: boolean;
    scim_default_roles: Role[];
    max_key_days: number | null;
  };
  sso_providers: {
    id: string;
    settings: Json<Fields>;
    client_secret: string | null;
    created_at: Date;
    updated_at: Date;
  };
  federated_identities: {
    provider_id: string;
    issuer: string;
    subject: string;
    person_id: string;
    created_at: Date;
    last_sign_in_at: Date;
  };
  sso_spent: { hash: string; expires_at: Date };
  directory_roles: { person_id: string; source: string; roles: Role[] };
  scim_tokens: {
    id: string;
    name: string;
    prefix: string;
    hash: string;
    created_by: string;
    created_at: Date;
    expires_at: Date | null;
    last_used_at: ColumnType<Date | null, undefined, Date>;
    revoked_at: ColumnType<Date | null, undefined, Date>;
  };
  scim_users: {
    person_id: string;
    user_name: string;
    external_id: string | null;
    attributes: Json<Fields>;
    provisioned: boolean;
    created_at: Date;
    updated_at: Date;
    deleted_at: ColumnType<Date | null, Date | undefined, Date | null>;
  };
  scim_groups: {
    id: string;
    name: string;
    external_id: string | null;
    roles: ColumnType<Role[], Role[] | undefined, Role[]>;
    teams: ColumnType<string[], string[] | undefined, string[]>;
    created_at: Date;
    updated_at: Date;
  };
  scim_members: { group_id: string; person_id: string };
  service_accounts: {
    id: string;
    name: string;
    description: string;
    roles: Role[];
    owner_id: string | null;
    team_id: string | null;
    disabled: ColumnType<boolean, undefined, boolean>;
    created_at: Date;
    removed_at: ColumnType<Date | null, undefined, Date>;
  };
};
