import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let known: string | undefined;

/** Code that decides what is found: the checks of artifacts and of weights. Tests and what only they use say nothing. */
function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter(
      (path) => path.endsWith('.ts') && !/(?:\.test|\/samples|\/build|\/testing|\/make)\.ts$/.test(path),
    )
    .sort();
}

/**
 * Names the scanner that this process has: Bartizan's version and a digest of the scanner's code, so that a change
 * of any rule is another scanner, without anybody having to say so.
 */
export function scannerVersion(version: string): string {
  if (known === undefined) {
    const checks = dirname(dirname(fileURLToPath(import.meta.resolve('@bartizan/checks/artifacts/scan.ts'))));
    const hash = createHash('sha256');
    for (const folder of ['artifacts', 'weights']) {
      for (const path of sources(join(checks, folder))) {
        const text = readFileSync(join(checks, folder, path));
        hash.update(`${folder}/${path}\n${text.length}\n`).update(text);
      }
    }
    known = hash.digest('hex').slice(0, 12);
  }
  return `${version}+${known}`;
}
