import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { ByteSource } from '@bartizan/checks/artifacts/types.ts';
import { type FileSource, openFileSource } from './file-source.ts';

/** Other files of the same model, as the scanner asks for them. */
export interface Besides {
  /** The file at `path` below the model's folder; null where there is none, or a link leads to it or out of the folder. */
  readonly open: (path: string) => ByteSource | null;
  readonly close: () => void;
}

const MOST_OPEN = 64;

/** Opens files in and below the folder of `modelPath`, never by links and never outside. */
export function createBesides(modelPath: string): Besides {
  const opened: FileSource[] = [];
  return Object.freeze({
    open(path: string): ByteSource | null {
      if (opened.length >= MOST_OPEN || path.includes('\0')) return null;
      try {
        const folder = realpathSync(dirname(modelPath));
        const wanted = join(folder, ...path.split('/'));
        // A link anywhere on the way shows in the real path.
        if (
          realpathSync(wanted) !== wanted ||
          !wanted.startsWith(folder.endsWith(sep) ? folder : folder + sep)
        )
          return null;
        if (!lstatSync(wanted).isFile()) return null;
        const source = openFileSource(wanted, { followLink: false });
        opened.push(source);
        return source;
      } catch {
        // Not there, or not to be read: its weights are then named as not measured.
        return null;
      }
    },
    close() {
      for (const source of opened) source.close();
    },
  });
}
