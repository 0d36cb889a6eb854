import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { wholeNumber } from '../../options.ts';
import { createOutput } from '../../output.ts';
import { readSession } from '../../session.ts';
import { mlflowServer } from './http.ts';
import { importLoggedModels, importModel, registeredModelsOf } from './models.ts';
import { experimentsOf, finishRuns, importExperiment, reasonOf } from './runs.ts';
import type { Run } from './shapes.ts';
import type { Import, Tally } from './state.ts';

interface Flags {
  tokenEnv?: string;
  experiments?: string;
  models?: string;
  maxFileBytes: number;
  json?: boolean;
}

const SIGN_IN =
  'it asks for sign-in: name the variable that holds its token with --token-env, or write user:password@ before its host';
const MAX_FILE_BYTES = 64 * 1024 ** 3;
const namesOf = (list: string | undefined): string[] =>
  (list ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));

function newTally(): Tally {
  return {
    experiments: 0,
    runs: { imported: 0, already: 0 },
    loggedModels: { imported: 0, already: 0 },
    unfinished: 0,
    models: 0,
    versions: { imported: 0, already: 0 },
    files: 0,
    bytes: 0,
    problems: [],
  };
}

/** Everything that is asked for, in the order in which one thing refers to another. */
async function run(state: Import, experiments: readonly string[], models: readonly string[]): Promise<void> {
  const runs: Run[] = [];
  for (const experiment of await experimentsOf(state, experiments)) {
    const imported = await importExperiment(state, experiment);
    await importLoggedModels(state, experiment.experiment_id, imported);
    runs.push(...imported);
  }
  await finishRuns(state, runs);
  for (const model of await registeredModelsOf(state, models)) {
    try {
      await importModel(state, model);
    } catch (error) {
      state.tally.problems.push(`model ${model.name}: ${reasonOf(error)}`);
    }
  }
}

function addressOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new CliError(
    'give the address of the MLflow server, e.g. http://mlflow.example.com:5000',
    EXIT.usage,
  );
}

function tokenOf(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const token = process.env[variable];
  if (token) return token;
  throw new CliError(`the variable ${variable} has no token in it`, EXIT.usage);
}

const summary = (tally: Tally): string =>
  [
    `${tally.experiments} experiments; runs: ${tally.runs.imported} imported, ${tally.runs.already} were here`,
    ...(tally.unfinished > 0
      ? [
          `unfinished runs: ${tally.unfinished}, taken over as far as they are; import again when they have ended`,
        ]
      : []),
    `logged models: ${tally.loggedModels.imported} imported, ${tally.loggedModels.already} were here`,
    `${tally.models} registered models; versions: ${tally.versions.imported} imported, ${tally.versions.already} were here`,
    `${tally.files} files, ${tally.bytes} bytes`,
    ...tally.problems.map((problem) => `not imported: ${problem}`),
  ].join('\n');

/** `bartizan model import-mlflow`: from another MLflow server, over its own protocol. */
export function addImportMlflow(model: Command): void {
  model
    .command('import-mlflow <url>')
    .description(
      'take over experiments, runs, models and files of an MLflow server; again goes on where it ended',
    )
    .option('--token-env <variable>', 'environment variable with the token of that server')
    .option('--experiments <names>', 'only these experiments, with commas between them')
    .option('--models <names>', 'only these registered models, with commas between them')
    .option('--max-file-bytes <number>', 'leave out larger files', wholeNumber(1, 2 ** 50), MAX_FILE_BYTES)
    .option('--json', 'print JSON')
    .action(async (url: string, flags: Flags) => {
      const session = readSession();
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort(new CliError('stopped; run it again to go on')));
      const { signal } = stop;
      const source = mlflowServer({
        url: addressOf(url),
        token: tokenOf(flags.tokenEnv),
        signal,
        signIn: SIGN_IN,
      });
      const target = mlflowServer({
        url: session.url,
        token: session.key,
        signal,
        signIn: 'run "bartizan login"',
      });
      const state: Import = {
        source,
        target,
        origin: source.name,
        tally: newTally(),
        say: (line) => void process.stderr.write(`${line}\n`),
        maxFileBytes: flags.maxFileBytes,
        experiments: new Map(),
        runs: new Map(),
        loggedModels: new Map(),
      };
      try {
        await run(state, namesOf(flags.experiments), namesOf(flags.models));
      } catch (error) {
        throw error instanceof CliError ? error : new CliError(`the import broke off: ${reasonOf(error)}`);
      }
      createOutput(flags.json ?? false).result(state.tally, summary);
      if (state.tally.problems.length > 0) process.exitCode = 1;
    });
}
