import { open } from 'node:fs/promises';
import { ReadError } from './types.ts';

const HEAD_BYTES = 4 * 2 ** 20;
const DELIMITERS = [',', ';', '\t', '|'] as const;

/**
 * The character between columns: of , ; tab and | the one that is most often outside of quotes in the first line; a
 * comma where none is. Guessing from more than that would read a broken file as a sound one of another dialect.
 */
export function delimiterOf(head: string): string {
  const counts = new Map<string, number>();
  let quoted = false;
  for (const character of head) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === '\n' || character === '\r')) break;
    else if (!quoted) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  return DELIMITERS.reduce(
    (best, each) => ((counts.get(each) ?? 0) > (counts.get(best) ?? 0) ? each : best),
    ',',
  );
}

/** The first text of a file, at most 4 MiB. ReadError for a file without any. */
export async function headOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const text = buffer.toString('utf8', 0, bytesRead).replace(/^\ufeff/, '');
    if (text.trim() === '') throw new ReadError('The file is empty.');
    return text;
  } finally {
    await file.close();
  }
}

/** The cells of the first line (RFC 4180). */
export function firstLine(head: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at <= head.length; at++) {
    const character = head[at] ?? '\n';
    if (quoted && character === '"' && head[at + 1] === '"') cell += head[++at] ?? '';
    else if (character === '"' && (quoted || cell === '')) quoted = !quoted;
    else if (quoted && at < head.length) cell += character;
    else if (character === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (character === '\n' || character === '\r') return [...cells, cell];
    else cell += character;
  }
  throw new ReadError('A quote in the first line is never closed.', { line: 1 });
}

/** The names in the first line; empty and repeated ones are refused, since a column could not be told by its name. */
export function headerOf(head: string, delimiter: string): string[] {
  const names = firstLine(head, delimiter);
  const empty = names.indexOf('');
  if (empty >= 0) throw new ReadError(`Column ${empty + 1} has no name in the first line.`, { line: 1 });
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new ReadError(`Two columns are named ${JSON.stringify(twice)} in the first line.`, {
      line: 1,
      column: twice,
    });
  return names;
}
