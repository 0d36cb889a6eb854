import { type LoggerOptions, stdTimeFunctions } from 'pino';

/**
 * One line of JSON for every event, the same from every role:
 * `time` (ISO 8601, UTC), `level` (a word), `role` (server, gateway, supervisor), `msg`, and where they apply
 * `instance`, `requestId`, `traceId`, `route`, `status`, `ms`, `reason`, `error`.
 * Never content, prompts, keys, tokens or addresses of people.
 */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** Names under which a secret could be logged by mistake; whatever stands there is left out. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'apiKey',
  'masterKey',
  'masterHex',
  'internalToken',
  'databaseUrl',
  'body',
  'headers',
  'rawRequest',
  'rawResponse',
  'segments',
];

/**
 * What a log may say of an error: its name, code and the places it went through. Not its message, which may
 * quote what was being read (a JSON parser shows the text that it stumbled over).
 */
export function errorFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: 'a value that is no error' };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s{4}at /.test(line));
  const cause = error.cause === undefined ? {} : { cause: errorFacts(error.cause) };
  return { name: error.name, ...code, stack: frames.slice(0, 20).join('\n'), ...cause };
}

/** Options for pino that give the schema above. */
export function logOptions(settings: {
  readonly level: LogLevel;
  readonly role: string;
  /** Which process of that role, e.g. a gateway's id. */
  readonly instance?: string;
}): LoggerOptions {
  const { level, role, instance } = settings;
  return {
    level,
    base: instance === undefined ? { role } : { role, instance },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorFacts },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), remove: true },
  };
}
