import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Row } from './rows.ts';
import { rowsOf } from './rows.ts';

/** A row and the set that it is judged in. */
export interface SetRow {
  readonly set: string;
  readonly row: Row;
}

/** Labelled texts in sets; reads its files anew each time, so that memory does not grow with them. */
export interface Sets {
  /** Known before reading, in order; further ones come up in the rows. */
  readonly names: readonly string[];
  readonly rows: () => AsyncGenerator<SetRow>;
}

/** No data where some were promised. */
export class NoDataError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoDataError';
  }
}

/** Files whose licence lets no shipped model learn from them; they are judged only when asked for. */
const UNLICENSED = 'unlicensed.jsonl';
/** Neighbours resemble each other, so whole blocks of them are held out where rows name no split. */
const BLOCK = 40;
const ONE_IN = 8n;

function filesOf(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new NoDataError(`${folder} cannot be read: ${(error as Error).message}`);
  }
  const files = names.filter((name) => name.endsWith('.jsonl')).sort();
  if (files.length === 0) throw new NoDataError(`${folder} holds no *.jsonl`);
  return files;
}

/** Each file of a folder is a set, named as the file without `.jsonl`. */
export function fileSets(folder: string): Sets {
  const files = filesOf(folder);
  const nameOf = (file: string): string => basename(file, '.jsonl');
  return {
    names: files.map(nameOf),
    rows: async function* () {
      for (const file of files) {
        for await (const row of rowsOf(join(folder, file))) yield { set: nameOf(file), row };
      }
    },
  };
}

/** Whether the recipe holds out a row of a file whose rows name no split; `line` from 0. */
export function isHeldOut(stem: string, line: number): boolean {
  const digest = createHash('sha256')
    .update(`block\0${stem}:${Math.floor(line / BLOCK)}`)
    .digest();
  return digest.readBigUInt64BE(0) % ONE_IN === 0n;
}

/**
 * The held-out rows of folders of training corpora (`kind`, `lang`, `source`, `split`), a set for each source, exactly
 * those that the recipe does not train on. Who wrote a text goes by its `kind`.
 */
export function devSets(folders: readonly string[], options: { readonly unlicensed?: boolean } = {}): Sets {
  const files = folders.flatMap((folder) =>
    filesOf(folder)
      .filter((file) => options.unlicensed === true || file !== UNLICENSED)
      .map((file) => ({ path: join(folder, file), stem: basename(file, '.jsonl') })),
  );
  return {
    names: [],
    rows: async function* () {
      for (const { path, stem } of files) {
        for await (const row of rowsOf(path, 'kind')) {
          const line = Number(row.at.slice(row.at.lastIndexOf(':') + 1)) - 1;
          if (row.split === null ? isHeldOut(stem, line) : row.split === 'dev') {
            yield { set: row.facets.source ?? stem, row };
          }
        }
      }
    },
  };
}
