import { z } from 'zod';
import { BackupError } from './error.ts';

/** Names that we put into SQL; whatever else stands in a backup is refused. */
const Name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);

const Counted = z.object({
  rows: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().length(64),
});
export type Counted = z.infer<typeof Counted>;

export const Table = z.object({
  name: Name,
  /** In the order of the rows' fields. */
  columns: z.array(Name),
  /** The partitioned table that it is a part of, and which part. */
  parent: Name.nullable(),
  bound: z
    .string()
    .regex(/^(DEFAULT|FOR VALUES FROM \([\d', :.+-]{1,200}\) TO \([\d', :.+-]{1,200}\))$/)
    .nullable(),
  /** False for a partitioned table itself: its rows lie in its parts. */
  rows: z.boolean(),
});
export type Table = z.infer<typeof Table>;

/** What the audit log said of itself in the snapshot; null before it had entries. */
export const AuditState = z.object({
  /** Entries in the tree. */
  size: z.number().int().nonnegative(),
  /** RFC 6962 root over them, base64. */
  root: z.string(),
  /** The newest signed checkpoint, as text. */
  checkpoint: z.string().nullable(),
});
export type AuditState = z.infer<typeof AuditState>;

export const Start = z.object({
  version: z.string(),
  postgres: z.number().int(),
  migrations: z.array(z.object({ id: z.string().max(200), checksum: z.string().length(64) })).min(1),
  tables: z.array(Table),
  sequences: z.array(
    z.object({ name: Name, lastValue: z.string().regex(/^-?\d{1,19}$/), called: z.boolean() }),
  ),
  /** Tables whose rows are not in the backup, and why. */
  left: z.array(z.object({ name: z.string(), why: z.enum(['unlogged', 'not of Bartizan']) })),
  /** Tables, indexes and sequences: how many locks a restore takes. */
  relations: z.number().int(),
  audit: AuditState.nullable(),
});
export type Start = z.infer<typeof Start>;

export const End = z.object({
  tables: z.record(Name, Counted),
  files: z.record(z.string(), z.object({ bytes: z.number().int(), sha256: z.string().length(64) })),
});
export type End = z.infer<typeof End>;

/**
 * The inside of a backup: records of one type byte, a 4-byte length and the content, in this order:
 * start, then per table: table, rows…; then per file: file, bytes…; then end.
 */
export const KIND = { start: 1, table: 2, rows: 3, file: 4, bytes: 5, end: 6 } as const;
export type Kind = keyof typeof KIND;

export interface Entry {
  readonly kind: Kind;
  readonly content: Buffer;
}

const NAMES = new Map<number, Kind>(Object.entries(KIND).map(([name, code]) => [code, name as Kind]));
const MAX_RECORD = 64 * 1024 * 1024;
const HEAD = 5;

export function entry(kind: Kind, content: Buffer): Buffer {
  const head = Buffer.alloc(HEAD);
  head[0] = KIND[kind];
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

export const jsonEntry = (kind: Kind, value: unknown): Buffer =>
  entry(kind, Buffer.from(JSON.stringify(value)));

/** Cuts decrypted bytes into records. Throws {@link BackupError} on anything that {@link entry} does not make. */
export async function* entries(content: AsyncIterable<Buffer>): AsyncGenerator<Entry> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const part of content) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    while (rest.length >= HEAD) {
      const kind = NAMES.get(rest[0] ?? 0);
      const length = rest.readUInt32BE(1);
      if (kind === undefined || length > MAX_RECORD)
        throw new BackupError('this backup holds an unknown part');
      if (rest.length < HEAD + length) break;
      yield { kind, content: rest.subarray(HEAD, HEAD + length) };
      rest = rest.subarray(HEAD + length);
    }
  }
  if (rest.length > 0) throw new BackupError('this backup ends in the middle of a part');
}

/** Reads the JSON of a record. */
export function parse<Schema extends z.ZodType>(schema: Schema, content: Buffer): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(content.toString()));
  } catch (cause) {
    throw new BackupError('a part of this backup is not what this version expects', { cause });
  }
}
