import type { ColumnChunk, ColumnType, Value } from '@bartizan/checks/datasets/records/index.ts';

export interface Cell {
  /** As JSON has it. */
  readonly value: unknown;
  /** Longer than is shown. */
  readonly cut: boolean;
}

/** Characters of a text, or of a nested value as JSON, that are shown. */
const MAX_CHARS = 20_000;
const MAX_BYTES = 1_024;
const NOTHING: Cell = Object.freeze({ value: null, cut: false });

const hasBit = (bits: Uint8Array | null, row: number): boolean =>
  bits === null || ((bits[row >> 3] as number) & (1 << (row & 7))) !== 0;

function text(value: string): Cell {
  const cut = value.length > MAX_CHARS;
  return { value: (cut ? value.slice(0, MAX_CHARS) : value).toWellFormed(), cut };
}

function bytesCell(value: Uint8Array): Cell {
  const cut = value.byteLength > MAX_BYTES;
  return { value: Buffer.from(value.subarray(0, MAX_BYTES)).toString('hex'), cut };
}

const decimalText = (value: bigint, scale: number): string => {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const rest = scale === 0 ? '' : `.${digits.slice(-scale)}`;
  return `${value < 0n ? '-' : ''}${whole}${rest}`;
};

const MILLIS_MOST = 8.64e15;
const iso = (millis: number): string | null =>
  Number.isFinite(millis) && Math.abs(millis) <= MILLIS_MOST ? new Date(millis).toISOString() : null;

function microsText(micros: bigint, kind: 'time' | 'timestamp' | 'instant'): string {
  const millis = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
  const fraction = (((micros % 1_000_000n) + 1_000_000n) % 1_000_000n).toString().padStart(6, '0');
  const told = iso(Number(millis));
  if (told === null) return String(micros);
  const seconds = told.replace(/\.\d{3}Z$/, '');
  if (kind === 'time') return `${seconds.slice(-8)}.${fraction}`;
  return `${seconds}.${fraction}${kind === 'instant' ? 'Z' : ''}`;
}

function number(value: number): unknown {
  return Number.isFinite(value) ? value : String(value);
}

/** A value as JSON has it; whole numbers past 2^53 and decimals as texts, dates and times as ISO 8601. */
function plain(value: Value, type: ColumnType): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'boolean':
      return value === true || value === 1;
    case 'integer': {
      const whole = BigInt(value as number | bigint);
      const safe = Number(whole);
      return Number.isSafeInteger(safe) ? safe : String(whole);
    }
    case 'decimal':
      return decimalText(BigInt(value as number | bigint), type.scale);
    case 'date':
      return iso(Number(value) * 86_400_000)?.slice(0, -14) ?? Number(value);
    case 'time':
    case 'timestamp':
    case 'instant':
      return microsText(BigInt(value as number | bigint), type.kind);
    case 'list':
      return (value as readonly Value[]).map((each) => plain(each, type.item));
    case 'struct':
      return Object.fromEntries(
        type.fields.map((field, at) => [
          field.name,
          plain((value as readonly Value[])[at] ?? null, field.type),
        ]),
      );
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('hex');
    case 'float':
    case 'double':
      return number(Number(value));
    case 'text':
      return String(value).toWellFormed();
  }
}

const utf8 = new TextDecoder();

/** The value of a row of a column, cut to a bounded length. */
export function cellOf(column: ColumnChunk, row: number, type: ColumnType): Cell {
  if (!hasBit(column.valid, row)) return NOTHING;
  if (column.store === 'packed') {
    const { bytes, starts, ends } = column.values;
    const cell = bytes.subarray(starts[row], ends[row]);
    return type.kind === 'bytes' ? bytesCell(cell) : text(utf8.decode(cell));
  }
  const value = column.values[row] as Value;
  if (value === null || value === undefined) return NOTHING;
  if (type.kind === 'text') return text(String(value));
  if (type.kind === 'bytes') return bytesCell(value as Uint8Array);
  const shown = plain(value, type);
  if (type.kind !== 'list' && type.kind !== 'struct') return { value: shown, cut: false };
  const written = JSON.stringify(shown);
  return written.length > MAX_CHARS
    ? { value: written.slice(0, MAX_CHARS), cut: true }
    : { value: shown, cut: false };
}
