import { sql } from 'kysely';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import { LIMITS } from './limits.ts';
import { type DatasetUse, invalid, type Pair } from './model.ts';

/** A dataset as a client describes it. */
export type DatasetDescription = Omit<DatasetUse, 'context'>;

export const CONTEXT_TAG = 'mlflow.data.context';

function demandDataset({ name, digest, source, schema, profile, tags }: DatasetDescription): void {
  const within = (what: string, text: string | null, longest: number) => {
    if ((text?.length ?? 0) > longest)
      throw invalid(`the ${what} of a dataset is longer than ${longest} characters`);
  };
  if (name === '' || digest === '') throw invalid('a dataset has a name and a digest');
  within('name', name, LIMITS.datasetName);
  within('digest', digest, LIMITS.datasetDigest);
  within('source', source, LIMITS.datasetSource);
  within('schema', schema, LIMITS.datasetSchema);
  within('profile', profile, LIMITS.datasetProfile);
  for (const { key, value } of tags) {
    within('tag name', key, 255);
    within('tag value', value, 500);
  }
}

const contextOf = (tags: readonly Pair[]): string => tags.find(({ key }) => key === CONTEXT_TAG)?.value ?? '';

/**
 * Notes that a run used datasets; gives those that were not noted of it before, with what they were used for.
 * The first description of a name and digest in an experiment counts: later ones cannot rewrite what others used.
 */
export async function useDatasets(
  tx: Database,
  run: { readonly id: string; readonly experimentId: string },
  datasets: readonly DatasetDescription[],
  nowMs: number,
): Promise<readonly { readonly name: string; readonly digest: string; readonly context: string }[]> {
  const fresh: { name: string; digest: string; context: string }[] = [];
  for (const dataset of datasets) demandDataset(dataset);
  for (const { name, digest, sourceType, source, schema, profile, tags } of datasets) {
    await sql`insert into datasets (id, experiment_id, name, digest, source_type, source, schema, profile)
      values (${uuidv7(nowMs)}, ${run.experimentId}, ${name}, ${digest}, ${sourceType}, ${source}, ${schema},
        ${profile})
      on conflict (experiment_id, name, digest) do nothing`.execute(tx);
    const context = contextOf(tags);
    const used = await sql`insert into run_datasets (run_id, dataset_id, context, tags)
      select ${run.id}::uuid, id, ${context}, ${JSON.stringify(tags)}::jsonb from datasets
      where experiment_id = ${run.experimentId} and name = ${name} and digest = ${digest}
      on conflict (run_id, dataset_id) do nothing`.execute(tx);
    if (Number(used.numAffectedRows ?? 0) > 0) fresh.push({ name, digest, context });
  }
  return fresh;
}

/** Which datasets the runs of experiments used, each once for each use; newest experiments first, 1,000 at most. */
export async function datasetsOf(
  database: Database,
  experimentIds: readonly string[],
): Promise<readonly { experimentId: string; name: string; digest: string; context: string }[]> {
  const { rows } = await sql<{ experimentId: string; name: string; digest: string; context: string }>`
    select distinct d.experiment_id as "experimentId", d.name, d.digest, u.context
    from datasets d join run_datasets u on u.dataset_id = d.id
    where d.experiment_id = any(${[...experimentIds]}::uuid[])
    order by d.experiment_id desc, d.name, d.digest, u.context limit 1000`.execute(database);
  return rows;
}
