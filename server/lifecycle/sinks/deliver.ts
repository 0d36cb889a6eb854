import type { Outcome, Rendered, Transport } from './transports/transport.ts';

type Problem = Exclude<Outcome, { kind: 'delivered' }>;

export interface Delivery {
  /** Events that the receiver took. */
  readonly delivered: readonly Rendered[];
  /** Single events that it refused by themselves. */
  readonly refused: readonly { readonly item: Rendered; readonly problem: Problem }[];
  /** Why the rest was not sent, or null. Everything may have to be sent again. */
  readonly failure: Problem | null;
}

/** A receiver that refuses this many single events of a batch and takes none refuses everything. */
const REFUSES_EVERYTHING = 16;

/**
 * Sends a batch. What a receiver refuses is halved until the events that it cannot take stand alone, so that they
 * can be set aside and the others delivered. Order is kept among those delivered.
 */
export async function deliver(
  transport: Pick<Transport, 'deliver'>,
  batch: readonly Rendered[],
  signal: AbortSignal,
): Promise<Delivery> {
  const delivered: Rendered[] = [];
  const refused: { item: Rendered; problem: Problem }[] = [];
  const waiting: (readonly Rendered[])[] = batch.length > 0 ? [batch] : [];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const outcome = await transport.deliver(next, signal);
    if (outcome.kind === 'delivered') {
      delivered.push(...next);
    } else if (outcome.kind === 'failed') {
      return { delivered, refused, failure: outcome };
    } else if (next.length > 1) {
      const middle = Math.ceil(next.length / 2);
      waiting.push(next.slice(middle), next.slice(0, middle));
    } else {
      refused.push(...next.map((item) => ({ item, problem: outcome })));
      if (delivered.length === 0 && refused.length >= REFUSES_EVERYTHING) {
        const message = `it refuses every event: ${outcome.message}`;
        return { delivered, refused, failure: { ...outcome, kind: 'failed', message } };
      }
    }
  }
  return { delivered, refused, failure: null };
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 5 * 60_000;

/**
 * How long to wait after the `failures`th failure in a row (from 1 on): doubling from a second to five minutes,
 * half of it by chance, and never less than the receiver asks for. `random` is in [0, 1).
 */
export function delayAfter(failures: number, askedMs: number | undefined, random: number): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20), LONGEST_DELAY_MS);
  return Math.round(Math.max(full / 2 + (random * full) / 2, askedMs ?? 0));
}
