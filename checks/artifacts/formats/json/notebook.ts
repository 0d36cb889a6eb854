import { Buffer } from 'node:buffer';
import { isObject, type JsonValue } from './parse.ts';
import type { JsonRule } from './rules.ts';

const MOST_CELLS = 5_000;

const sourceOf = (value: JsonValue | undefined): string =>
  Array.isArray(value)
    ? value.filter((line) => typeof line === 'string').join('')
    : typeof value === 'string'
      ? value
      : '';

/** Notebooks (nbformat 3 and 4) hold code that runs when somebody goes through them: it is judged as code. */
export const notebookRule: JsonRule = ({ object, member }) => {
  if (typeof object.nbformat !== 'number') return;
  const [sheet] = Array.isArray(object.worksheets) ? object.worksheets : [];
  const cells = Array.isArray(object.cells)
    ? object.cells
    : isObject(sheet ?? null)
      ? (sheet as { cells?: JsonValue }).cells
      : [];
  const sources = (Array.isArray(cells) ? cells : [])
    .slice(0, MOST_CELLS)
    .filter((cell) => isObject(cell) && cell.cell_type === 'code')
    .map((cell) =>
      sourceOf(
        (cell as { source?: JsonValue; input?: JsonValue }).source ?? (cell as { input?: JsonValue }).input,
      ),
    );
  const code = sources.filter((source) => source.trim() !== '').join('\n\n');
  if (code !== '') member({ name: '<code cells>', bytes: new Uint8Array(Buffer.from(code)) });
};
