import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Everything before this place was taken by the server: `skip` records of the frame at `offset` included. */
const Cursor = z.object({
  segment: z.number().int().nonnegative(),
  offset: z.number().int().nonnegative(),
  skip: z.number().int().nonnegative(),
});
export type Cursor = Readonly<z.infer<typeof Cursor>>;

const FILE = 'cursor.json';

/** The cursor on disk; null when there is none or it cannot be read (then everything is sent again). */
export async function loadCursor(directory: string): Promise<Cursor | null> {
  try {
    return Cursor.parse(JSON.parse(await readFile(join(directory, FILE), 'utf8')));
  } catch {
    return null;
  }
}

export async function saveCursor(directory: string, cursor: Cursor): Promise<void> {
  const path = join(directory, FILE);
  await writeFile(`${path}.new`, JSON.stringify(cursor), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
