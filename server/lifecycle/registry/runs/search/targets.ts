import { sql } from 'kysely';
import type { Target } from './compile.ts';

const tableOf = (table: 'run' | 'model') => ({
  owner: table === 'run' ? sql`r.id` : sql`m.id`,
  params: table === 'run' ? sql`run_params h where h.run_id` : sql`logged_model_params h where h.model_id`,
  tags: table === 'run' ? sql`run_tags h where h.run_id` : sql`logged_model_tags h where h.model_id`,
  metrics:
    table === 'run' ? sql`run_latest_metrics h where h.run_id` : sql`logged_model_metrics h where h.model_id`,
});

const hangingOf = (table: 'run' | 'model'): Target['hanging'] => {
  const { owner, params, tags, metrics } = tableOf(table);
  const by = (source: typeof params) => (key: string) => ({
    from: sql`from ${source} = ${owner} and h.key = ${key.replaceAll('\0', '\ufffd')}::text`,
    column: sql`h.value`,
  });
  return { param: by(params), tag: by(tags), metric: by(metrics) };
};

/** The id as MLflow's clients write it: without hyphens. */
const hex = (column: ReturnType<typeof sql>) => sql`replace(${column}::text, '-', '')`;

/** Runs `r` of experiments `e`. */
export const RUNS: Target = Object.freeze<Target>({
  dialect: {
    kinds: ['attribute', 'metric', 'param', 'tag', 'dataset'] as const,
    attributes: {
      run_id: 'text',
      run_name: 'text',
      status: 'text',
      user_id: 'text',
      artifact_uri: 'text',
      start_time: 'number',
      end_time: 'number',
    },
    aliases: {
      created: 'start_time',
      Created: 'start_time',
      'run name': 'run_name',
      'Run name': 'run_name',
      'Run Name': 'run_name',
    },
  },
  columns: {
    run_id: hex(sql`r.id`),
    run_name: sql`r.name`,
    status: sql`upper(r.status)`,
    user_id: sql`r.user_name`,
    artifact_uri: sql`('mlflow-artifacts:/' || e.id::text || '/' || ${hex(sql`r.id`)} || '/artifacts')`,
    start_time: sql`r.started_at`,
    end_time: sql`r.ended_at`,
  },
  hanging: {
    ...hangingOf('run'),
    dataset: (key: string) => ({
      from: sql`from run_datasets u join datasets d on d.id = u.dataset_id where u.run_id = r.id`,
      column: key === 'name' ? sql`d.name` : key === 'digest' ? sql`d.digest` : sql`u.context`,
    }),
  },
});

/** Experiments `e`. */
export const EXPERIMENTS: Target = Object.freeze<Target>({
  dialect: {
    kinds: ['attribute', 'tag'] as const,
    attributes: { name: 'text', experiment_id: 'text', creation_time: 'number', last_update_time: 'number' },
    aliases: {},
  },
  columns: {
    name: sql`e.name`,
    experiment_id: sql`e.id::text`,
    creation_time: sql`e.created_at`,
    last_update_time: sql`e.updated_at`,
  },
  hanging: {
    tag: (key: string) => ({
      from: sql`from experiment_tags h where h.experiment_id = e.id and h.key = ${key.replaceAll('\0', '\ufffd')}::text`,
      column: sql`h.value`,
    }),
  },
});

/** Logged models `m` of experiments `e`. */
export const LOGGED_MODELS: Target = Object.freeze<Target>({
  dialect: {
    kinds: ['attribute', 'metric', 'param', 'tag'] as const,
    attributes: {
      model_id: 'text',
      name: 'text',
      model_name: 'text',
      model_type: 'text',
      status: 'text',
      source_run_id: 'text',
      experiment_id: 'text',
      creation_timestamp_ms: 'number',
      last_updated_timestamp_ms: 'number',
    },
    aliases: {
      creation_time: 'creation_timestamp_ms',
      creation_timestamp: 'creation_timestamp_ms',
      last_updated_timestamp: 'last_updated_timestamp_ms',
    },
  },
  columns: {
    model_id: sql`('m-' || ${hex(sql`m.id`)})`,
    name: sql`m.name`,
    model_name: sql`m.name`,
    model_type: sql`m.type`,
    status: sql`upper(m.status)`,
    source_run_id: hex(sql`m.source_run_id`),
    experiment_id: sql`m.experiment_id::text`,
    creation_timestamp_ms: sql`m.created_at`,
    last_updated_timestamp_ms: sql`m.updated_at`,
  },
  hanging: hangingOf('model'),
});
