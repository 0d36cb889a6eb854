import { defineConfig } from 'vitest/config';

/** The tests that need nothing but Node: beside the code, plus architecture, attacks and conformance. */
export default defineConfig({
  test: {
    include: [
      '{contracts,checks,gateway,server,console,cli,tools,bench}/**/*.test.ts',
      'tests/{architecture,attacks,conformance,e2e,fuzz,operations}/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: ['tests/postgres.setup.ts'],
    // The rules alone, unless a test opens a model itself: a model that is installed neither changes nor slows the others.
    env: { BARTIZAN_INJECTION_MODEL: 'none' },
    // Long enough for a machine whose cores are busy with other work; what hangs is still found.
    testTimeout: 90_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    maxWorkers: 2,
  },
});
