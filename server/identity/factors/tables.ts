import type { Alarm, Role } from '@bartizan/contracts';
import type { ColumnType } from 'kysely';

export type ChallengePurpose = 'register' | 'sign-in' | 'second-factor' | 'step-up';

/** How a session came to be. */
export type SignInMethod = 'password' | 'passkey' | 'sso' | 'setup' | 'invite' | 'reset' | 'break-glass';

export type FactorTables = {
  person_totp: {
    person_id: string;
    secret: ColumnType<string | null, string | undefined, string | null>;
    since: ColumnType<Date | null, Date | undefined, Date | null>;
    last_step: ColumnType<number, number | undefined, number>;
    pending_secret: string | null;
    pending_until: Date | null;
  };
  person_recovery_codes: {
    person_id: string;
    hash: string;
    used_at: ColumnType<Date | null, undefined, Date>;
  };
  person_passkeys: {
    id: string;
    person_id: string;
    credential_id: string;
    public_key: Buffer;
    counter: number;
    transports: string[];
    synced: boolean;
    name: string;
    created_at: Date;
    last_used_at: ColumnType<Date | null, undefined, Date>;
  };
  passkey_challenges: { hash: string; purpose: ChallengePurpose; binding: string; expires_at: Date };
  pending_sign_ins: {
    hash: string;
    person_id: string;
    method: SignInMethod;
    attempts: ColumnType<number, undefined, number>;
    expires_at: Date;
  };
  sign_in_settings: {
    only_row: ColumnType<boolean, undefined, never>;
    version: number;
    second_factor: 'nobody' | 'everyone' | 'roles';
    second_factor_roles: Role[];
    idle_minutes: number;
    session_hours: number;
    updated_at: Date | null;
  };
  sign_in_attempts: { key: string; since: Date; count: number };
  alarms: {
    id: string;
    kind: Alarm['kind'];
    severity: 'high' | 'critical';
    summary: string;
    subject: string;
    at: Date;
    acknowledged_at: ColumnType<Date | null, undefined, Date>;
    acknowledged_by: ColumnType<string | null, undefined, string>;
    acknowledged_note: ColumnType<string | null, undefined, string>;
  };
};
