import { z } from 'zod';

/** As much of MLflow's answers as an import reads; servers before 3.0 leave much of it out. */
const number = z.union([z.number(), z.string()]);
const Pair = z.object({ key: z.string(), value: z.string().default('') });
const pairs = z.array(Pair).default([]);

export const Metric = z.looseObject({
  key: z.string(),
  value: number,
  timestamp: number.optional(),
  step: number.optional(),
  run_id: z.string().optional(),
});
export type Metric = z.infer<typeof Metric>;

export const Experiment = z.object({
  experiment_id: z.string(),
  name: z.string(),
  tags: pairs,
});
export type Experiment = z.infer<typeof Experiment>;

export const Run = z.object({
  info: z.object({
    run_id: z.string(),
    run_name: z.string().default(''),
    user_id: z.string().default(''),
    experiment_id: z.string(),
    status: z.string().default('FINISHED'),
    start_time: number.optional(),
    end_time: number.optional(),
    artifact_uri: z.string().default(''),
  }),
  data: z
    .object({ metrics: z.array(Metric).default([]), params: pairs, tags: pairs })
    .default({ metrics: [], params: [], tags: [] }),
  inputs: z
    .object({
      dataset_inputs: z.array(z.looseObject({})).default([]),
      model_inputs: z.array(z.object({ model_id: z.string() })).default([]),
    })
    .default({ dataset_inputs: [], model_inputs: [] }),
  outputs: z
    .object({
      model_outputs: z.array(z.object({ model_id: z.string(), step: number.optional() })).default([]),
    })
    .default({ model_outputs: [] }),
});
export type Run = z.infer<typeof Run>;

export const LoggedModel = z.object({
  info: z.object({
    model_id: z.string(),
    experiment_id: z.string(),
    name: z.string().default(''),
    status: z.string().default('LOGGED_MODEL_READY'),
    model_type: z.string().default(''),
    source_run_id: z.string().default(''),
    tags: pairs,
  }),
  data: z
    .object({ params: pairs, metrics: z.array(Metric).default([]) })
    .default({ params: [], metrics: [] }),
});
export type LoggedModel = z.infer<typeof LoggedModel>;

export const Version = z.object({
  name: z.string(),
  version: number.transform(String),
  description: z.string().default(''),
  source: z.string().default(''),
  run_id: z.string().default(''),
  model_id: z.string().default(''),
  current_stage: z.string().default('None'),
  tags: pairs,
});
export type Version = z.infer<typeof Version>;

export const RegisteredModel = z.object({
  name: z.string(),
  description: z.string().default(''),
  tags: pairs,
  aliases: z.array(z.object({ alias: z.string(), version: number.transform(String) })).default([]),
});
export type RegisteredModel = z.infer<typeof RegisteredModel>;

const token = { next_page_token: z.string().optional() };
export const Experiments = z.object({ experiments: z.array(Experiment).default([]), ...token });
export const Runs = z.object({ runs: z.array(Run).default([]), ...token });
export const LoggedModels = z.object({ models: z.array(LoggedModel).default([]), ...token });
export const RegisteredModels = z.object({
  registered_models: z.array(RegisteredModel).default([]),
  ...token,
});
export const Versions = z.object({ model_versions: z.array(Version).default([]), ...token });
export const History = z.object({ metrics: z.array(Metric).default([]), ...token });
export const Files = z.object({
  root_uri: z.string().default(''),
  files: z
    .array(
      z.object({
        path: z.string(),
        is_dir: z.boolean().default(false),
        file_size: number.optional(),
        /** Bartizan tells it, MLflow does not. */
        sha256: z.string().optional(),
      }),
    )
    .default([]),
  ...token,
});
export const Any = z.looseObject({});
