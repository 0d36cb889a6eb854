import type { ColumnChunk, ColumnType, Value } from '@bartizan/checks/datasets/records/index.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** The whole value of a row of a column; null where it is missing. */
export function valueAt(column: ColumnChunk, row: number, type: ColumnType): Value {
  const { valid } = column;
  if (valid !== null && ((valid[row >> 3] as number) & (1 << (row & 7))) === 0) return null;
  if (column.store !== 'packed') return (column.values[row] ?? null) as Value;
  const { bytes, starts, ends } = column.values;
  const cell = bytes.subarray(starts[row], ends[row]);
  return type.kind === 'bytes' ? cell : utf8.decode(cell);
}

function real(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return Object.is(value, -0) ? '-0.0' : String(value);
}

function decimal(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

function clock(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const two = (value: bigint): string => String(value).padStart(2, '0');
  const fraction = String(micros % 1_000_000n).padStart(6, '0');
  return `${two(seconds / 3_600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction}`;
}

const DAY = 86_400_000_000n;

function day(days: number): string {
  const date = new Date(days * 86_400_000);
  return Number.isNaN(date.getTime()) ? String(days) : date.toISOString().slice(0, -14);
}

function moment(micros: bigint): string {
  const inDay = ((micros % DAY) + DAY) % DAY;
  return `${day(Number((micros - inDay) / DAY))} ${clock(inDay)}`;
}

/** A value that is no list and no struct, in words that its type is read from again. */
export function textOf(value: Exclude<Value, null>, type: ColumnType): string {
  const whole = (): bigint => BigInt(value as number | bigint);
  switch (type.kind) {
    case 'boolean':
      return value === true || value === 1 ? 'true' : 'false';
    case 'integer':
      return String(whole());
    case 'decimal':
      return decimal(whole(), type.scale);
    case 'float':
    case 'double':
      return real(Number(value));
    case 'date':
      return day(Number(value));
    case 'time':
      return clock(whole());
    case 'timestamp':
      return moment(whole());
    case 'instant':
      return `${moment(whole())}+00`;
    case 'bytes':
      // As DuckDB reads a text of JSON into bytes; what is no UTF-8 cannot be written so.
      return lenient.decode(value as Uint8Array);
    default:
      return String(value);
  }
}

/** A value as JSON that is read under its type to the same value again. */
export function jsonOf(value: Value, type: ColumnType): string {
  if (value === null || value === undefined) return 'null';
  if (type.kind === 'list')
    return `[${(value as readonly Value[]).map((each) => jsonOf(each, type.item)).join(',')}]`;
  if (type.kind === 'struct') {
    const values = value as readonly Value[];
    const fields = type.fields.map(
      (field, at) => `${JSON.stringify(field.name)}:${jsonOf(values[at] ?? null, field.type)}`,
    );
    return `{${fields.join(',')}}`;
  }
  const text = textOf(value, type);
  return type.kind === 'boolean' ? text : JSON.stringify(text);
}
