import { aliasProblem, MAX_TAGS, modelNameProblem } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';

const refuse = (path: string, message: string): AppError =>
  new AppError('invalid_input', `this is not taken: ${path} ${message}`, {
    hint: 'Correct what is named and try again.',
    issues: [{ path, message }],
  });

/** Throws `invalid_input` for text that the database cannot hold or that is longer than `max` characters. */
export function requireText(path: string, text: string, max: number): void {
  if (text.includes('\0') || !text.isWellFormed()) throw refuse(path, 'has characters that cannot be kept');
  if (text.length > max) throw refuse(path, `is longer than ${max} characters`);
}

export function requireModelName(name: string): void {
  const problem = modelNameProblem(name);
  if (problem !== null) throw refuse('name', problem);
}

export function requireAlias(alias: string): void {
  const problem = aliasProblem(alias);
  if (problem !== null) throw refuse('alias', problem);
}

/** Throws `invalid_input` for tags that cannot be kept: keys up to 250 characters, values up to 8,000. */
export function requireTags(tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS) throw refuse('tags', `are more than ${MAX_TAGS}`);
  for (const [key, value] of entries) {
    if (key === '') throw refuse('tags', 'have one without a key');
    requireText('tags', key, 250);
    requireText(`tags.${key.slice(0, 100)}`, value, 8_000);
  }
}
