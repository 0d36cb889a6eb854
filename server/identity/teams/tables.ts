import type { MembershipSource } from '@bartizan/contracts';

export type TeamTables = {
  teams: {
    id: string;
    name: string;
    description: string;
    created_at: Date;
  };
  team_members: {
    team_id: string;
    person_id: string;
    source: MembershipSource;
  };
};
