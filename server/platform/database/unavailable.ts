import { AppError } from '../../kernel/error.ts';

/**
 * SQLSTATE classes and codes that mean "the database cannot serve now", from the PostgreSQL manual, Appendix A:
 * 08 connection exceptions, 53 insufficient resources, 57P01..57P05 shutdown and not-yet-started.
 */
const SQLSTATE = /^(?:08...|53...|57P0[1-5])$/;
const NODE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'ENOENT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** What `pg` and `pg-pool` say without a code. */
const MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|Cannot use a pool after calling end)/;

/** True when the error says that the database is away or not ready, as opposed to a wrong statement. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code !== '') {
    const fromDatabase = 'severity' in error;
    return fromDatabase ? SQLSTATE.test(code) : NODE_CODES.has(code) && 'syscall' in error;
  }
  return MESSAGES.test(error.message);
}

/** The answer of the API while the database is away. */
export const databaseUnavailable = (cause: unknown): AppError =>
  new AppError('unavailable', 'the database does not answer at the moment', {
    hint: 'Try again in a few seconds; the gateway keeps serving meanwhile.',
    retryAfterMs: 2_000,
    cause,
  });
