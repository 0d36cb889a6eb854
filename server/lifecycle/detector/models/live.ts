import { type DetectorSwitch, RULES_ALONE } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { BuiltIn } from './built-in.ts';

interface SwitchRow {
  readonly model: string;
  readonly builtIn: boolean;
  readonly before: string;
  readonly comparisonId: string | null;
  readonly override: string;
  readonly byId: string;
  readonly byName: string;
  readonly at: number;
}

export interface NewSwitch extends SwitchRow {
  readonly id: string;
}

const MOST_SHOWN = 100;
const COLUMNS = sql`model, built_in as "builtIn", before, comparison_id as "comparisonId", override,
  by_id as "byId", by_name as "byName", at`;

/** Which model is live and was when: what people said last, else the product's own. */
export function createLive(database: Database, builtIn: () => BuiltIn) {
  const nameOf = (row: SwitchRow | undefined): string =>
    row === undefined || row.builtIn ? builtIn().name : row.model;

  async function at(ms: number): Promise<string> {
    const { rows } = await sql<SwitchRow>`select ${COLUMNS} from detector_switches where at <= ${ms}
      order by at desc, id desc limit 1`.execute(database);
    return nameOf(rows[0]);
  }

  return Object.freeze({
    at,
    name: (): Promise<string> => at(Number.MAX_SAFE_INTEGER),

    async switches(): Promise<DetectorSwitch[]> {
      const { rows } = await sql<SwitchRow>`select ${COLUMNS} from detector_switches
        order by at desc, id desc limit ${MOST_SHOWN}`.execute(database);
      return rows.map(({ builtIn: _builtIn, byId, byName, ...row }) => ({
        ...row,
        by: { id: byId, name: byName },
      }));
    },

    /** When each model was last put live. */
    async since(): Promise<Map<string, number>> {
      const { rows } = await sql<{ model: string; at: number }>`
        select model, max(at) as at from detector_switches group by model`.execute(database);
      return new Map(rows.map(({ model, at }) => [model, at]));
    },

    /** One switch, or removal of a model, at a time. */
    lock: (tx: Database) => sql`lock table detector_switches in share row exclusive mode`.execute(tx),

    add: (one: NewSwitch, tx: Database) =>
      sql`insert into detector_switches (id, model, built_in, before, comparison_id, override, by_id, by_name, at)
        values (${one.id}, ${one.model}, ${one.builtIn}, ${one.before}, ${one.comparisonId}, ${one.override},
          ${one.byId}, ${one.byName}, ${one.at})`.execute(tx),
  });
}
export type Live = ReturnType<typeof createLive>;

export const isRules = (name: string): boolean => name === RULES_ALONE;
