import { type RawBuilder, sql } from 'kysely';
import type { Clause, Dialect, Entity, Operator, Order } from './grammar.ts';

/** Where the things of a dialect lie. Built from constants of ours only; what people write goes in as parameters. */
export interface Target {
  readonly dialect: Dialect;
  /** Expressions of the attributes. */
  readonly columns: Readonly<Record<string, RawBuilder<unknown>>>;
  /** Of an entity that hangs on the thing: a subquery head up to its `where`, and the column that is compared. */
  readonly hanging: Readonly<Partial<Record<Exclude<Entity['kind'], 'attribute'>, (key: string) => Hanging>>>;
}

export interface Hanging {
  /** `from … where …`, with the key as a parameter. */
  readonly from: RawBuilder<unknown>;
  readonly column: RawBuilder<unknown>;
}

type Condition = RawBuilder<boolean>;

const OPERATORS: Readonly<Record<Operator, RawBuilder<unknown>>> = {
  '=': sql`=`,
  '!=': sql`<>`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
  LIKE: sql`like`,
  ILIKE: sql`ilike`,
  IN: sql`= any`,
  'NOT IN': sql`<> all`,
  'IS NULL': sql`is null`,
  'IS NOT NULL': sql`is not null`,
};

/** PostgreSQL stores no NUL, so nothing that it stores equals a text that has one. */
const NOTHING = /\0/;

function comparison(column: RawBuilder<unknown>, { operator, value }: Clause): Condition {
  if (value === null) return sql`${column} ${OPERATORS[operator]}`;
  if (typeof value === 'number') {
    // NaN is above everything for PostgreSQL, and compares with nothing for people.
    const real = operator === '!=' ? sql`true` : sql`${column} <> 'NaN'::float8`;
    return sql`(${real} and ${column} ${OPERATORS[operator]} ${value}::float8)`;
  }
  if (typeof value !== 'string') {
    const storable = value.filter((one) => !NOTHING.test(one));
    return sql`${column} ${OPERATORS[operator]} (${storable}::text[])`;
  }
  if (NOTHING.test(value)) return operator === '!=' ? sql`true` : sql`false`;
  const escape = operator === 'LIKE' || operator === 'ILIKE' ? sql` escape ''` : sql``;
  return sql`${column} ${OPERATORS[operator]} ${value}::text${escape}`;
}

/** One condition for a clause; the clause was read by the target's own dialect. */
export function conditionOf(clause: Clause, target: Target): Condition {
  if (clause.kind === 'attribute') {
    const column = target.columns[clause.key];
    if (column === undefined) throw new TypeError('an attribute has no column');
    return comparison(column, clause);
  }
  const hanging = target.hanging[clause.kind]?.(clause.key);
  if (hanging === undefined) throw new TypeError('a kind of entity has no table');
  if (clause.operator === 'IS NULL') return sql`not exists (select ${hanging.from})`;
  if (clause.operator === 'IS NOT NULL') return sql`exists (select ${hanging.from})`;
  return sql`exists (select ${hanging.from} and ${comparison(hanging.column, clause)})`;
}

/** All clauses at once; true where there is none. */
export function allOf(clauses: readonly Clause[], target: Target): Condition {
  const conditions = clauses.map((clause) => conditionOf(clause, target));
  return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`;
}

/** Terms of an `order by`: what has no value comes last, before it NaN. */
export function orderTerms(orders: readonly Order[], target: Target): readonly RawBuilder<unknown>[] {
  return orders.flatMap((order) => {
    const direction = order.ascending ? sql`asc` : sql`desc`;
    if (order.kind === 'attribute') {
      const column = target.columns[order.key];
      if (column === undefined) throw new TypeError('an attribute has no column');
      return [sql`${column} ${direction} nulls last`];
    }
    const hanging = target.hanging[order.kind]?.(order.key);
    if (hanging === undefined) throw new TypeError('a kind of entity has no table');
    const value = sql`(select ${hanging.column} ${hanging.from} limit 1)`;
    if (order.kind !== 'metric') return [sql`${value} ${direction} nulls last`];
    return [sql`(${value} = 'NaN'::float8) asc nulls last`, sql`${value} ${direction} nulls last`];
  });
}
