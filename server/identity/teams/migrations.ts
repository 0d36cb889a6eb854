import type { Migration } from '../../platform/database/index.ts';

export const teamMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0020-identity-teams',
    sql: `
      create table teams (
        id uuid primary key,
        name text not null,
        description text not null,
        created_at timestamptz not null
      );
      create unique index teams_name on teams (lower(name));
      -- A person is in a team as long as one source says so.
      create table team_members (
        team_id uuid not null references teams on delete cascade,
        person_id uuid not null references people on delete cascade,
        source text not null check (source in ('manual', 'sso', 'scim')),
        primary key (person_id, team_id, source)
      );
      create index team_members_team on team_members (team_id);
    `,
  },
]);
