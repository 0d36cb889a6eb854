import { z } from 'zod';
import type { FileFact } from './recipe.ts';

/** What a run made, as it is kept beside its recipe. */
export const Outputs = z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() }));

/** An output of a replay held against the earlier run's; digests are SHA-256, null where that run made no such file. */
export interface ComparedOutput {
  readonly path: string;
  readonly outcome: 'same' | 'different' | 'not-made' | 'new';
  readonly was: string | null;
  readonly now: string | null;
}

/** By their paths, those of the earlier run first. */
export function compareOutputs(before: readonly FileFact[], now: readonly FileFact[]): ComparedOutput[] {
  const was = new Map(before.map(({ path, sha256 }) => [path, sha256]));
  const is = new Map(now.map(({ path, sha256 }) => [path, sha256]));
  return [...new Set([...was.keys(), ...is.keys()])].map((path) => {
    const [old, made] = [was.get(path) ?? null, is.get(path) ?? null];
    const outcome = old === null ? 'new' : made === null ? 'not-made' : old === made ? 'same' : 'different';
    return { path, outcome, was: old, now: made };
  });
}

const WORDS: Readonly<Record<ComparedOutput['outcome'], string>> = {
  same: 'same as it was',
  different: 'not the same as it was',
  'not-made': 'of the earlier run, not kept now: name it with --output or --model',
  new: 'not of the earlier run',
};

/** For people; null: what the earlier run made is not known. */
export function comparedLines(
  compared: readonly ComparedOutput[] | null,
  clean: (text: string) => string,
): string[] {
  if (compared === null) return ['What the earlier run made is not known: outputs were not compared.'];
  return compared.map(({ path, outcome }) => `  ${clean(path)}  ${WORDS[outcome]}`);
}
