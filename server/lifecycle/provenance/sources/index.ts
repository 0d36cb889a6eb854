import { AppError } from '../../../kernel/error.ts';
import type { RouteImplementation } from '../../../platform/http/types.ts';
import type { GovernancePort } from '../ports.ts';
import { type CroissantDeps, createCroissants } from './croissant/index.ts';
import { createCustody } from './custody.ts';
import { createDecisions } from './decisions.ts';
import type { SourceDeps } from './deps.ts';
import { createHolds } from './holds.ts';
import { NO_PURPOSE } from './loosening.ts';
import { createPolicies } from './policies.ts';
import { sourceRoutes } from './routes.ts';
import { createSources } from './sources.ts';
import { createSourceStore } from './store.ts';

export type { ScanStanding } from './deps.ts';
export { sourceMigrations } from './migrations.ts';

export interface Governance {
  /** What datasets ask. */
  readonly port: GovernancePort;
  /**
   * Lets versions into use that waited for a scan, once that found nothing; announce what it gives when the
   * transaction is through.
   */
  readonly release: (versionId: string, tx: Parameters<GovernancePort['custody']>[1]) => Promise<boolean>;
  readonly implementations: readonly RouteImplementation[];
}

const sameWords = (one: string, other: string): boolean =>
  one.trim().toLowerCase() === other.trim().toLowerCase();

/** Sources, policies, custody and Croissant: the part that says which data may come in and be read. */
export function createGovernance(deps: Omit<SourceDeps, 'store'> & CroissantDeps): Governance {
  const store = createSourceStore(deps.database);
  const parts = { ...deps, store };
  const holds = createHolds(parts);
  const custody = createCustody(parts);
  const sources = createSources({ ...parts, holds });
  const decisions = createDecisions({ ...parts, holds, custody });
  const policies = createPolicies({ ...parts, holds, custody });
  const croissants = createCroissants(parts);
  return Object.freeze({
    port: Object.freeze({
      async source(actor, ref, tx) {
        try {
          const { id, name } = await sources.find(actor, ref, tx);
          return { id, name };
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
          throw new AppError('invalid_input', `there is no source "${ref}"`, {
            hint: error.hint ?? 'Register it first.',
            issues: [{ path: 'source', message: 'there is no such source' }],
            cause: error,
          });
        }
      },
      admit: holds.admit,
      async mayUse(_principal, version, purpose) {
        const { effective } = await holds.policyOf(version.datasetId);
        const { purposes } = effective;
        if (purposes.length === 0) return;
        // The reason begins with the purpose: `fraud model: checking row 17`.
        const named = purpose.split(':', 1)[0] ?? '';
        const isFor = (each: string): boolean => sameWords(each, named) || sameWords(each, purpose);
        if (!purposes.includes(NO_PURPOSE) && purposes.some(isFor)) return;
        throw new AppError('forbidden', 'these records may not be read for this purpose', {
          hint: `Begin the reason with one of: ${purposes.join(', ')}; then a colon and the rest.`,
        });
      },
      custody: custody.add,
    } satisfies GovernancePort),
    release: holds.release,
    implementations: sourceRoutes({ sources, policies, decisions, custody, croissants }),
  });
}
