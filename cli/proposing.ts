import { type Proposal, type ReviewDetail, reviewRoutes } from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from './exit.ts';
import type { Output } from './output.ts';

export interface Attempt<T> {
  readonly run: () => Promise<T>;
  /** The same change as a proposal, for when it needs a second person. */
  readonly proposal: Proposal;
  /** From --reason; what approvers read. */
  readonly reason: string | undefined;
}

/** Does a change, or proposes it where the server demands a second person and a reason was given. */
export async function doOrPropose<T>(
  api: Client,
  { run, proposal, reason }: Attempt<T>,
): Promise<{ readonly done: T } | { readonly proposed: ReviewDetail }> {
  try {
    return { done: await run() };
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.body.code !== 'review_required') throw error;
    if (reason === undefined) {
      throw new CliError(
        'This change needs a second person. Repeat it with --reason "why" to propose it; somebody else approves it.',
        EXIT.denied,
      );
    }
    return { proposed: await api.call(reviewRoutes.propose, { body: { proposal, reason } }) };
  }
}

/** Prints what was done, or that it waits: then the exit code is {@link EXIT}.waiting. */
export function report<T>(
  output: Output,
  result: { readonly done: T } | { readonly proposed: ReviewDetail },
  human: (done: T) => string,
): void {
  if ('done' in result) {
    output.result(result.done, human);
    return;
  }
  output.result({ proposed: result.proposed }, ({ proposed }) =>
    [
      `Proposed, waits for approval: ${proposed.title}.`,
      `Review ${proposed.id}; ${approversOf(proposed)}.`,
    ].join('\n'),
  );
  process.exitCode = EXIT.waiting;
}

/** Who could approve a review, in words. */
export function approversOf({ approvers }: Pick<ReviewDetail, 'approvers'>): string {
  if (approvers.length === 0) return 'nobody may approve it at the moment';
  return `${approvers.map(({ name }) => name).join(', ')} may approve it`;
}
