import type { Migration } from '../../platform/database/types.ts';

export const inventoryMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0251-inventory-systems',
    sql: `
      create table systems (
        id uuid primary key,
        key text not null constraint systems_key unique,
        name text not null,
        state text not null check (state in ('idea', 'development', 'pilot', 'production', 'retired')),
        team_id uuid constraint systems_team references teams (id) on delete restrict,
        -- {kind, id, name}: a person or team may be gone one day, so nothing refers to them.
        owner jsonb,
        backup_owner jsonb,
        tags text[] not null,
        -- What lists are searched in, in lower case.
        search text not null,
        -- Everything else that people say of it.
        fields jsonb not null,
        -- suggested, impact, exposure, override, assessedAt, assessedBy, questionnaire
        risk jsonb,
        -- In force: the override's, else the suggested.
        tier text,
        act_class text,
        last_review jsonb,
        revision integer not null,
        created_at bigint not null,
        created_by text not null,
        updated_at bigint not null,
        retired_at bigint
      );
      create index systems_by_name on systems (lower(name), id);
      create index systems_team on systems (team_id) where team_id is not null;
      -- Models and endpoints belong to later stages and may be gone: what is linked stays named.
      create table system_models (
        system_id uuid not null references systems on delete cascade,
        model_id uuid not null,
        primary key (system_id, model_id)
      );
      create index system_models_model on system_models (model_id);
      create table system_endpoints (
        system_id uuid not null references systems on delete cascade,
        endpoint_id uuid not null,
        primary key (system_id, endpoint_id)
      );
      create index system_endpoints_endpoint on system_endpoints (endpoint_id);
      create table system_changes (
        id uuid primary key,
        system_id uuid not null references systems on delete cascade,
        revision integer not null,
        at bigint not null,
        actor jsonb not null,
        action text not null,
        changes jsonb not null,
        note text not null
      );
      create index system_changes_system on system_changes (system_id, id desc);
      create table system_assessments (
        id uuid primary key,
        system_id uuid not null references systems on delete cascade,
        at bigint not null,
        by_name text not null,
        note text not null,
        answers jsonb not null,
        result jsonb not null
      );
      create index system_assessments_system on system_assessments (system_id, id desc);
    `,
  },
]);
