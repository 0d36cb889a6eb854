import { type Problem, problem } from '../http/problem.ts';
import { type Journal, JournalFull } from '../ports.ts';
import type { RequestMeasures } from '../telemetry/measure.ts';
import type { Exchange } from './exchange.ts';
import { recordOf, tokensOf } from './record.ts';

export interface ConcludeOptions {
  readonly journal: Pick<Journal, 'append'>;
  readonly gatewayId: string;
  readonly logger: { readonly error: (fields: object, message: string) => void };
  readonly measures: RequestMeasures;
}

/** Settles and journals an exchange that is over; false when the journal cannot take it. */
export type Conclude = (exchange: Exchange) => Promise<boolean>;

export function createConclude({ journal, gatewayId, logger, measures }: ConcludeOptions): Conclude {
  return async (exchange) => {
    exchange.settle?.(tokensOf(exchange));
    exchange.settle = null;
    try {
      await journal.append(recordOf(exchange, gatewayId));
      measures.concluded(exchange);
      exchange.trace?.concluded();
      return true;
    } catch (error) {
      // A full journal says so itself, once; a line for every request would fill the disk further.
      if (!(error instanceof JournalFull)) {
        const { requestId, traceId } = exchange;
        logger.error({ err: error, requestId, traceId }, 'an interaction could not be journalled');
      }
      measures.rejected('journal_full');
      exchange.trace?.concluded();
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
