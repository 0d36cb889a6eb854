import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import type { Recipe } from './recipe.ts';
import { maskedPatch } from './secrets/patch.ts';
import { masked } from './secrets/text.ts';

const execute = promisify(execFile);
const LOOK_MS = 20_000;
const MOST_BYTES = 8 * 1024 * 1024;
/** Patches up to here are kept with the run; of larger ones the digest alone. */
const MOST_PATCH_BYTES = 1024 * 1024;
/** What a patch looks like is for us to say, not for anybody's settings: from it is told what may be kept. */
const DIFF = [
  '-c',
  'core.quotePath=true',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'diff.suppressBlankEmpty=false',
  'diff',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--no-relative',
  '--no-renames',
  '--submodule=short',
  '--src-prefix=a/',
  '--dst-prefix=b/',
] as const;

/** What git says on standard output, or null where it fails. */
async function git(cwd: string, args: readonly string[]): Promise<string | null> {
  try {
    const { GIT_EXTERNAL_DIFF: _, GIT_DIFF_OPTS: __, ...env } = process.env;
    const { stdout } = await execute('git', [...args], {
      timeout: LOOK_MS,
      maxBuffer: MOST_BYTES,
      cwd,
      env: { ...env, GIT_OPTIONAL_LOCKS: '0', GIT_PAGER: 'cat' },
    });
    return stdout;
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
    return masked(url.href).text;
  } catch {
    return masked(remote.replace(/^[^@/]+@/, '')).text;
  }
}

export interface Code {
  readonly facts: NonNullable<Recipe['code']>;
  readonly folder: string;
  /**
   * What was changed and not committed, without secrets; null where nothing was, or where it is too long to keep.
   */
  readonly patch: string | null;
  /** What was masked in it. */
  readonly masked: readonly string[];
}

/** What was changed and not committed, without secrets. Where it cannot be read whole, which files and lines came and went. */
async function changesOf(cwd: string): Promise<{ text: string; what: readonly string[]; whole: boolean }> {
  const patch = await git(cwd, [...DIFF, '--binary', 'HEAD']);
  if (patch !== null) return { ...maskedPatch(patch), whole: true };
  const counts = await git(cwd, [...DIFF, '--numstat', 'HEAD']);
  return {
    text: counts ?? 'unknown',
    what: ['all of it: it is longer than 8 MiB, or git did not answer within 20 seconds'],
    whole: false,
  };
}

/** The revision of the working tree that `cwd` lies in; null where it is in none. */
export async function codeOf(cwd: string): Promise<Code | null> {
  const commit = (await git(cwd, ['rev-parse', 'HEAD']))?.trim();
  if (!commit || !/^[0-9a-f]{40,64}$/.test(commit)) return null;
  const [branch, remote, changes, folder] = await Promise.all([
    git(cwd, ['rev-parse', '--abbrev-ref', 'HEAD']),
    git(cwd, ['remote', 'get-url', 'origin']),
    changesOf(cwd),
    git(cwd, ['rev-parse', '--show-prefix']),
  ]);
  const { text, what, whole } = changes;
  const changed = text.trim() !== '';
  return {
    facts: {
      commit,
      branch: branch?.trim() || null,
      remote: remote?.trim() ? withoutCredentials(remote.trim()) : null,
      // Of the secrets too, it would let them be guessed.
      patchSha256: changed ? createHash('sha256').update(text).digest('hex') : null,
    },
    folder: folder?.trim() ?? '',
    patch: changed && whole && Buffer.byteLength(text) <= MOST_PATCH_BYTES ? text : null,
    masked: changed ? what : [],
  };
}
