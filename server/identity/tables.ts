import type { KeyScope, Limits, Role } from '@bartizan/contracts';
import type { ColumnType, Kysely } from 'kysely';
import type { FactorTables, SignInMethod } from './factors/tables.ts';
import type { FederationTables } from './federation/tables.ts';
import type { TeamTables } from './teams/tables.ts';

export type IdentityTables = FactorTables &
  FederationTables &
  TeamTables & {
    people: {
      id: string;
      name: string;
      email: string;
      email_verified: ColumnType<boolean, boolean | undefined, boolean>;
      roles: Role[];
      disabled: ColumnType<boolean, boolean | undefined, boolean>;
      /** An account for emergencies. */
      break_glass: ColumnType<boolean, boolean | undefined, never>;
      /** When its password was used; it must be replaced then. */
      break_glass_used_at: ColumnType<Date | null, undefined, Date | null>;
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
      last_seen_at: ColumnType<Date | null, undefined, Date>;
      method: SignInMethod;
      /** A second factor was given, here or at a trusted provider. */
      second_factor: boolean;
      /** When the person last proved who they are; null means when the session began. */
      confirmed_at: ColumnType<Date | null, undefined, Date>;
    };
    one_time_tokens: {
      hash: string;
      purpose: 'setup' | 'invite' | 'reset';
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
      limits: ColumnType<Limits, string, string>;
      /** Null: of a service account, or, without one, of Bartizan itself. */
      owner_id: string | null;
      service_account_id: string | null;
      created_at: Date;
      rotated_at: ColumnType<Date | null, undefined, Date>;
      previous_hash: ColumnType<string | null, undefined, string | null>;
      previous_prefix: ColumnType<string | null, undefined, string | null>;
      previous_ends_at: ColumnType<Date | null, undefined, Date | null>;
      expires_at: Date | null;
      last_used_at: ColumnType<Date | null, undefined, Date>;
      revoked_at: ColumnType<Date | null, undefined, Date>;
    };
  };

/** A connection or a transaction. */
export type IdentityDatabase = Kysely<IdentityTables>;
