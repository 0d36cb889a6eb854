import { readFileSync } from 'node:fs';
import { isCancel, password, text } from '@clack/prompts';
import { CliError, EXIT } from '../exit.ts';

const LONGEST = 1024;

/** From the file (its first line), or asked on the terminal; twice when it is a new one. */
export async function readPassphrase(file: string | undefined, fresh: boolean): Promise<string> {
  if (file !== undefined) {
    const [line = ''] = readFileSync(file, 'utf8').slice(0, LONGEST).split(/\r?\n/);
    return line;
  }
  if (!process.stdin.isTTY) {
    throw new CliError('This is no terminal to ask on: name a file with --passphrase-file.', EXIT.usage);
  }
  const first = answered(await password({ message: 'Passphrase of the key file' }));
  if (!fresh) return first;
  const again = answered(await password({ message: 'Once more' }));
  if (first !== again) throw new CliError('The two are not the same.', EXIT.usage);
  return first;
}

/** Has a person type the word, or takes it from --confirm; anything else stops the command. */
export async function confirmTyped(question: string, word: string, given: string | undefined): Promise<void> {
  if (given === undefined && !process.stdin.isTTY) {
    throw new CliError(`${question} Say so with --confirm ${word}.`, EXIT.usage);
  }
  const typed = given ?? answered(await text({ message: `${question} Type ${word} to go on.` }));
  if (typed.trim() !== word)
    throw new CliError(`Not confirmed: "${word}" was to be typed. Nothing was changed.`, EXIT.usage);
}

function answered(value: string | symbol): string {
  if (isCancel(value)) throw new CliError('Stopped. Nothing was changed.', EXIT.usage);
  return value as string;
}
