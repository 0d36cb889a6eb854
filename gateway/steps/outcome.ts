import type { Problem } from '../http/problem.ts';
import type { Exchange } from './exchange.ts';

const OUTCOMES = {
  guard_blocked: 'blocked',
  client_closed: 'cancelled',
  guard_failed: 'failed',
  internal_error: 'failed',
  journal_full: 'failed',
  no_upstream: 'failed',
  overloaded: 'failed',
} as const;

/** What a problem means for the record. */
export function enterProblem(exchange: Exchange, fault: Problem): void {
  const known = (OUTCOMES as Readonly<Record<string, Exchange['outcome']>>)[fault.code];
  exchange.outcome = known ?? (fault.code.startsWith('upstream_') ? 'failed' : 'denied');
  exchange.status = fault.status;
  // An upstream's own words may quote the conversation, which only full retention keeps.
  const quotes = fault.code === 'upstream_refused' && exchange.endpoint?.retention.content !== 'full';
  const message = quotes ? `The model provider answered ${fault.status}.` : fault.message;
  exchange.error = { code: fault.code, message };
}
