import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Locked {
  version?: string;
  link?: boolean;
  integrity?: string;
  optionalDependencies?: Record<string, string>;
}

const root = join(import.meta.dirname, '..', '..');
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
};

// `npm ci` refuses a lock file in which a package of another platform is missing, and that is what a fresh
// clone runs. npm leaves such packages out without a word when the registry it asked did not have them.
describe('the lock file', () => {
  it('names every optional package of every platform', () => {
    const missing = Object.entries(lock.packages).flatMap(([at, locked]) =>
      Object.keys(locked.optionalDependencies ?? {}).filter(
        (name) =>
          !(`node_modules/${name}` in lock.packages) && !(`${at}/node_modules/${name}` in lock.packages),
      ),
    );
    expect(missing).toEqual([]);
  });

  it('holds a digest for everything that is downloaded', () => {
    const without = Object.entries(lock.packages)
      .filter(([at, locked]) => at.startsWith('node_modules/') && !locked.link && !locked.integrity)
      .map(([at]) => at);
    expect(without).toEqual([]);
  });

  it('agrees with the package file', () => {
    for (const [name, version] of Object.entries(manifest.devDependencies)) {
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });
});
