import { reviewRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../platform/http/index.ts';
import type { ReviewService } from './service.ts';

/** The handlers of `contracts/reviews.ts`. */
export function createReviewRoutes(reviews: ReviewService): readonly RouteImplementation[] {
  return Object.freeze([
    implement(contracts.settings, () => reviews.settings()),
    implement(contracts.changeSettings, ({ body }, { principal }) =>
      body.fourEyes ? reviews.demandFourEyes(principal) : reviews.relax(principal),
    ),
    implement(contracts.list, ({ query }, { principal }) => reviews.list(principal, query)),
    implement(contracts.get, ({ params }, { principal }) => reviews.get(params.id, principal)),
    implement(contracts.propose, ({ body }, { principal }) =>
      reviews.propose(principal, body.proposal, body.reason),
    ),
    implement(contracts.approve, ({ params, body }, { principal }) =>
      reviews.approve(params.id, principal, body),
    ),
    implement(contracts.reject, ({ params, body }, { principal }) =>
      reviews.reject(params.id, principal, body.note),
    ),
    implement(contracts.withdraw, ({ params }, { principal }) => reviews.withdraw(params.id, principal)),
  ]);
}
