import { hash } from 'node:crypto';
import { DatasetInputError } from '../types.ts';
import { type ColumnType, MAX_COLUMNS, MAX_DEPTH, type Schema } from './types.ts';

/** Sets records apart from everything else that is hashed; another canonical form would have another number. */
const DOMAIN = 'bartizan.dataset.record/1';
const MAX_NAME_BYTES = 65_535;

const KINDS = Object.freeze({
  boolean: 1,
  integer: 2,
  decimal: 3,
  float: 4,
  double: 5,
  text: 6,
  bytes: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  instant: 11,
  list: 12,
  struct: 13,
});

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

function nameBytes(name: string): Buffer[] {
  if (!name.isWellFormed()) throw new DatasetInputError('The name of a column is not well-formed Unicode.');
  const bytes = Buffer.from(name);
  if (bytes.length > MAX_NAME_BYTES)
    throw new DatasetInputError(`The name of a column is longer than ${MAX_NAME_BYTES} bytes.`);
  return [uint32(bytes.length), bytes];
}

function fieldBytes(fields: Schema['columns'], depth: number): Buffer[] {
  if (new Set(fields.map(({ name }) => name)).size !== fields.length)
    throw new DatasetInputError('Two columns have the same name.');
  return [
    uint32(fields.length),
    ...fields.flatMap(({ name, type }) => [...nameBytes(name), ...typeBytes(type, depth)]),
  ];
}

function typeBytes(type: ColumnType, depth: number): Buffer[] {
  if (depth > MAX_DEPTH) throw new DatasetInputError(`A type is nested more than ${MAX_DEPTH} deep.`);
  const tag = Buffer.of(KINDS[type.kind]);
  if (type.kind === 'list') return [tag, ...typeBytes(type.item, depth + 1)];
  if (type.kind === 'struct') return [tag, ...fieldBytes(type.fields, depth + 1)];
  if (type.kind !== 'decimal') return [tag];
  const { precision, scale } = type;
  if (!Number.isInteger(precision) || precision < 1 || precision > 38)
    throw new DatasetInputError('The precision of a decimal is 1 to 38 digits.');
  if (!Number.isInteger(scale) || scale < 0 || scale > precision)
    throw new DatasetInputError('The scale of a decimal is 0 up to its precision.');
  return [tag, Buffer.of(precision, scale)];
}

/** The one form of a schema in bytes: every name and list behind its length (u32, little-endian), every type by a tag. */
export function schemaBytes(schema: Schema): Buffer {
  if (schema.columns.length > MAX_COLUMNS)
    throw new DatasetInputError(`There are ${schema.columns.length} columns, more than ${MAX_COLUMNS}.`);
  return Buffer.concat(fieldBytes(schema.columns, 0));
}

/**
 * SHA-256 of the domain's name, 0x00 and {@link schemaBytes}. Stands in front of every record of the schema, so that
 * records of two schemas never share an encoding. Throws DatasetInputError for a schema that breaks a rule.
 */
export function schemaDigest(schema: Schema): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${DOMAIN}\0`), schemaBytes(schema)]), 'buffer');
}
