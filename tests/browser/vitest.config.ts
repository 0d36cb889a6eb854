import { defineConfig } from 'vitest/config';

/** Tests of the real application in Chromium. One file at a time: each starts an instance of its own. */
export default defineConfig({
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    globalSetup: ['./build-console.ts'],
    // The rules alone, unless a test opens a model itself: a model that is installed neither changes nor slows the others.
    env: { BARTIZAN_INJECTION_MODEL: 'none' },
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    pool: 'forks',
  },
});
