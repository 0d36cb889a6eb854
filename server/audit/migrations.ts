import type { Migration } from '../platform/database/index.ts';

export const auditMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0002-audit-create',
    sql: `
      create table audit_entries (
        id uuid primary key,
        at timestamptz not null,
        actor_kind text not null,
        actor_id text not null,
        actor_name text not null,
        action text not null,
        subject text not null,
        detail jsonb not null
      );
      create index audit_entries_at on audit_entries (at);
      create index audit_entries_subject on audit_entries (subject, at);
      create function audit_entries_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'audit entries are only ever added';
      end $$;
      create trigger audit_entries_append_only before update or delete on audit_entries
        for each row execute function audit_entries_append_only();
      create trigger audit_entries_no_truncate before truncate on audit_entries
        for each statement execute function audit_entries_append_only();
    `,
  },
]);
