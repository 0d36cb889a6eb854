import { defineConfig } from 'vitest/config';

/** Faults on real processes: slow, so apart from the unit tests. */
export default defineConfig({
  test: {
    include: ['tests/fault/**/*.test.ts'],
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
