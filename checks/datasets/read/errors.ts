import { toldWithoutValues } from './told.ts';
import { ReadError } from './types.ts';

const MAX_MESSAGE = 500;
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/INTERRUPT|interrupted/i, 'The file took longer to read than is allowed.'],
  [/Out of Memory/i, 'The file needs more memory to be read than is allowed.'],
  [/maximum_object_size|maximum object size/i, 'A record is larger than 16 MiB.'],
  [/Maximum line size/i, 'A line is longer than 16 MiB, or a quote is never closed.'],
];

const oneLine = (text: string): string => {
  const line = text.replace(/\p{Cc}+/gu, ' ').trim();
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
};

/** DuckDB's words without the line and the values that it quotes, so that these cannot pass for words of its own. */
const unquoted = (text: string): string =>
  text.replace(/^Original Line: .*$/gm, '').replace(/"(?:[^"\\]|\\.)*"/g, '""');

/** What DuckDB says of a broken file, with its line and column, in one line of bounded length and without its path. */
export function readError(error: unknown, path: string): Error {
  if (error instanceof ReadError || !(error instanceof Error))
    return error instanceof Error ? error : new Error(String(error));
  const text = error.message.replaceAll(path, 'the file');
  const line = /\bLine: (\d{1,15})/.exec(text)?.[1] ?? /\bin line (\d{1,15})/.exec(text)?.[1];
  const column =
    /converting column "([^"]{1,1000})"/.exec(text)?.[1] ??
    /\bcolumn "([^"]{1,1000})"/i.exec(text)?.[1] ??
    /failed to cast column "([^"]{1,1000})"/i.exec(text)?.[1];
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1];
  const what = oneLine(
    text
      .replace(/^[A-Z][A-Za-z ]* Error: /, '')
      .replace(
        /\n(?:Possible (?:fixes|solutions?)|Column \S+ is being|This type (?:was|is)|\s*file ?=|LINE \d)[\s\S]*$/i,
        '',
      )
      .replace(/CSV Error on Line: \d+/i, '')
      .replace(/\s*Try setting .*$/is, '')
      .replace(/ in file "the file",(?: at byte \d+)? in line \d+/, ''),
  );
  const where = [line && `line ${line}`, column && `column ${JSON.stringify(column)}`]
    .filter(Boolean)
    .join(', ');
  const prefix = where === '' ? '' : `In ${where}: `;
  return new ReadError(`${prefix}${hint ?? what}`, {
    cause: error,
    shown: `${prefix}${hint ?? toldWithoutValues(unquoted(text))}`,
    line: line === undefined ? null : Number(line),
    column: column ?? null,
  });
}
