import { MAX_CELL_BYTES, type Schema } from '../records/index.ts';
import { quotedText, sqlType } from './types-of.ts';

/** A cell, and the rest of its line or record. */
const MAX_LINE_BYTES = MAX_CELL_BYTES + 1_048_576;

const listed = (options: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(options)
    .map(([name, value]) => `, ${name} = ${String(value)}`)
    .join('');

/** The table function for a Parquet file; the path is its bound value, as in all of these. */
export const PARQUET = 'read_parquet(?, hive_partitioning = false)';

/** For JSONL; columns are inferred from `sample` records (-1: all) where no schema is given. */
export function jsonSource(schema: Schema | undefined, sample: number, skipsUnreadable = false): string {
  const types = schema?.columns.map(({ name, type }) => `${quotedText(name)}: ${quotedText(sqlType(type))}`);
  return `read_json(?${listed({
    format: quotedText('newline_delimited'),
    records: true,
    compression: quotedText('uncompressed'),
    hive_partitioning: false,
    maximum_object_size: MAX_LINE_BYTES,
    map_inference_threshold: -1,
    ...(skipsUnreadable ? { ignore_errors: true } : {}),
    ...(types ? { columns: `{${types.join(', ')}}` } : { sample_size: sample }),
  })})`;
}

export interface Dialect {
  readonly delimiter: string;
  readonly header: boolean;
  /** Of the columns, in their order. */
  readonly names: readonly string[];
}

const dialect = ({ delimiter, header }: Dialect): Readonly<Record<string, string | number | boolean>> => ({
  compression: quotedText('none'),
  hive_partitioning: false,
  strict_mode: true,
  max_line_size: MAX_LINE_BYTES,
  buffer_size: 2 * MAX_LINE_BYTES,
  delim: quotedText(delimiter),
  quote: quotedText('"'),
  escape: quotedText('"'),
  header,
});

/** For CSV whose columns have these types; those that are not named are text. */
export function csvSource(csv: Dialect, schema: Schema, skipsUnreadable = false): string {
  const types = new Map(schema.columns.map(({ name, type }) => [name, type]));
  const columns = csv.names.map(
    (name) => `${quotedText(name)}: ${quotedText(sqlType(types.get(name) ?? { kind: 'text' }))}`,
  );
  const reading = {
    ...dialect(csv),
    ...(skipsUnreadable ? { ignore_errors: true } : {}),
    auto_detect: false,
  };
  return `read_csv(?${listed({ ...reading, columns: `{${columns.join(', ')}}` })})`;
}

/** For CSV whose types are inferred from `sample` records (-1: all). */
export const csvInference = (csv: Dialect, sample: number): string =>
  `read_csv(?${listed({ ...dialect(csv), sample_size: sample, names: `[${csv.names.map(quotedText).join(', ')}]` })})`;
