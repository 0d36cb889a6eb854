import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject } from './types.ts';

/** The secrets of an instance and where each comes from: variable, file of a variable, or the data directory. */
export const SECRETS = {
  BARTIZAN_MASTER_KEY: 'master.key',
  BARTIZAN_INTERNAL_TOKEN: 'internal.token',
} as const;
export type SecretName = keyof typeof SECRETS;

export interface Secret {
  readonly value: string;
  /** For people: a variable's or a file's name. */
  readonly from: string;
  /** Null for a variable. */
  readonly file: string | null;
}

/** Null when there is none; throws when a file is named that cannot be read. */
export function secretOf(
  { env, dataDir }: Pick<Subject, 'env' | 'dataDir'>,
  name: SecretName,
): Secret | null {
  const given = env[name];
  if (given) return { value: given.trim(), from: name, file: null };
  const named = env[`${name}_FILE`];
  const file = named || join(dataDir, 'keys', SECRETS[name]);
  if (!named && !existsSync(file)) return null;
  return { value: readFileSync(file, 'utf8').trim(), from: file, file };
}
