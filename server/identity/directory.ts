import { ROLES_OVER_ALL_TEAMS, type TeamRef } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { IdentityDatabase } from './tables.ts';

/** Somebody with an account, as other domains may refer to them. */
export interface DirectoryPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly disabled: boolean;
  /** Looks after the whole instance. */
  readonly overAllTeams: boolean;
  readonly teams: ReadonlySet<string>;
}

/** Whom to look for among the accounts that are in use. */
export interface DirectorySearch {
  /** Part of a name or e-mail address; '' for all. */
  readonly text: string;
  /** Only people of these teams, and the person `self`; `*` for all. */
  readonly teams: ReadonlySet<string> | '*';
  readonly self: string | null;
  readonly limit: number;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly disabled: boolean;
  readonly overAllTeams: boolean;
  readonly teams: readonly string[];
}

const toPerson = (row: Row): DirectoryPerson => Object.freeze({ ...row, teams: new Set(row.teams) });

/** A literal within a LIKE pattern. */
const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/**
 * Who there is, for domains that name people and teams. Emergency accounts are in nobody's list: they answer for
 * nothing.
 */
export function createDirectory(db: IdentityDatabase) {
  const over = sql`p.roles && ${[...ROLES_OVER_ALL_TEAMS]}::text[]`;
  const select = sql`select p.id, p.name, p.email, p.disabled, ${over} as "overAllTeams",
      coalesce((select array_agg(distinct m.team_id::text) from team_members m where m.person_id = p.id), '{}')
        as teams
    from people p`;

  async function read(where: ReturnType<typeof sql>): Promise<DirectoryPerson[]> {
    return (await sql<Row>`${select} where ${where}`.execute(db)).rows.map(toPerson);
  }

  return Object.freeze({
    /** Those of these people who have an account, disabled ones included, by their id. */
    async people(ids: readonly string[]): Promise<ReadonlyMap<string, DirectoryPerson>> {
      if (ids.length === 0) return new Map();
      const found = await read(sql`p.id = any(${[...new Set(ids)]}::uuid[])`);
      return new Map(found.map((person) => [person.id, person]));
    },

    /** Accounts in use that fit, by name. */
    search: ({ text, teams, self, limit }: DirectorySearch): Promise<DirectoryPerson[]> => {
      const like = `%${literal(text.toLowerCase())}%`;
      const there =
        teams === '*'
          ? sql`true`
          : sql`(p.id = ${self}::uuid or exists (select from team_members m
              where m.person_id = p.id and m.team_id = any(${[...teams]}::uuid[])))`;
      return read(sql`not p.disabled and not p.break_glass and ${there}
        and (lower(p.name) like ${like} or p.email like ${like}) order by lower(p.name), p.id limit ${limit}`);
    },

    /** Accounts in use with these e-mail addresses, by the address in lower case. */
    async byEmail(emails: readonly string[]): Promise<ReadonlyMap<string, DirectoryPerson>> {
      if (emails.length === 0) return new Map();
      const wanted = [...new Set(emails.map((email) => email.toLowerCase()))];
      const found = await read(
        sql`not p.disabled and not p.break_glass and p.email = any(${wanted}::text[])`,
      );
      return new Map(found.map((person) => [person.email, person]));
    },

    /** All teams, by name. */
    async teams(): Promise<readonly TeamRef[]> {
      return await db
        .selectFrom('teams')
        .select(['id', 'name'])
        .orderBy(sql`lower(name)`)
        .limit(10_000)
        .execute();
    },
  });
}
export type Directory = ReturnType<typeof createDirectory>;
