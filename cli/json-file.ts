import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { CliError, EXIT } from './exit.ts';
import { decodeUtf8 } from './stdin.ts';

/** Reads a JSON file (`-` is not offered) and checks it against a schema; names every fault with its place. */
export function readJsonFile<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(readFileSync(path), path));
  } catch (error) {
    throw new CliError(`${path}: ${whyUnreadable(error)}`, EXIT.usage);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(file)'}: ${messageOf(issue)}`,
  );
  throw new CliError(`${path} does not fit:\n${issues.join('\n')}`, EXIT.usage);
}

/** Names the values that a choice of shapes knows, which Zod's own words leave out. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union' || !('options' in issue) || !Array.isArray(issue.options)) {
    return issue.message;
  }
  return `give one of ${issue.options.map(String).join(', ')}`;
}

function whyUnreadable(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'no such file';
  return error instanceof Error ? error.message : String(error);
}
