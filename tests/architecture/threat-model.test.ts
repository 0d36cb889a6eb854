import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './imports.ts';

/** Rows of the tables of threats: threat, what stops it, what it does not stop, tests. */
const rows = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.split('|').length === 6 && !line.startsWith('| Threat |'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the threat model', () => {
  it('has rows', () => {
    expect(rows.length).toBeGreaterThan(30);
  });

  it.each(rows.map((row) => [row[1], row[2], row[4]] as const))(
    '%s: names what stops it and a test that is there',
    (_, control = '', tests = '') => {
      expect(control).not.toBe('');
      const named = [...tests.matchAll(/`([^`]+\.test\.ts)`/g)].map((match) => match[1] ?? '');
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    },
  );
});
