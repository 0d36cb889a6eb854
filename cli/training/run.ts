import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { CliError, EXIT } from '../exit.ts';
import { createOutput, printable } from '../output.ts';
import { clientFor, readSession, type Stored } from '../session.ts';
import { codeOf } from './code.ts';
import { factOf, filesOf, type Prepared, prepareInputs } from './inputs.ts';
import { type ComparedOutput, comparedLines, compareOutputs } from './outputs.ts';
import { differences, environmentOf, type FileFact, type Recipe } from './recipe.ts';
import {
  beginRun,
  endRun,
  experimentOf,
  logInputs,
  type RemoteRun,
  registerModel,
  sendArtifact,
} from './remote.ts';
import { maskedCommand } from './secrets/command.ts';

export interface RunFlags {
  name?: string;
  experiment?: string;
  input?: string[];
  output?: string[];
  model?: string;
  json?: boolean;
}

/** Where a run keeps how it was made. */
export const RECIPE_PATH = 'bartizan/recipe.json';
const PATCH_PATH = 'bartizan/uncommitted.patch';
/** What the run made: known once it is over, when what is there can no longer be changed. */
export const OUTPUTS_PATH = 'bartizan/outputs.json';

interface Ended {
  readonly code: number;
  readonly status: 'FINISHED' | 'FAILED' | 'KILLED';
}

/** Runs the command with our streams; signals are passed on. Nothing goes through a shell. */
function execute(command: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    let killed = false;
    const pass = (signal: NodeJS.Signals) => {
      killed = true;
      child.kill(signal);
    };
    process.on('SIGINT', pass);
    process.on('SIGTERM', pass);
    const done = () => {
      process.off('SIGINT', pass);
      process.off('SIGTERM', pass);
    };
    child.once('error', (error) => {
      done();
      reject(new CliError(`${printable(program)} could not be run: ${error.message}`, EXIT.usage));
    });
    child.once('close', (code, signal) => {
      done();
      if (signal !== null || killed) resolve({ code: code ?? 130, status: 'KILLED' });
      else resolve({ code: code ?? 1, status: code === 0 ? 'FINISHED' : 'FAILED' });
    });
  });
}

/** What the command is told: where to log to, as which run, and where its datasets lie. */
function environmentFor(
  { url, key }: Stored,
  run: RemoteRun,
  prepared: readonly Prepared[],
): Record<string, string> {
  return {
    MLFLOW_TRACKING_URI: url,
    MLFLOW_TRACKING_TOKEN: key,
    MLFLOW_RUN_ID: run.id,
    MLFLOW_EXPERIMENT_ID: run.experimentId,
    OPENLINEAGE_URL: url,
    OPENLINEAGE_API_KEY: key,
    BARTIZAN_RUN_ID: run.id,
    ...Object.fromEntries(
      prepared.flatMap(({ variable, path }) => (variable === null ? [] : [[variable, path]])),
    ),
  };
}

/** Keeps files that a run made, in this folder of its artifacts. */
async function keepOutputs(
  session: Stored,
  run: RemoteRun,
  places: readonly string[],
  folder: string,
): Promise<FileFact[]> {
  const kept: FileFact[] = [];
  for (const place of places) {
    const files = await filesOf(place);
    for (const file of files) {
      const under = files.length === 1 && file.path === basename(place) ? '' : `${basename(place)}/`;
      const path = `${folder}/${under}${file.path}`;
      await sendArtifact(session, run, path, { place: file.place });
      kept.push({ ...factOf(file), path });
    }
  }
  return kept;
}

/** `train.py` of `python -u train.py`. */
function nameOf(command: readonly string[]): string {
  const [program = 'run', ...args] = command;
  return basename(args.find((arg) => !arg.startsWith('-') && /\.\w{1,5}$/.test(arg)) ?? program);
}

export interface Replay {
  readonly of: string;
  readonly recipe: Recipe;
  /** What that run made; null where it is not known. */
  readonly outputs: readonly FileFact[] | null;
}

/**
 * Runs a command as a run that the server keeps, with its inputs, outputs, code, environment and the recipe to run it
 * again. Exits as the command does.
 */
export async function runRecorded(
  command: readonly string[],
  flags: RunFlags,
  replay?: Replay,
): Promise<void> {
  const session = readSession();
  const api = clientFor(session);
  const output = createOutput(flags.json ?? false);
  const safe = maskedCommand(command);
  const name = flags.name ?? nameOf(safe.command);
  const startedAt = new Date();
  const { prepared, remove } = await prepareInputs(api, flags.input ?? [], {
    purpose: `bartizan run ${name}`,
    note: output.note,
  });
  try {
    const recipe = await recipeOf(safe, { startedAt, inputs: prepared.map(({ input }) => input) });
    for (const line of notKept(recipe.recipe.masked)) output.note(line);
    for (const difference of replay ? differences(replay.recipe, recipe.recipe) : [])
      output.note(`Not as it was: ${difference}`);
    const run = await beginRun(api, {
      experimentId: await experimentOf(api, flags.experiment),
      name,
      user: userInfo().username,
      startedAtMs: startedAt.getTime(),
      tags: tagsOf(recipe.recipe, replay),
    });
    output.note(`Run ${run.id}`);
    await logInputs(api, run, prepared);
    if (recipe.patch !== null) await sendArtifact(session, run, PATCH_PATH, recipe.patch);
    await sendArtifact(session, run, RECIPE_PATH, JSON.stringify(recipe.recipe, null, 2));
    const ended = await execute(command, environmentFor(session, run, prepared)).catch(
      async (error: unknown) => {
        await endRun(api, run, { status: 'FAILED', params: {}, tags: {} });
        throw error;
      },
    );
    const told = await finish(session, run, { ended, flags, replay });
    if (flags.json) output.result(told, () => '');
    else output.note(human(told));
    process.exitCode = ended.code;
  } finally {
    await remove();
  }
}

/** Keeps what the run made, ends it, and holds it against the earlier run where this is a replay. */
async function finish(
  session: Stored,
  run: RemoteRun,
  {
    ended,
    flags,
    replay,
  }: { readonly ended: Ended; readonly flags: RunFlags; readonly replay: Replay | undefined },
) {
  const made = ended.status === 'FINISHED' ? await keep(session, run, flags) : { outputs: [], model: null };
  await sendArtifact(session, run, OUTPUTS_PATH, JSON.stringify(made.outputs, null, 2));
  await endRun(clientFor(session), run, {
    status: ended.status,
    params: {},
    tags: { 'bartizan.exit-code': String(ended.code) },
  });
  return {
    run: run.id,
    status: ended.status,
    exitCode: ended.code,
    ...made,
    ...(replay
      ? { compared: replay.outputs === null ? null : compareOutputs(replay.outputs, made.outputs) }
      : {}),
  };
}

/** The recipe, as it is kept, and the patch beside it. */
async function recipeOf(
  { command, what }: ReturnType<typeof maskedCommand>,
  { startedAt, inputs }: { readonly startedAt: Date; readonly inputs: Recipe['inputs'] },
): Promise<{ readonly recipe: Recipe; readonly patch: string | null }> {
  const [code, { environment, masked }] = await Promise.all([codeOf(process.cwd()), environmentOf(command)]);
  const recipe: Recipe = {
    bartizan: 1,
    command,
    masked: { command: [...what], patch: [...(code?.masked ?? [])], environment: [...masked] },
    folder: code?.folder ?? process.cwd(),
    startedAt: startedAt.toISOString(),
    code: code?.facts ?? null,
    environment,
    inputs,
  };
  return { recipe, patch: code?.patch ?? null };
}

/** What of a run is not kept, for whoever runs it. */
function notKept({ command, patch, environment }: Recipe['masked']): string[] {
  const said = (what: readonly string[]): string => printable([...what].slice(0, 20).join(', '));
  return [
    ...(command.length > 0
      ? [`Not kept of the command: ${said(command)}. It cannot be replayed with --replay.`]
      : []),
    ...(patch.length > 0
      ? [`Not kept of what is not committed: ${said(patch)}. The code cannot be restored exactly.`]
      : []),
    ...(environment.length > 0 ? [`Not kept of the environment: ${said(environment)}.`] : []),
  ];
}

async function keep(session: Stored, run: RemoteRun, flags: RunFlags) {
  const outputs = await keepOutputs(session, run, flags.output ?? [], 'outputs');
  if (flags.model === undefined) return { outputs, model: null };
  const equals = flags.model.indexOf('=');
  const place = flags.model.slice(equals + 1);
  const model = flags.model.slice(0, equals);
  const files = await keepOutputs(session, run, [place], 'model');
  const version = await registerModel(clientFor(session), run, model, 'model');
  return { outputs: [...outputs, ...files], model: { name: model, version } };
}

function tagsOf({ command, code }: Recipe, replay: Replay | undefined): Record<string, string> {
  return {
    'mlflow.source.type': 'LOCAL',
    'mlflow.source.name': command.join(' ').slice(0, 500),
    ...(code === null ? {} : { 'mlflow.source.git.commit': code.commit }),
    ...(code?.branch ? { 'mlflow.source.git.branch': code.branch } : {}),
    ...(code?.remote ? { 'mlflow.source.git.repoURL': code.remote } : {}),
    'bartizan.uncommitted': String((code?.patchSha256 ?? null) !== null),
    ...(replay ? { 'bartizan.replay-of': replay.of } : {}),
  };
}

function human(told: {
  readonly run: string;
  readonly status: string;
  readonly exitCode: number;
  readonly outputs: readonly FileFact[];
  readonly model: { readonly name: string; readonly version: string } | null;
  /** Of a replay. */
  readonly compared?: readonly ComparedOutput[] | null;
}): string {
  return [
    `Run ${told.run} ${told.status.toLowerCase()} (exit ${told.exitCode})`,
    ...told.outputs.map(({ path, sha256 }) => `  ${printable(path)}  ${sha256}`),
    ...(told.model === null ? [] : [`  registered as ${printable(told.model.name)}@${told.model.version}`]),
    ...(told.compared === undefined ? [] : comparedLines(told.compared, printable)),
  ].join('\n');
}
