import { type DetectorSwitch, RULES_ALONE } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { BuiltIn } from './built-in.ts';

/** A model as switches and comparisons know it. */
export interface KnownModel {
  readonly name: string;
  /** The product's own, whatever it is in the version that runs. */
  readonly builtIn: boolean;
  /** Of its manifest in canonical form; null of the rules alone. */
  readonly sha256: string | null;
}

interface SwitchRow extends Omit<DetectorSwitch, 'by'> {
  readonly builtIn: boolean;
  readonly byId: string;
  readonly byName: string;
}

export interface NewSwitch extends Omit<SwitchRow, 'number'> {
  readonly id: string;
}

const MOST_SHOWN = 100;
const COLUMNS = sql`number, model, sha256, built_in as "builtIn", before, before_sha256 as "beforeSha256",
  comparison_id as "comparisonId", override, by_id as "byId", by_name as "byName", at`;

/** Which model is live and was when: what people said last, else the product's own. Switches count in their order. */
export function createLive(database: Database, builtIn: BuiltIn) {
  const own: KnownModel = { name: builtIn.name, builtIn: true, sha256: builtIn.sha256 };

  async function last(condition = sql`true`, db: Database = database): Promise<SwitchRow | undefined> {
    const { rows } = await sql<SwitchRow>`select ${COLUMNS} from detector_switches where ${condition}
      order by number desc limit 1`.execute(db);
    return rows[0];
  }

  const modelOf = (row: SwitchRow | undefined): KnownModel =>
    row === undefined || row.builtIn ? own : { name: row.model, builtIn: false, sha256: row.sha256 };

  return Object.freeze({
    now: async (db?: Database): Promise<KnownModel> => modelOf(await last(sql`true`, db)),

    /** Number of the latest switch; 0 before the first. */
    number: async (db?: Database): Promise<number> => (await last(sql`true`, db))?.number ?? 0,

    /** Name of the model that was live at an instant, as far as the clocks were right. */
    at: async (ms: number): Promise<string> => modelOf(await last(sql`at <= ${ms}`)).name,

    async switches(): Promise<DetectorSwitch[]> {
      const { rows } = await sql<SwitchRow>`select ${COLUMNS} from detector_switches
        order by number desc limit ${MOST_SHOWN}`.execute(database);
      return rows.map(({ builtIn: _builtIn, byId, byName, ...row }) => ({
        ...row,
        by: { id: byId, name: byName },
      }));
    },

    /** When a model was last put live; null: never. */
    async since({ builtIn: isOwn, sha256 }: KnownModel): Promise<number | null> {
      const { rows } = await sql<{ at: number }>`select at from detector_switches
        where ${isOwn ? sql`built_in` : sql`not built_in and sha256 = ${sha256}`}
        order by number desc limit 1`.execute(database);
      return rows[0]?.at ?? null;
    },

    /** One switch, or removal of a model, at a time. */
    lock: (tx: Database) => sql`lock table detector_switches in share row exclusive mode`.execute(tx),

    /** Within a transaction that holds the lock. */
    add: (one: NewSwitch, tx: Database) =>
      sql`insert into detector_switches (id, number, model, sha256, built_in, before, before_sha256, comparison_id,
          override, by_id, by_name, at)
        select ${one.id}::uuid, coalesce(max(number), 0) + 1, ${one.model}, ${one.sha256}, ${one.builtIn}::boolean,
          ${one.before}, ${one.beforeSha256}, ${one.comparisonId}::uuid, ${one.override}, ${one.byId}, ${one.byName},
          ${one.at}::bigint
        from detector_switches`.execute(tx),
  });
}
export type Live = ReturnType<typeof createLive>;

export const isRules = (name: string): boolean => name === RULES_ALONE;
