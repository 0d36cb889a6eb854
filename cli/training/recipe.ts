import { execFile } from 'node:child_process';
import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { masked } from './secrets/text.ts';

const execute = promisify(execFile);
const LOOK_MS = 20_000;
const MOST_BYTES = 8 * 1024 * 1024;
/** Variables that change what training does and are nobody's secret. */
const VARIABLES = [
  'PYTHONHASHSEED',
  'CUDA_VISIBLE_DEVICES',
  'CUBLAS_WORKSPACE_CONFIG',
  'OMP_NUM_THREADS',
  'MKL_NUM_THREADS',
  'TOKENIZERS_PARALLELISM',
  'TF_DETERMINISTIC_OPS',
  'SEED',
] as const;

const FileFact = z.object({ path: z.string(), bytes: z.number(), sha256: z.string() });

/** All that is needed to run a command again as it was run. */
export const Recipe = z.object({
  bartizan: z.literal(1),
  /** With `***` in place of secrets. */
  command: z.array(z.string()).min(1),
  /** What was not kept, without its values: of the command, of what was not committed, of the environment. */
  masked: z
    .object({
      command: z.array(z.string()),
      patch: z.array(z.string()),
      environment: z.array(z.string()),
    })
    .default({ command: [], patch: [], environment: [] }),
  /** Below the top of the code's working tree, or whole where it is in none. */
  folder: z.string(),
  startedAt: z.string(),
  code: z
    .object({
      commit: z.string(),
      branch: z.string().nullable(),
      /** Without credentials. */
      remote: z.string().nullable(),
      /** Of what was changed and not committed, without secrets; null where nothing was. */
      patchSha256: z.string().nullable(),
    })
    .nullable(),
  environment: z.object({
    platform: z.string(),
    hostname: z.string(),
    cpus: z.number(),
    memoryBytes: z.number(),
    /** Of the interpreter that the command names. */
    interpreter: z.string().nullable(),
    /** `pip freeze` of it; empty where it is no Python. */
    packages: z.array(z.string()),
    variables: z.record(z.string(), z.string()),
  }),
  inputs: z.array(
    z.object({
      /** `loans@3`, or a path. */
      name: z.string(),
      dataset: z.object({ name: z.string(), version: z.number(), root: z.string() }).nullable(),
      files: z.array(FileFact),
    }),
  ),
});
export type Recipe = z.infer<typeof Recipe>;
export type FileFact = z.infer<typeof FileFact>;

/** What a program says, or null where it does not run. */
async function said(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await execute(command, [...args], {
      timeout: LOOK_MS,
      maxBuffer: MOST_BYTES,
    });
    return stdout.trim() === '' ? stderr : stdout;
  } catch {
    return null;
  }
}

/** The machine, the interpreter that the command names, and its packages; `masked`: what was not kept of them. */
export async function environmentOf(
  command: readonly string[],
): Promise<{ readonly environment: Recipe['environment']; readonly masked: readonly string[] }> {
  const [program = ''] = command;
  const isPython = /^python[\d.]*(?:\.exe)?$/i.test(basename(program));
  const interpreter = /^(?:python|node|deno|bun|ruby|perl|Rscript|julia|java)/i.test(basename(program))
    ? ((await said(program, ['--version']))?.trim().split('\n')[0] ?? null)
    : null;
  const frozen = isPython
    ? await said(program, ['-m', 'pip', 'freeze', '--disable-pip-version-check'])
    : null;
  const what = new Set<string>();
  const clean = (text: string): string => {
    const { text: kept, what: hidden } = masked(text);
    for (const each of hidden) what.add(each);
    return kept;
  };
  const environment = {
    platform: `${platform()} ${release()} ${arch()}`,
    hostname: hostname(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    interpreter,
    // Addresses of private indexes may hold credentials.
    packages: (frozen ?? '')
      .split('\n')
      .map((line) => clean(line.trim().replace(/\/\/[^/@\s]+@/g, '//')))
      .filter((line) => line !== ''),
    variables: Object.fromEntries(
      VARIABLES.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, clean(value)] as const];
      }),
    ),
  };
  return { environment, masked: [...what] };
}

/** Why a replay is not what it was: one sentence for each difference. */
export function differences(before: Recipe, now: Pick<Recipe, 'code' | 'environment' | 'inputs'>): string[] {
  const found: string[] = [];
  if (before.code?.commit !== now.code?.commit)
    found.push(
      `code: ${before.code?.commit ?? 'no revision'} then, ${now.code?.commit ?? 'no revision'} now`,
    );
  if ((before.code?.patchSha256 ?? null) !== (now.code?.patchSha256 ?? null))
    found.push('code: what was changed and not committed is not the same');
  if (before.environment.interpreter !== now.environment.interpreter)
    found.push(
      `interpreter: ${before.environment.interpreter ?? 'none'} then, ${now.environment.interpreter ?? 'none'} now`,
    );
  const packages = new Set(now.environment.packages);
  const missing = before.environment.packages.filter((line) => !packages.has(line));
  if (missing.length > 0)
    found.push(`packages: ${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ' and more' : ''} then`);
  const inputs = new Map(
    now.inputs.map((input) => [input.name, JSON.stringify(input.files.map((f) => f.sha256))]),
  );
  for (const input of before.inputs)
    if (inputs.get(input.name) !== JSON.stringify(input.files.map((f) => f.sha256)))
      found.push(`input ${input.name}: not the same content`);
  return found;
}
