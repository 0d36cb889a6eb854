import type { Migration } from '../../platform/database/index.ts';

/** What migrations make, by name, so that a backup takes and a restore replaces that and nothing else. */
export interface OwnNames {
  readonly tables: ReadonlySet<string>;
  readonly routines: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly sequences: ReadonlySet<string>;
  readonly views: ReadonlySet<string>;
}

const CREATE =
  /\bcreate\s+(?:or\s+replace\s+)?(?:unlogged\s+)?(table|function|procedure|type|domain|sequence|view|materialized\s+view)\s+(?:if\s+not\s+exists\s+)?"?([a-z_][a-z0-9_]*)"?/gi;

/** The tables of the migrations themselves, which every instance has. */
const BASE = 'bartizan_migrations';

/** Reads the names out of the migrations' SQL. */
export function ownNames(migrations: readonly Migration[]): OwnNames {
  const found = {
    table: new Set([BASE]),
    routine: new Set(),
    type: new Set(),
    sequence: new Set(),
  } as Record<'table' | 'routine' | 'type' | 'sequence' | 'view', Set<string>>;
  found.view = new Set();
  for (const { sql } of migrations) {
    for (const [, what = '', name = ''] of sql.matchAll(CREATE)) {
      const kind = what.toLowerCase().replace(/\s+/g, ' ');
      if (kind === 'table') found.table.add(name);
      else if (kind === 'function' || kind === 'procedure') found.routine.add(name);
      else if (kind === 'sequence') found.sequence.add(name);
      else if (kind.endsWith('view')) found.view.add(name);
      else found.type.add(name);
    }
  }
  return Object.freeze({
    tables: found.table,
    routines: found.routine,
    types: found.type,
    sequences: found.sequence,
    views: found.view,
  });
}
