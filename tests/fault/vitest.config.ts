import { defineConfig } from 'vitest/config';

/** Faults on real processes: slow, so apart from the unit tests. */
export default defineConfig({
  test: {
    include: ['tests/fault/**/*.test.ts'],
    // The rules alone, unless a test opens a model itself: a model that is installed neither changes nor slows the others.
    env: { BARTIZAN_INJECTION_MODEL: 'none' },
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
