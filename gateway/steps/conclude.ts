import { type Problem, problem } from '../http/problem.ts';
import { type Journal, JournalFull } from '../ports.ts';
import type { Exchange } from './exchange.ts';
import { recordOf, tokensOf } from './record.ts';

export interface ConcludeOptions {
  readonly journal: Pick<Journal, 'append'>;
  readonly gatewayId: string;
  readonly logger: { readonly error: (fields: object, message: string) => void };
}

/** Settles and journals an exchange that is over; false when the journal cannot take it. */
export type Conclude = (exchange: Exchange) => Promise<boolean>;

export function createConclude({ journal, gatewayId, logger }: ConcludeOptions): Conclude {
  return async (exchange) => {
    exchange.settle?.(tokensOf(exchange));
    exchange.settle = null;
    try {
      await journal.append(recordOf(exchange, gatewayId));
      return true;
    } catch (error) {
      // A full journal says so itself, once; a line for every request would fill the disk further.
      if (!(error instanceof JournalFull)) {
        logger.error({ err: error, requestId: exchange.requestId }, 'an interaction could not be journalled');
      }
      return false;
    }
  };
}

export const journalFull = (): Problem =>
  problem(
    'journal_full',
    'The gateway cannot record interactions (its disk or journal is full), so it takes no requests. Tell its operator.',
    { retryAfterMs: 10_000 },
  );
