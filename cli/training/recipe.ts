import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const execute = promisify(execFile);
const LOOK_MS = 20_000;
const MOST_BYTES = 8 * 1024 * 1024;
/** Patches up to here are kept with the run; of larger ones the digest alone. */
const MOST_PATCH_BYTES = 1024 * 1024;
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
  command: z.array(z.string()).min(1),
  /** Below the top of the code's working tree, or whole where it is in none. */
  folder: z.string(),
  startedAt: z.string(),
  code: z
    .object({
      commit: z.string(),
      branch: z.string().nullable(),
      /** Without credentials. */
      remote: z.string().nullable(),
      /** Of what was changed and not committed; null where nothing was. */
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
  outputs: z.array(FileFact),
});
export type Recipe = z.infer<typeof Recipe>;
export type FileFact = z.infer<typeof FileFact>;

/** What a program says, or null where it does not run. */
async function said(command: string, args: readonly string[], cwd?: string): Promise<string | null> {
  try {
    const { stdout, stderr } = await execute(command, [...args], {
      timeout: LOOK_MS,
      maxBuffer: MOST_BYTES,
      ...(cwd === undefined ? {} : { cwd }),
    });
    return stdout.trim() === '' ? stderr : stdout;
  } catch {
    return null;
  }
}

/** `https://token@host/x.git` without the token. */
export function withoutCredentials(remote: string): string {
  try {
    const url = new URL(remote);
    url.username = '';
    url.password = '';
    url.search = '';
    url.hash = '';
    return url.href;
  } catch {
    return remote.replace(/^[^@/]+@/, '');
  }
}

const SECRET = /(?:pass(?:word|wd)?|secret|token|api[-_]?key|credential|private[-_]?key)/i;

/** Arguments without what their names call a secret: `--api-key=…`, and what follows `--password`. */
export function withoutSecrets(command: readonly string[]): string[] {
  return command.map((arg, at) => {
    const named = /^(-{0,2}[\w.-]+)=(.+)$/s.exec(arg);
    if (named?.[1] && SECRET.test(named[1])) return `${named[1]}=***`;
    const before = command[at - 1];
    return before !== undefined &&
      /^-{1,2}[\w.-]+$/.test(before) &&
      SECRET.test(before) &&
      !arg.startsWith('-')
      ? '***'
      : arg;
  });
}

export interface Code {
  readonly facts: NonNullable<Recipe['code']>;
  readonly folder: string;
  /** What was changed and not committed; null where nothing was, or where it is too long to keep. */
  readonly patch: string | null;
}

/** The revision of the working tree that `cwd` lies in; null where it is in none. */
export async function codeOf(cwd: string): Promise<Code | null> {
  const commit = (await said('git', ['rev-parse', 'HEAD'], cwd))?.trim();
  if (!commit || !/^[0-9a-f]{40,64}$/.test(commit)) return null;
  const [branch, remote, patch, folder] = await Promise.all([
    said('git', ['rev-parse', '--abbrev-ref', 'HEAD'], cwd),
    said('git', ['remote', 'get-url', 'origin'], cwd),
    said('git', ['diff', '--no-ext-diff', '--binary', 'HEAD'], cwd),
    said('git', ['rev-parse', '--show-prefix'], cwd),
  ]);
  const changed = patch !== null && patch.trim() !== '';
  return {
    facts: {
      commit,
      branch: branch?.trim() || null,
      remote: remote?.trim() ? withoutCredentials(remote.trim()) : null,
      patchSha256: changed ? createHash('sha256').update(patch).digest('hex') : null,
    },
    folder: folder?.trim() ?? '',
    patch: changed && Buffer.byteLength(patch) <= MOST_PATCH_BYTES ? patch : null,
  };
}

/** The machine, the interpreter that the command names, and its packages. */
export async function environmentOf(command: readonly string[]): Promise<Recipe['environment']> {
  const [program = ''] = command;
  const isPython = /^python[\d.]*(?:\.exe)?$/i.test(basename(program));
  const interpreter = /^(?:python|node|deno|bun|ruby|perl|Rscript|julia|java)/i.test(basename(program))
    ? ((await said(program, ['--version']))?.trim().split('\n')[0] ?? null)
    : null;
  const frozen = isPython
    ? await said(program, ['-m', 'pip', 'freeze', '--disable-pip-version-check'])
    : null;
  return {
    platform: `${platform()} ${release()} ${arch()}`,
    hostname: hostname(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    interpreter,
    // Addresses of private indexes may hold credentials.
    packages: (frozen ?? '')
      .split('\n')
      .map((line) => line.trim().replace(/\/\/[^/@\s]+@/g, '//'))
      .filter((line) => line !== ''),
    variables: Object.fromEntries(
      VARIABLES.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
  };
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
