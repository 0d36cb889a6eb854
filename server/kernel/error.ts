/** The closed set of codes that the control plane's API answers with, and their HTTP status. */
export const ERROR_CODES = {
  invalid_input: 400,
  purpose_required: 400,
  unauthenticated: 401,
  forbidden: 403,
  step_up_required: 403,
  second_factor_required: 403,
  not_found: 404,
  conflict: 409,
  review_required: 409,
  gone: 410,
  too_large: 413,
  too_many_requests: 429,
  unavailable: 503,
  internal: 500,
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;

export interface AppErrorOptions {
  /** What the caller can do about it. */
  readonly hint?: string;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A failure that becomes an API error in one place (platform/http). The message is safe to show. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: AppErrorOptions['issues'];
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = options.hint;
    this.issues = options.issues;
    this.retryAfterMs = options.retryAfterMs;
  }

  get status(): number {
    return ERROR_CODES[this.code];
  }
}
