import { mlflowRoutes } from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from '../exit.ts';
import { client } from '../session.ts';
import { Recipe } from './recipe.ts';
import { RECIPE_PATH, type RunFlags, runRecorded } from './run.ts';

const MOST_BYTES = 64 * 1024 * 1024;

/** The recipe of a run, as it was kept. */
export async function recipeOf(api: Client, run: string): Promise<Recipe> {
  try {
    const { run: found } = await api.call(mlflowRoutes.getRun, { query: { run_id: run } });
    const root = found.info.artifact_uri.replace(/^mlflow-artifacts:\/+/, '');
    const answer = await api.stream(mlflowRoutes.getArtifact, { params: { '*': `${root}/${RECIPE_PATH}` } });
    const text = await answer.text();
    if (text.length > MOST_BYTES) throw new CliError('the recipe of this run is too long');
    return Recipe.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404)
      throw new CliError('there is no such run, or it was not made with "bartizan run"', EXIT.usage);
    throw error;
  }
}

/** Runs the command of an earlier run again, with the same inputs; says what is not as it was. */
export async function replayRun(run: string, flags: RunFlags): Promise<void> {
  const recipe = await recipeOf(client(), run);
  const inputs = recipe.inputs.map(({ name }) => name);
  await runRecorded(
    recipe.command,
    { ...flags, input: flags.input ?? inputs, name: flags.name ?? `replay of ${run}` },
    { of: run, recipe },
  );
}
