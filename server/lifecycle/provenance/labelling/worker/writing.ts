import { open } from 'node:fs/promises';

const BATCH_CHARS = 1 << 20;

/** Writes lines to a new file, in constant memory. */
export async function writeLines(
  path: string,
  lines: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    let batch: string[] = [];
    let chars = 0;
    for await (const line of lines) {
      batch.push(line, '\n');
      chars += line.length;
      if (chars < BATCH_CHARS) continue;
      await file.writeFile(batch.join(''));
      batch = [];
      chars = 0;
    }
    await file.writeFile(batch.join(''));
  } finally {
    await file.close();
  }
}
