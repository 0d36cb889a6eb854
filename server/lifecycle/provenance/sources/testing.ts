import type { DataPolicy, ReviewDetail } from '@bartizan/contracts';
import type { Principal } from '../../../platform/http/types.ts';
import type { TestServer } from '../../testing.ts';

export const WHY = 'the supplier is under contract now';

/** What holds at first. */
export const FIRST_POLICY: DataPolicy = Object.freeze({
  trustedSourcesOnly: false,
  fourEyes: false,
  newSourceReview: true,
  scanBeforeUse: false,
  purposes: [],
});

/** Proposes a policy that demands less, and has somebody else approve it. */
export async function loosen(
  server: Pick<TestServer, 'call'>,
  change: { readonly dataset: string | null; readonly policy: DataPolicy | null },
  { by, approver }: { readonly by: Principal; readonly approver: Principal },
): Promise<void> {
  const proposal = { kind: 'data.policy', ...change };
  const { id, digest }: ReviewDetail = await server.call('reviews.propose', {
    principal: by,
    body: { proposal, reason: WHY },
  });
  await server.call('reviews.approve', { principal: approver, params: { id }, body: { digest } });
}
