import type { KeyScope, Limits, Role } from '@bartizan/contracts';
import type { ColumnType, Kysely } from 'kysely';
import type { TeamTables } from './teams/tables.ts';

export type IdentityTables = TeamTables & {
  people: {
    id: string;
    name: string;
    email: string;
    email_verified: ColumnType<boolean, boolean | undefined, boolean>;
    roles: Role[];
    disabled: ColumnType<boolean, boolean | undefined, boolean>;
    last_seen_at: ColumnType<Date | null, Date | undefined, Date>;
    created_at: Date;
    updated_at: Date;
  };
  people_credentials: {
    id: string;
    person_id: string;
    provider_id: string;
    account_id: string;
    password: string | null;
    created_at: Date;
    updated_at: Date;
  };
  sessions: {
    id: string;
    token: string;
    person_id: string;
    ip_address: string | null;
    user_agent: string | null;
    expires_at: Date;
    created_at: Date;
    updated_at: Date;
    last_seen_at: Date | null;
  };
  one_time_tokens: {
    hash: string;
    purpose: 'setup' | 'invite';
    person_id: string | null;
    expires_at: Date;
  };
  api_keys: {
    id: string;
    name: string;
    prefix: string;
    hash: string;
    scopes: KeyScope[];
    endpoints: string[] | null;
    limits: ColumnType<Limits, string, never>;
    owner_id: string | null;
    created_at: Date;
    expires_at: Date | null;
    last_used_at: ColumnType<Date | null, undefined, Date>;
    revoked_at: ColumnType<Date | null, undefined, Date>;
  };
};

/** A connection or a transaction. */
export type IdentityDatabase = Kysely<IdentityTables>;
