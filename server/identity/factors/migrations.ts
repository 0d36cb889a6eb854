import type { Migration } from '../../platform/database/index.ts';

export const factorMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0010-identity-factors',
    sql: `
      alter table people add column break_glass boolean not null default false;
      alter table people add column break_glass_used_at timestamptz;
      comment on column people.break_glass_used_at is 'not null: the password was used and must be replaced';

      alter table sessions add column method text not null default 'password';
      alter table sessions add column second_factor boolean not null default false;
      alter table sessions add column confirmed_at timestamptz;
      comment on column sessions.second_factor is 'a second factor was given, here or at a trusted provider';
      comment on column sessions.confirmed_at is 'null: when the session began';

      alter table one_time_tokens drop constraint one_time_tokens_purpose_check;
      alter table one_time_tokens add constraint one_time_tokens_purpose_check
        check (purpose in ('setup', 'invite', 'reset'));
      alter table one_time_tokens drop constraint one_time_tokens_check;
      alter table one_time_tokens add constraint one_time_tokens_check
        check ((purpose = 'setup') = (person_id is null));

      create table person_totp (
        person_id uuid primary key references people on delete cascade,
        secret text,
        since timestamptz,
        last_step bigint not null default 0,
        pending_secret text,
        pending_until timestamptz,
        check ((secret is null) = (since is null))
      );
      comment on column person_totp.last_step is 'the newest time step whose code was taken: it and earlier ones are used up';
      create table person_recovery_codes (
        person_id uuid not null references people on delete cascade,
        hash text not null check (length(hash) = 64),
        used_at timestamptz,
        primary key (person_id, hash)
      );
      create table person_passkeys (
        id uuid primary key,
        person_id uuid not null references people on delete cascade,
        credential_id text not null unique,
        public_key bytea not null,
        counter bigint not null,
        transports text[] not null,
        synced boolean not null,
        name text not null,
        created_at timestamptz not null,
        last_used_at timestamptz
      );
      create index person_passkeys_person on person_passkeys (person_id);
      create table passkey_challenges (
        hash text primary key check (length(hash) = 64),
        purpose text not null check (purpose in ('register', 'sign-in', 'second-factor', 'step-up')),
        binding text not null,
        expires_at timestamptz not null
      );
      create index passkey_challenges_expires on passkey_challenges (expires_at);
      comment on column passkey_challenges.binding is 'whom it was given to: a session, a half-finished sign-in, or a browser';
      create table pending_sign_ins (
        hash text primary key check (length(hash) = 64),
        person_id uuid not null references people on delete cascade,
        method text not null,
        attempts int not null default 0,
        expires_at timestamptz not null
      );
      create index pending_sign_ins_person on pending_sign_ins (person_id);

      create table sign_in_settings (
        only_row boolean primary key default true check (only_row),
        version int not null,
        second_factor text not null check (second_factor in ('nobody', 'everyone', 'roles')),
        second_factor_roles text[] not null,
        idle_minutes int not null check (idle_minutes > 0),
        session_hours int not null check (session_hours > 0),
        updated_at timestamptz
      );
      insert into sign_in_settings (version, second_factor, second_factor_roles, idle_minutes, session_hours)
        values (1, 'nobody', '{}', 480, 24);

      -- Unlogged: a crash of the database forgets the counts of minutes, and no write waits for the disk.
      create unlogged table sign_in_attempts (
        key text primary key,
        since timestamptz not null,
        count int not null
      );
      create index sign_in_attempts_since on sign_in_attempts (since);

      create table alarms (
        id uuid primary key,
        kind text not null,
        severity text not null,
        summary text not null,
        subject text not null,
        at timestamptz not null,
        acknowledged_at timestamptz,
        acknowledged_by text,
        check ((acknowledged_at is null) = (acknowledged_by is null))
      );
      create index alarms_open on alarms (at) where acknowledged_at is null;
    `,
  },
  {
    id: '0011-identity-challenge-binding',
    sql: 'create index passkey_challenges_binding on passkey_challenges (binding, purpose);',
  },
  {
    id: '0012-identity-alarm-note',
    sql: `
      alter table alarms add column acknowledged_note text;
      comment on column alarms.acknowledged_note is 'null: open, or acknowledged before a note was asked for';
    `,
  },
]);
