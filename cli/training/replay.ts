import { createInterface } from 'node:readline/promises';
import { mlflowRoutes } from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from '../exit.ts';
import { printable } from '../output.ts';
import { client } from '../session.ts';
import { Outputs } from './outputs.ts';
import { type FileFact, Recipe } from './recipe.ts';
import { OUTPUTS_PATH, RECIPE_PATH, type RunFlags, runRecorded } from './run.ts';
import { MASK } from './secrets/names.ts';

const MOST_BYTES = 64 * 1024 * 1024;

/** A JSON file that a run keeps. */
async function keptBy(api: Client, run: string, path: string): Promise<unknown> {
  const { run: found } = await api.call(mlflowRoutes.getRun, { query: { run_id: run } });
  const root = found.info.artifact_uri.replace(/^mlflow-artifacts:\/+/, '');
  const answer = await api.stream(mlflowRoutes.getArtifact, { params: { '*': `${root}/${path}` } });
  const text = await answer.text();
  if (text.length > MOST_BYTES) throw new CliError(`${path} of this run is too long`);
  return JSON.parse(text);
}

/** What a run made; null where it kept no list of it, as when it broke off. */
async function outputsOf(api: Client, run: string): Promise<readonly FileFact[] | null> {
  try {
    return Outputs.parse(await keptBy(api, run, OUTPUTS_PATH));
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return null;
    throw error;
  }
}

/** The recipe of a run, as it was kept. */
export async function recipeOf(api: Client, run: string): Promise<Recipe> {
  try {
    return Recipe.parse(await keptBy(api, run, RECIPE_PATH));
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404)
      throw new CliError('there is no such run, or it was not made with "bartizan run"', EXIT.usage);
    throw error;
  }
}

/**
 * What is run was written by whoever may write to that run: a person says yes to the very command, or a script does
 * with --yes.
 */
async function demandConsent({ command, code, environment }: Recipe, yes: boolean): Promise<void> {
  const lines = [
    `The run was made by this command, on ${printable(environment.hostname)}:`,
    `  ${command.map((each) => printable(JSON.stringify(each))).join(' ')}`,
    ...(code === null ? [] : [`  at ${printable(code.commit)}`]),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
  if (yes) return;
  if (!process.stdin.isTTY) throw new CliError('look at the command, and run it with --yes', EXIT.usage);
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question('Run it here, with your key? [y/N] ');
    if (!/^y(?:es)?$/i.test(answer.trim())) throw new CliError('not run', EXIT.usage);
  } finally {
    ask.close();
  }
}

/** What was masked in the command is not known any more: with `***` in its place it would be another command. */
function demandWhole({ command, masked }: Recipe): void {
  if (masked.command.length === 0 && !command.some((arg) => arg.includes(MASK))) return;
  const what = masked.command.length > 0 ? masked.command.join(', ') : 'values that look like secrets';
  throw new CliError(
    `The command was not kept whole, and cannot be replayed: ${printable(what)} is missing.\nRun it yourself, with the values where *** stands: bartizan run -- ${command.map(printable).join(' ')}`,
    EXIT.usage,
  );
}

/** Runs the command of an earlier run again, with the same inputs; says what is not as it was, of inputs and of outputs. */
export async function replayRun(run: string, flags: RunFlags & { yes?: boolean }): Promise<void> {
  const recipe = await recipeOf(client(), run);
  demandWhole(recipe);
  if (recipe.masked.patch.length > 0)
    process.stderr.write(
      `What was not committed was not kept whole: ${printable(recipe.masked.patch.join(', '))}\n`,
    );
  await demandConsent(recipe, flags.yes ?? false);
  const inputs = recipe.inputs.map(({ name }) => name);
  await runRecorded(
    recipe.command,
    { ...flags, input: flags.input ?? inputs, name: flags.name ?? `replay of ${run}` },
    { of: run, recipe, outputs: await outputsOf(client(), run) },
  );
}
