import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checksPage, PAGE } from './checks-page.ts';

it('docs/guide/checks.md says what the catalogue says (else run: node tools/checks-page.ts)', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(checksPage());
});
