import { z } from 'zod';
import { Id } from '../common.ts';
import { modelNameProblem } from '../registry-fields.ts';

export const MAX_DATASET_NAME = 256;
/** As `checks/datasets/records` has it. */
export const MAX_DATA_COLUMNS = 5_000;
/** Lists and structs in each other. */
const MAX_TYPE_DEPTH = 32;

/**
 * Why `name` cannot name a dataset, or null: as names of models, and without `@`, for a version is written
 * `name@3`.
 */
export function datasetNameProblem(name: string): string | null {
  return modelNameProblem(name) ?? (name.includes('@') ? 'has "@" in it' : null);
}

export const DatasetName = z
  .string()
  .max(1_000)
  .superRefine((name, context) => {
    const problem = datasetNameProblem(name);
    if (problem !== null) context.addIssue({ code: 'custom', message: `the name ${problem}` });
  });

/** A dataset by its id or its name. */
export const DatasetRef = z.string().min(1).max(MAX_DATASET_NAME);

/** A number, or `latest`: the highest number that is ready and not in quarantine. */
export const DatasetVersionRef = z.string().refine((ref) => ref === 'latest' || /^[1-9]\d{0,8}$/.test(ref), {
  message: 'give the number of a version or "latest"',
});

export const DATA_FORMATS = ['csv', 'tsv', 'jsonl', 'parquet', 'npy', 'texts', 'images'] as const;
/** `texts`, `images`: a folder with one record in each file. */
export const DataFormat = z.enum(DATA_FORMATS);
export type DataFormat = z.infer<typeof DataFormat>;

/** `value`: the content is kept here. `reference`: it stays where it is; hashes and a profile are kept here. */
export const DATA_STORAGES = ['value', 'reference'] as const;
export const DataStorage = z.enum(DATA_STORAGES);
export type DataStorage = z.infer<typeof DataStorage>;

const SIMPLE_TYPES = [
  'boolean',
  'integer',
  'float',
  'double',
  'text',
  'bytes',
  'date',
  'time',
  'timestamp',
  'instant',
] as const;

/** What a column holds; the kinds of `checks/datasets/records`. */
export type DataColumnType =
  | { readonly kind: (typeof SIMPLE_TYPES)[number] }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'list'; readonly item: DataColumnType }
  | { readonly kind: 'struct'; readonly fields: readonly DataColumn[] };

export interface DataColumn {
  readonly name: string;
  readonly type: DataColumnType;
}

/** Depth is checked before the shape is, so that nothing deep is walked by recursion. */
function isShallow(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    // A type is at most an object, an array and an object below the one above it.
    if (depth > 4 * MAX_TYPE_DEPTH) return false;
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return true;
}

const ColumnName = z
  .string()
  .max(16_384)
  .refine((name) => name.isWellFormed(), 'is not well-formed Unicode');

const Simple = z.strictObject({ kind: z.enum(SIMPLE_TYPES) });
const Decimal = z
  .strictObject({
    kind: z.literal('decimal'),
    precision: z.number().int().min(1).max(38),
    scale: z.number().int().min(0).max(38),
  })
  .refine(({ precision, scale }) => scale <= precision, 'the scale is at most the precision');

const TypeShape: z.ZodType<DataColumnType, DataColumnType> = z.lazy(() =>
  z.union([
    Simple,
    Decimal,
    z.strictObject({ kind: z.literal('list'), item: TypeShape }),
    z.strictObject({ kind: z.literal('struct'), fields: z.array(ColumnShape).max(MAX_DATA_COLUMNS) }),
  ]),
);
const ColumnShape: z.ZodType<DataColumn, DataColumn> = z.lazy(() =>
  z.strictObject({ name: ColumnName, type: TypeShape }),
);

export const DataColumnType = TypeShape;
export const DataColumn = ColumnShape;

/** Names and types of the columns, in their order. Names are unique. */
export const DataSchema = z
  .unknown()
  .refine(isShallow, 'is nested too deep')
  .pipe(z.strictObject({ columns: z.array(ColumnShape).max(MAX_DATA_COLUMNS) }))
  .refine(
    ({ columns }) => new Set(columns.map(({ name }) => name)).size === columns.length,
    'two columns have the same name',
  );
export type DataSchema = z.infer<typeof DataSchema>;

const Count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** JSON has no numbers that are not finite. */
const Figure = z.number();

/** Of numbers, or of lengths (texts and byte strings: bytes of UTF-8; lists: items). */
export const DataNumberSummary = z.strictObject({
  /** NaN and infinities are left out. */
  count: Count,
  min: Figure,
  max: Figure,
  mean: Figure,
  /** Of the sample (n − 1); 0 for one value. */
  standardDeviation: Figure,
  /** Ranks within 0.33%. */
  quantiles: z.strictObject({
    p01: Figure,
    p05: Figure,
    p25: Figure,
    p50: Figure,
    p75: Figure,
    p95: Figure,
    p99: Figure,
  }),
});
export type DataNumberSummary = z.infer<typeof DataNumberSummary>;

/** Values of fewer records than this are not in a profile: they could be somebody's. */
export const MIN_PROFILE_RECORDS = 10;

export const DataColumnProfile = z.strictObject({
  name: ColumnName,
  type: TypeShape,
  count: Count,
  missing: Count,
  /** Different values: exact up to 1,024, then within about 0.8%. */
  distinct: Figure.min(0),
  /** NaN and infinities. */
  notFinite: Count,
  /**
   * Of numbers, dates (days since 1970) and times (microseconds). Null for fewer than {@link MIN_PROFILE_RECORDS}
   * values. `min`, `max` and quantiles further out are the outermost of the 1, 5, 25 and 50% quantiles (and their
   * mirrors) with at least so many values beyond: 1 and 99% from 1,000 values on, 5 and 95% from 200, 25 and 75% from
   * 40, else the median. Mean and standard deviation are of all values. All are rounded, to steps of at least ten
   * standard deviations divided by the number of values, so that profiles of two versions do not tell the value of a
   * record that only one has. Null too where the values in `top` leave fewer than ten others.
   */
  numbers: DataNumberSummary.nullable(),
  /** Of texts and byte strings (bytes) and lists (items); the same rule. */
  lengths: DataNumberSummary.nullable(),
  /**
   * The most frequent values, cut to 200 characters, of at least {@link MIN_PROFILE_RECORDS} records. A value occurs
   * `count` times at most and `count - over` times at least.
   */
  top: z.array(z.strictObject({ value: z.string().max(1_000), count: Count, over: Count })).max(100),
});
export type DataColumnProfile = z.infer<typeof DataColumnProfile>;

export const DataProfile = z.strictObject({
  rows: Count,
  /** Of a large version: so many of its records were looked at, all counts are of these. All of them where absent. */
  sampledRows: Count.optional(),
  columns: z.array(DataColumnProfile).max(MAX_DATA_COLUMNS),
});
export type DataProfile = z.infer<typeof DataProfile>;

/** How a file is to be read; kept with the version, so that it can be read in the same way again. */
export const DataReadOptions = z.strictObject({
  /** CSV only: the character between columns. Inferred from the first line where absent. */
  delimiter: z
    .string()
    .refine((text) => [...text].length === 1 && !/["\r\n\0]/.test(text), 'is one character')
    .optional(),
  /** CSV and TSV only: whether the first line names the columns. */
  header: z.boolean().optional(),
  /** Names and types that are read; inferred where absent. */
  schema: DataSchema.optional(),
});
export type DataReadOptions = z.infer<typeof DataReadOptions>;

/** Names an ingestion: a day, a delivery, a crawl. Records keep the batch that brought them in. */
export const DataBatch = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'has control characters');

/** Why something was done, in people's words. */
export const DataReason = z
  .string()
  .trim()
  .max(2_000)
  .refine((text) => text.isWellFormed(), 'is not valid Unicode');

/** Where records come from. The id is null where the caller may not see the source. */
export const DataSourceBrief = z.object({ id: Id.nullable(), name: z.string() });
export type DataSourceBrief = z.infer<typeof DataSourceBrief>;

/** Who did something, as logs show it. */
export const DataActor = z.object({ id: z.string(), name: z.string() });
export type DataActor = z.infer<typeof DataActor>;
