import { type DuckDBType, DuckDBTypeId } from '@duckdb/node-api';
import { type ColumnType, MAX_DEPTH, type Schema } from '../records/index.ts';
import { ReadError } from './types.ts';

/** A name as SQL has it. */
export const quotedName = (name: string): string => `"${checked(name).replaceAll('"', '""')}"`;
/** A text as SQL has it. */
export const quotedText = (text: string): string => `'${checked(text).replaceAll("'", "''")}'`;

function checked(text: string): string {
  if (text.includes('\0')) throw new ReadError('A name holds a zero byte.');
  return text;
}

const PLAIN: Readonly<Partial<Record<DuckDBTypeId, ColumnType>>> = Object.freeze({
  [DuckDBTypeId.BOOLEAN]: { kind: 'boolean' },
  [DuckDBTypeId.TINYINT]: { kind: 'integer' },
  [DuckDBTypeId.SMALLINT]: { kind: 'integer' },
  [DuckDBTypeId.INTEGER]: { kind: 'integer' },
  [DuckDBTypeId.BIGINT]: { kind: 'integer' },
  [DuckDBTypeId.UTINYINT]: { kind: 'integer' },
  [DuckDBTypeId.USMALLINT]: { kind: 'integer' },
  [DuckDBTypeId.UINTEGER]: { kind: 'integer' },
  [DuckDBTypeId.UBIGINT]: { kind: 'integer' },
  [DuckDBTypeId.HUGEINT]: { kind: 'integer' },
  [DuckDBTypeId.FLOAT]: { kind: 'float' },
  [DuckDBTypeId.DOUBLE]: { kind: 'double' },
  [DuckDBTypeId.BLOB]: { kind: 'bytes' },
  [DuckDBTypeId.DATE]: { kind: 'date' },
  [DuckDBTypeId.TIME]: { kind: 'time' },
  [DuckDBTypeId.TIMESTAMP]: { kind: 'timestamp' },
  [DuckDBTypeId.TIMESTAMP_S]: { kind: 'timestamp' },
  [DuckDBTypeId.TIMESTAMP_MS]: { kind: 'timestamp' },
  [DuckDBTypeId.TIMESTAMP_TZ]: { kind: 'instant' },
});

/**
 * What a type of DuckDB is as a column. Types that have none of their own (UUID, ENUM, INTERVAL, nanoseconds, JSON)
 * are text, as DuckDB writes them.
 */
export function columnTypeOf(type: DuckDBType, depth = 0): ColumnType {
  if (depth > MAX_DEPTH) throw new ReadError(`A type is nested more than ${MAX_DEPTH} deep.`);
  switch (type.typeId) {
    case DuckDBTypeId.DECIMAL:
      return { kind: 'decimal', precision: type.width, scale: type.scale };
    case DuckDBTypeId.LIST:
    case DuckDBTypeId.ARRAY:
      return { kind: 'list', item: columnTypeOf(type.valueType, depth + 1) };
    case DuckDBTypeId.STRUCT:
      return {
        kind: 'struct',
        fields: type.entryNames.map((name, at) => ({
          name,
          type: columnTypeOf(type.entryTypes[at] as DuckDBType, depth + 1),
        })),
      };
    default:
      return PLAIN[type.typeId] ?? { kind: 'text' };
  }
}

/** The type that DuckDB reads or casts a column to. */
export function sqlType(type: ColumnType, nested = false): string {
  switch (type.kind) {
    case 'integer':
      return nested ? 'HUGEINT' : 'BIGINT';
    case 'decimal':
      return `DECIMAL(${Math.trunc(type.precision)},${Math.trunc(type.scale)})`;
    case 'text':
      return 'VARCHAR';
    case 'bytes':
      return 'BLOB';
    case 'instant':
      return 'TIMESTAMPTZ';
    case 'list':
      return `${sqlType(type.item, true)}[]`;
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `${quotedName(field.name)} ${sqlType(field.type, true)}`).join(', ')})`;
    default:
      return type.kind.toUpperCase();
  }
}

/** Whether values of a type of DuckDB can be taken out of its vectors as they are for a column. */
function asIs(from: DuckDBType, to: ColumnType): boolean {
  if (to.kind === 'list' || to.kind === 'struct' || columnTypeOf(from).kind !== to.kind) return false;
  if (from.typeId === DuckDBTypeId.DECIMAL)
    return to.kind === 'decimal' && from.width === to.precision && from.scale === to.scale;
  const seconds: readonly DuckDBTypeId[] = [DuckDBTypeId.TIMESTAMP_S, DuckDBTypeId.TIMESTAMP_MS];
  return (to.kind !== 'text' || from.typeId === DuckDBTypeId.VARCHAR) && !seconds.includes(from.typeId);
}

/** The list of a SELECT that reads the columns of `schema` from a table with these names and types. */
export function selectList(schema: Schema, found: ReadonlyMap<string, DuckDBType>): string {
  return schema.columns
    .map(({ name, type }) => {
      const from = found.get(name);
      if (from === undefined)
        throw new ReadError(`The file has no column ${JSON.stringify(name)}.`, { column: name });
      return asIs(from, type)
        ? quotedName(name)
        : `CAST(${quotedName(name)} AS ${sqlType(type)}) AS ${quotedName(name)}`;
    })
    .join(', ');
}
