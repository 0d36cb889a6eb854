/**
 * The closed set of ways in which the gateway itself says no, with the HTTP status and the error `type` of
 * both API families. Types are those of the vendors' published error lists.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, openai: 'invalid_request_error', anthropic: 'invalid_request_error' },
  invalid_json: { status: 400, openai: 'invalid_request_error', anthropic: 'invalid_request_error' },
  unreadable_content: { status: 400, openai: 'invalid_request_error', anthropic: 'invalid_request_error' },
  unsupported_parameter: {
    status: 400,
    openai: 'invalid_request_error',
    anthropic: 'invalid_request_error',
  },
  invalid_api_key: { status: 401, openai: 'invalid_request_error', anthropic: 'authentication_error' },
  expired_api_key: { status: 401, openai: 'invalid_request_error', anthropic: 'authentication_error' },
  endpoint_forbidden: { status: 403, openai: 'invalid_request_error', anthropic: 'permission_error' },
  endpoint_disabled: { status: 403, openai: 'invalid_request_error', anthropic: 'permission_error' },
  guard_blocked: { status: 403, openai: 'invalid_request_error', anthropic: 'permission_error' },
  unknown_url: { status: 404, openai: 'invalid_request_error', anthropic: 'not_found_error' },
  endpoint_not_found: { status: 404, openai: 'invalid_request_error', anthropic: 'not_found_error' },
  model_not_found: { status: 404, openai: 'invalid_request_error', anthropic: 'not_found_error' },
  method_not_allowed: { status: 405, openai: 'invalid_request_error', anthropic: 'invalid_request_error' },
  request_timeout: { status: 408, openai: 'invalid_request_error', anthropic: 'timeout_error' },
  request_too_large: { status: 413, openai: 'invalid_request_error', anthropic: 'request_too_large' },
  unsupported_media_type: {
    status: 415,
    openai: 'invalid_request_error',
    anthropic: 'invalid_request_error',
  },
  rate_limit_exceeded: { status: 429, openai: 'rate_limit_error', anthropic: 'rate_limit_error' },
  client_closed: { status: 499, openai: 'invalid_request_error', anthropic: 'invalid_request_error' },
  internal_error: { status: 500, openai: 'server_error', anthropic: 'api_error' },
  stateful_not_offered: { status: 501, openai: 'invalid_request_error', anthropic: 'invalid_request_error' },
  upstream_error: { status: 502, openai: 'server_error', anthropic: 'api_error' },
  upstream_credentials: { status: 502, openai: 'server_error', anthropic: 'api_error' },
  upstream_garbage: { status: 502, openai: 'server_error', anthropic: 'api_error' },
  upstream_too_large: { status: 502, openai: 'server_error', anthropic: 'api_error' },
  guard_failed: { status: 503, openai: 'server_error', anthropic: 'api_error' },
  journal_full: { status: 503, openai: 'server_error', anthropic: 'api_error' },
  not_ready: { status: 503, openai: 'server_error', anthropic: 'overloaded_error' },
  overloaded: { status: 503, openai: 'server_error', anthropic: 'overloaded_error' },
  no_upstream: { status: 404, openai: 'invalid_request_error', anthropic: 'not_found_error' },
  upstream_unavailable: { status: 503, openai: 'server_error', anthropic: 'api_error' },
  upstream_timeout: { status: 504, openai: 'server_error', anthropic: 'timeout_error' },
  /** The upstream's own refusal, passed on with its status (see steps/translate.ts). */
  upstream_refused: { status: 400, openai: 'invalid_request_error', anthropic: 'invalid_request_error' },
} as const satisfies Record<string, { status: number; openai: string; anthropic: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Why a request is not answered. `message` is safe to show and says what to do. */
export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  /** The request field at fault, where there is one. */
  readonly param: string | null;
  /** When trying again makes sense. */
  readonly retryAfterMs: number | null;
  /** Differs from the code's own status only for what an upstream refused. */
  readonly status: number;
  /** More headers for the answer (rate limits). */
  readonly headers: Readonly<Record<string, string>> | null;
  /** What the client reads as the error's code; the upstream's own for what it refused. */
  readonly publicCode: string | null;
}

/** Builds a problem; everything but code and message has a default. */
export function problem(
  code: ProblemCode,
  message: string,
  more: Partial<Omit<Problem, 'code' | 'message'>> = {},
): Problem {
  return {
    code,
    message,
    param: more.param ?? null,
    retryAfterMs: more.retryAfterMs ?? null,
    status: more.status ?? PROBLEMS[code].status,
    headers: more.headers ?? null,
    publicCode: more.publicCode === undefined ? code : more.publicCode,
  };
}
