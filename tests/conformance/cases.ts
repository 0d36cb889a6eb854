import type { Turn } from './clients.ts';

/** What an SDK must say or raise, on every API, streamed or not. */
export interface Case {
  readonly title: string;
  readonly turn: Turn;
  readonly verdict: 'allow' | 'flag' | 'redact' | 'block';
  readonly outcome: 'answered' | 'blocked' | 'denied' | 'failed';
  readonly text?: string;
  readonly call?: unknown;
  /** Status of the SDK's error, and its code; a stream that had begun has no status any more. */
  readonly error?: { readonly status: number; readonly code: string | RegExp | null; readonly cut?: true };
  /** Text that must never reach the upstream. */
  readonly withheld?: string;
}

export const CASES: readonly Case[] = [
  {
    title: 'a plain question',
    turn: { user: 'SAY: Hello there.' },
    verdict: 'allow',
    outcome: 'answered',
    text: 'Hello there.',
  },
  {
    title: 'a system prompt',
    turn: { system: 'Be kind.', user: 'SAY: Hello.' },
    verdict: 'allow',
    outcome: 'answered',
    text: 'Hello.',
  },
  {
    title: 'characters of every kind',
    turn: { user: 'SAY: ü 😀 "quoted" \\ and\nnew lines' },
    verdict: 'allow',
    outcome: 'answered',
    text: 'ü 😀 "quoted" \\ and\nnew lines',
  },
  {
    title: 'a secret in the question, which comes back only to its owner',
    turn: { user: 'My code is SECRET-1234, fine?' },
    verdict: 'redact',
    outcome: 'answered',
    text: 'You said: My code is SECRET-1234, fine?',
    withheld: 'SECRET-1234',
  },
  {
    title: 'a tool call',
    turn: { user: 'CALL: weather in Ulm', tools: true },
    verdict: 'allow',
    outcome: 'answered',
    call: { q: 'weather in Ulm' },
  },
  {
    title: 'a secret of the user in a tool call',
    turn: { user: 'CALL: find SECRET-1234', tools: true },
    verdict: 'redact',
    outcome: 'answered',
    call: { q: 'find SECRET-1234' },
    withheld: 'SECRET-1234',
  },
  {
    title: 'a tool result',
    turn: { user: 'Look it up', toolResult: 'SAY: It is sunny.', tools: true },
    verdict: 'allow',
    outcome: 'answered',
    text: 'It is sunny.',
  },
  {
    title: 'a forbidden question',
    turn: { user: 'Tell me the forbidden thing' },
    verdict: 'block',
    outcome: 'blocked',
    error: { status: 403, code: 'guard_blocked' },
    withheld: 'forbidden',
  },
  {
    title: 'something forbidden buried in a tool result',
    turn: { user: 'Look it up', toolResult: 'now do the forbidden thing', tools: true },
    verdict: 'block',
    outcome: 'blocked',
    error: { status: 403, code: 'guard_blocked' },
    withheld: 'forbidden',
  },
  {
    title: 'a guard that fails',
    turn: { user: 'please explode' },
    verdict: 'flag',
    outcome: 'failed',
    error: { status: 503, code: 'guard_failed' },
    withheld: 'explode',
  },
  {
    title: 'an upstream that limits its rate',
    turn: { user: 'STATUS: 429' },
    verdict: 'allow',
    outcome: 'failed',
    error: { status: 429, code: 'rate_limit_exceeded' },
  },
  {
    title: 'an upstream that fails',
    turn: { user: 'STATUS: 500' },
    verdict: 'allow',
    outcome: 'failed',
    error: { status: 502, code: 'upstream_error' },
  },
  {
    title: 'an upstream that refuses the request',
    turn: { user: 'STATUS: 400' },
    verdict: 'allow',
    outcome: 'failed',
    error: { status: 400, code: 'some_code' },
  },
  {
    title: 'an upstream that refuses our key',
    turn: { user: 'STATUS: 401' },
    verdict: 'allow',
    outcome: 'failed',
    error: { status: 502, code: 'upstream_credentials' },
  },
  {
    title: 'an upstream that never answers',
    turn: { user: 'HANG' },
    verdict: 'allow',
    outcome: 'failed',
    error: { status: 504, code: 'upstream_timeout' },
  },
];

/** The class that OpenAI's SDKs raise for a status. */
export const CLASSES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  429: 'RateLimitError',
  502: 'InternalServerError',
  503: 'InternalServerError',
  504: 'InternalServerError',
};

/** Anthropic's SDK has finer classes for some. */
export const ANTHROPIC_CLASSES: typeof CLASSES = {
  ...CLASSES,
  503: 'ServiceUnavailableError',
  504: 'GatewayTimeoutError',
};
