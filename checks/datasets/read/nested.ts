import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { ColumnType, Value } from '../records/index.ts';

/** A value of DuckDB inside of a list or struct as the records have it. */
export function nestedValue(value: DuckDBValue, type: ColumnType): Value {
  if (value === null || value === undefined) return null;
  if (type.kind === 'list' && value instanceof DuckDBListValue)
    return value.items.map((item) => nestedValue(item, type.item));
  if (type.kind === 'struct' && value instanceof DuckDBStructValue)
    return type.fields.map((field) => nestedValue(value.entries[field.name] ?? null, field.type));
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value instanceof DuckDBDateValue) return value.days;
  if (
    value instanceof DuckDBTimeValue ||
    value instanceof DuckDBTimestampValue ||
    value instanceof DuckDBTimestampTZValue
  )
    return value.micros;
  if (typeof value === 'object') throw new TypeError(`no ${type.kind}: ${value.constructor.name}`);
  return value;
}
