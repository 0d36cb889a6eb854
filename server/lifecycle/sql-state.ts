const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The name of the constraint that a change broke; '' when the error is another one. */
export const constraintOf = (error: unknown): string =>
  error instanceof Error && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : '';

/** SQLSTATE codes of PostgreSQL that mean something to a domain (manual, Appendix A). */
export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === '23505';
export const isForeignKeyViolation = (error: unknown): boolean => codeOf(error) === '23503';
/** Serialization failure, deadlock, lock not available: worth another attempt. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01', '55P03'].includes(codeOf(error));
/** Data exceptions, broken constraints and exceeded limits: the same values will never be taken. */
export const isDataException = (error: unknown): boolean => /^(?:22|23|54)/.test(codeOf(error));
