import { auditMigrations } from './audit/index.ts';
import { identityMigrations } from './identity/index.ts';
import { migrations as lifecycleMigrations } from './lifecycle/index.ts';
import type { Migration } from './platform/database/index.ts';
import { reviewMigrations } from './reviews/index.ts';

/**
 * Of every domain: what the server applies when it starts, what a backup is checked against, and what a restore
 * builds its tables with. Nothing else makes tables but partitions.ts, which makes partitions of these.
 */
export const allMigrations: readonly Migration[] = Object.freeze([
  ...identityMigrations,
  ...auditMigrations,
  ...reviewMigrations,
  ...lifecycleMigrations,
]);
