import { type Proposal, type ReviewDetail, reviewRoutes } from '@bartizan/contracts';
import { ApiFailure } from '@bartizan/contracts/client.ts';
import { toast } from '../ui/toast.ts';
import { api, queryClient } from './api.ts';
import { ask } from './asking.ts';

/** The outcome of a change that may need a second person: done, or proposed and waiting. */
export type Changed<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly review: ReviewDetail };

/**
 * Makes a change; where the instance demands a second person for it, asks for the reason and proposes it
 * instead. Throws the server's answer when the person would rather not.
 */
export async function changeOrPropose<T>(proposal: Proposal, change: () => Promise<T>): Promise<Changed<T>> {
  try {
    return { done: true, value: await change() };
  } catch (failure) {
    if (!(failure instanceof ApiFailure) || failure.body.code !== 'review_required') throw failure;
    const reason = await ask('proposal', failure.message);
    if (reason === null) throw failure;
    const review = await api.call(reviewRoutes.propose, { body: { proposal, reason } });
    await queryClient.invalidateQueries({ queryKey: ['reviews'] });
    toast('Proposed. It waits for somebody else to approve it, under Reviews.');
    return { done: false, review };
  }
}
