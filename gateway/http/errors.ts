import { PROBLEMS, type Problem } from './problem.ts';

export type ErrorDialect = 'openai' | 'anthropic';

/** The vendor's error `type` for a status, where the problem's own status was replaced by an upstream's. */
const OPENAI_TYPES: Readonly<Record<number, string>> = {
  429: 'rate_limit_error',
  500: 'server_error',
  502: 'server_error',
  503: 'server_error',
  504: 'server_error',
};
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

function typeOf(dialect: ErrorDialect, fault: Problem): string {
  const entry = PROBLEMS[fault.code];
  if (fault.status === entry.status) return entry[dialect];
  return dialect === 'openai'
    ? (OPENAI_TYPES[fault.status] ?? 'invalid_request_error')
    : (ANTHROPIC_TYPES[fault.status] ?? entry.anthropic);
}

/** `{"error":{…}}` as OpenAI answers (platform.openai.com/docs/guides/error-codes). */
export function openaiError(fault: Problem): {
  error: { message: string; type: string; param: string | null; code: string | null };
} {
  return {
    error: {
      message: fault.message,
      type: typeOf('openai', fault),
      param: fault.param,
      code: fault.publicCode,
    },
  };
}

/**
 * `{"type":"error","error":{…},"request_id":…}` as Anthropic answers (docs.anthropic.com/en/api/errors).
 * `details.error_code` is where its SDK looks for a finer code; `code` repeats it for readers of the body.
 */
export function anthropicError(fault: Problem, requestId: string) {
  return {
    type: 'error',
    error: {
      type: typeOf('anthropic', fault),
      message: fault.message,
      code: fault.publicCode,
      details: { error_code: fault.publicCode },
    },
    request_id: requestId,
  };
}

/** The body of an error answer. */
export function errorBody(dialect: ErrorDialect, fault: Problem, requestId: string): string {
  return JSON.stringify(dialect === 'openai' ? openaiError(fault) : anthropicError(fault, requestId));
}

/** Headers that go with a problem: when to try again, and the rate-limit headers of the limiter. */
export function errorHeaders(fault: Problem): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json', ...fault.headers };
  if (fault.retryAfterMs !== null) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(fault.retryAfterMs / 1000)));
    headers['retry-after-ms'] = String(Math.max(1, Math.ceil(fault.retryAfterMs)));
  }
  return headers;
}
