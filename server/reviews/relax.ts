import type { Proposal } from '@bartizan/contracts';
import type { AuditLog } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import type { ReviewKind } from './model.ts';
import { createReviewStore } from './store.ts';

/** Turning four eyes off, which itself takes two people. */
export function relaxing(audit: AuditLog): ReviewKind<Extract<Proposal, { kind: 'reviews.relax' }>> {
  return Object.freeze({
    kind: 'reviews.relax',
    permission: 'sign-in.manage',
    isThereFor: async () => true,
    async describe(_, db) {
      if (!(await createReviewStore(db).fourEyes())) {
        throw new AppError('conflict', 'four eyes are not demanded');
      }
      return {
        title: 'No longer demand a second person for changes to guards',
        subject: 'reviews',
        changes: [{ path: 'fourEyes', before: true, after: false }],
        basis: { fourEyes: true },
      };
    },
    async execute(_, { review, proposedBy, approvedBy }, tx) {
      await createReviewStore(tx).setFourEyes(false);
      const detail = { review, proposedBy };
      const entry = { actor: approvedBy, action: 'reviews.four-eyes-relaxed', subject: 'reviews', detail };
      await audit.record(entry, tx);
      return () => undefined;
    },
  } satisfies ReviewKind<Extract<Proposal, { kind: 'reviews.relax' }>>);
}
