import { defineConfig } from 'vitest/config';

/** Against model_signing for Python: BARTIZAN_PYTHON names an interpreter that has it. */
export default defineConfig({
  test: { include: ['tests/signing/**/*.test.ts'], testTimeout: 180_000, pool: 'forks', maxWorkers: 1 },
});
