/**
 * What crosses the wire in MLflow's REST API (`mlflow/protos/service.proto` and `model_registry.proto`, 3.17):
 * protobuf messages as JSON. A 64-bit integer comes as a number or as decimal digits, a double as a number or one of
 * three names; unknown members are ignored, absent ones and null are the same.
 */
import { z } from 'zod';

const integer = (text: string): number => Number(text);

/** A 64-bit integer that JavaScript can hold; others are refused. */
export const Int64 = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d{1,16}$/)
      .transform(integer),
  ])
  .refine(Number.isSafeInteger, 'must be a whole number below 2^53');

export const NOT_FINITE = ['NaN', 'Infinity', '-Infinity'] as const;
/** A double as it goes out: JSON has no NaN and no infinities. */
export const DoubleOut = z.union([z.number(), z.enum(NOT_FINITE)]);
/** A double as it comes in, as a JavaScript number. */
export const DoubleIn = z.union([
  z.number(),
  z.enum(NOT_FINITE).transform(Number),
  z
    .string()
    .max(40)
    .regex(/^[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,4})?$/)
    .transform(Number),
]);

export const text = (max: number) => z.string().max(max);
/** Absent, null and empty mean the same in protobuf's JSON. */
export const maybe = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value) => value ?? undefined);
export const list = <T extends z.ZodType>(type: T, max: number) =>
  z
    .array(type)
    .max(max)
    .nullish()
    .transform((value) => value ?? []);

export const Pair = z.object({ key: text(1_000), value: text(200_000).default('') });
export const PairOut = z.object({ key: z.string(), value: z.string() });

export const MetricIn = z.object({
  key: text(1_000),
  value: DoubleIn,
  timestamp: maybe(Int64),
  step: maybe(Int64),
  model_id: maybe(text(300)),
  dataset_name: maybe(text(1_000)),
  dataset_digest: maybe(text(100)),
});
export type MetricIn = z.output<typeof MetricIn>;

export const MetricOut = z.object({
  key: z.string(),
  value: DoubleOut,
  timestamp: z.number(),
  step: z.number(),
  dataset_name: z.string().optional(),
  dataset_digest: z.string().optional(),
  model_id: z.string().optional(),
  run_id: z.string().optional(),
});
export type MetricOut = z.infer<typeof MetricOut>;

export const DatasetIn = z.object({
  name: text(1_000),
  digest: text(100),
  source_type: text(1_000).default(''),
  source: text(70_000).default(''),
  schema: maybe(text(1_100_000)),
  profile: maybe(text(17_000_000)),
});
export const DatasetInputIn = z.object({ tags: list(Pair, 100), dataset: DatasetIn });
export type DatasetInputIn = z.output<typeof DatasetInputIn>;

const DatasetOut = z.object({
  name: z.string(),
  digest: z.string(),
  source_type: z.string(),
  source: z.string(),
  schema: z.string().optional(),
  profile: z.string().optional(),
});

export const ExperimentOut = z.object({
  experiment_id: z.string(),
  name: z.string(),
  artifact_location: z.string(),
  lifecycle_stage: z.string(),
  last_update_time: z.number(),
  creation_time: z.number(),
  tags: z.array(PairOut),
});
export type ExperimentOut = z.infer<typeof ExperimentOut>;

export const RunInfoOut = z.object({
  run_id: z.string(),
  run_uuid: z.string(),
  run_name: z.string(),
  experiment_id: z.string(),
  user_id: z.string(),
  status: z.string(),
  start_time: z.number(),
  end_time: z.number().optional(),
  artifact_uri: z.string(),
  lifecycle_stage: z.string(),
});
export type RunInfoOut = z.infer<typeof RunInfoOut>;

export const RunOut = z.object({
  info: RunInfoOut,
  data: z.object({ metrics: z.array(MetricOut), params: z.array(PairOut), tags: z.array(PairOut) }),
  inputs: z.object({
    dataset_inputs: z.array(z.object({ tags: z.array(PairOut), dataset: DatasetOut })),
    model_inputs: z.array(z.object({ model_id: z.string() })),
  }),
  outputs: z.object({ model_outputs: z.array(z.object({ model_id: z.string(), step: z.number() })) }),
});
export type RunOut = z.infer<typeof RunOut>;

export const LOGGED_MODEL_STATUSES = [
  'LOGGED_MODEL_STATUS_UNSPECIFIED',
  'LOGGED_MODEL_PENDING',
  'LOGGED_MODEL_READY',
  'LOGGED_MODEL_UPLOAD_FAILED',
] as const;
export const RUN_STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;

/** An enumeration comes by its name or by its number. */
export const enumeration = <T extends readonly [string, ...string[]]>(names: T, first: number) =>
  z.union([
    z.enum(names),
    z
      .number()
      .int()
      .min(first)
      .max(first + names.length - 1)
      .transform((number) => names[number - first] as T[number]),
  ]);

export const LoggedModelOut = z.object({
  info: z.object({
    model_id: z.string(),
    experiment_id: z.string(),
    name: z.string(),
    creation_timestamp_ms: z.number(),
    last_updated_timestamp_ms: z.number(),
    artifact_uri: z.string(),
    status: z.string(),
    status_message: z.string().optional(),
    model_type: z.string(),
    source_run_id: z.string(),
    tags: z.array(PairOut),
    registrations: z.array(z.object({ name: z.string(), version: z.string() })),
  }),
  data: z.object({ params: z.array(PairOut), metrics: z.array(MetricOut) }),
});
export type LoggedModelOut = z.infer<typeof LoggedModelOut>;

export const VersionOut = z.object({
  name: z.string(),
  version: z.string(),
  creation_timestamp: z.number(),
  last_updated_timestamp: z.number(),
  user_id: z.string(),
  current_stage: z.string(),
  description: z.string(),
  source: z.string(),
  run_id: z.string(),
  run_link: z.string(),
  status: z.enum(['PENDING_REGISTRATION', 'FAILED_REGISTRATION', 'READY']),
  status_message: z.string(),
  tags: z.array(PairOut),
  aliases: z.array(z.string()),
  model_id: z.string().optional(),
  model_params: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  model_metrics: z.array(MetricOut).optional(),
});
export type VersionOut = z.infer<typeof VersionOut>;

export const RegisteredModelOut = z.object({
  name: z.string(),
  creation_timestamp: z.number(),
  last_updated_timestamp: z.number(),
  user_id: z.string(),
  description: z.string(),
  latest_versions: z.array(VersionOut),
  tags: z.array(PairOut),
  aliases: z.array(z.object({ alias: z.string(), version: z.string() })),
});
export type RegisteredModelOut = z.infer<typeof RegisteredModelOut>;

/** `path` is relative to what was listed; `file_size` is in bytes, of files only. */
export const FileOut = z.object({
  path: z.string(),
  is_dir: z.boolean(),
  file_size: z.number().optional(),
  /** Of the content, in lower-case hexadecimal; clients of MLflow do not look at it. */
  sha256: z.string().optional(),
});
export type FileOut = z.infer<typeof FileOut>;

/** An error as a body with a status of its own. */
export const ErrorOut = z.object({ error_code: z.string(), message: z.string() });
/** An answer without members. */
export const Nothing = z.object({});

export const Page = {
  max_results: maybe(Int64),
  page_token: maybe(text(4_000)),
};
export const Search = { ...Page, filter: maybe(text(20_000)), order_by: list(text(600), 20) };
/** As a query, where one value of a list comes without brackets. */
export const SearchQuery = {
  ...Page,
  filter: maybe(text(20_000)),
  order_by: z
    .union([text(600).transform((one) => [one]), z.array(text(600)).max(20)])
    .nullish()
    .transform((value) => value ?? []),
};
