import type { Migration } from '../../platform/database/types.ts';

export const policyMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0100-policies-create',
    sql: `
      create table policies (
        id uuid primary key,
        name text not null,
        description text not null,
        active_version integer not null,
        latest_version integer not null,
        created_at bigint not null,
        updated_at bigint not null
      );
      create unique index policies_name on policies (lower(name));
      create table policy_versions (
        policy_id uuid not null references policies (id) on delete cascade,
        version integer not null,
        document jsonb not null,
        note text not null,
        created_at bigint not null,
        created_by text not null,
        primary key (policy_id, version)
      );
      -- A version is never changed, only superseded.
      create function policy_versions_immutable() returns trigger language plpgsql as $$
      begin
        raise exception 'policy versions are immutable';
      end $$;
      create trigger policy_versions_immutable before update on policy_versions
        for each row execute function policy_versions_immutable();
    `,
  },
]);
