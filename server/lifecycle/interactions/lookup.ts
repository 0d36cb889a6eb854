import type { GuardFinding } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import type { Contents } from './contents-store.ts';
import type { Position } from './filter.ts';
import { COLUMNS, type Row } from './pages.ts';

/** Reads interactions by their place, for those who were told of them: in any order, each at most once. */
export function createLookup(database: Database, contents: Pick<Contents, 'bodies' | 'excerpts'>) {
  return Object.freeze({
    /** Those that are still there. */
    async rows(places: readonly Position[]): Promise<Row[]> {
      if (places.length === 0) return [];
      const ats = places.map(({ at }) => at);
      const { rows } = await sql<Row>`
        select ${COLUMNS} from unnest(${ats}::bigint[], ${places.map(({ id }) => id)}::uuid[]) as p(at, id)
        join interactions i on i.at = p.at and i.id = p.id
        where i.at between ${Math.min(...ats)}::bigint and ${Math.max(...ats)}::bigint`.execute(database);
      return rows;
    },

    /** What guards found, without any text; nothing where the content cannot be opened any more. */
    async findings(places: readonly Position[]): Promise<Map<string, readonly GuardFinding[]>> {
      const found = new Map<string, readonly GuardFinding[]>();
      if (places.length === 0) return found;
      for await (const { id, body } of contents.bodies(places)) if (body) found.set(id, body.findings);
      return found;
    },

    /** First words of prompts, every span that a guard found masked. */
    async maskedExcerpts(places: readonly Position[]): Promise<Map<string, string>> {
      const excerpts = await contents.excerpts(places);
      return new Map([...excerpts].map(([id, { masked }]) => [id, masked]));
    },
  });
}
export type Lookup = ReturnType<typeof createLookup>;
