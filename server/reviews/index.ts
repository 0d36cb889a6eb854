import { relaxing } from './relax.ts';
import { createReviewRoutes } from './routes.ts';
import { createReviewService, type ReviewDeps } from './service.ts';

export { reviewMigrations } from './migrations.ts';
export type { Caller, Description, Origin, ReviewKind } from './model.ts';
export type { ReviewDeps } from './service.ts';

/** Decisions that people owe: changes that wait for a second person. */
export function createReviews(deps: ReviewDeps) {
  const service = createReviewService(deps);
  service.register(relaxing(deps.audit));
  return Object.freeze({
    implementations: createReviewRoutes(service),
    register: service.register,
    demandFree: service.demandFree,
    settings: service.settings,
  });
}
export type Reviews = ReturnType<typeof createReviews>;
/** What the domains whose changes are reviewed need. */
export type ReviewGate = Pick<Reviews, 'register' | 'demandFree' | 'settings'>;
