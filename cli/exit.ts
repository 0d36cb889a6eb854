import { ApiFailure } from '@bartizan/contracts/client.ts';

/** What `bartizan` exits with. Documented in docs/guide/cli.md; scripts rely on them. */
export const EXIT = {
  /** Done; nothing found. */
  ok: 0,
  /** A scan found something; a verification found something altered or missing. */
  findings: 1,
  /** A scan could not judge its input, or something failed that is not listed here. */
  failed: 2,
  /** Wrong use: unknown command, missing or bad argument (EX_USAGE). */
  usage: 64,
  /** The server cannot be reached (EX_UNAVAILABLE). */
  unavailable: 69,
  /** Proposed: it waits for somebody else's approval (EX_TEMPFAIL). */
  waiting: 75,
  /** Not signed in, or not permitted (EX_NOPERM). */
  denied: 77,
} as const;

/** A failure with its exit code; the message is for a person. */
export class CliError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

/** The exit code and the words for whatever went wrong. */
export function explain(error: unknown): { message: string; exitCode: number } {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof ApiFailure) return { message: apiMessage(error), exitCode: apiExit(error) };
  return { message: error instanceof Error ? error.message : String(error), exitCode: EXIT.failed };
}

function apiExit(error: ApiFailure): number {
  if (error.status === 0 || error.status === 503) return EXIT.unavailable;
  if (error.status === 401 || error.status === 403) return EXIT.denied;
  return error.status === 400 ? EXIT.usage : EXIT.failed;
}

function apiMessage({ body, status }: ApiFailure): string {
  const issues = (body.issues ?? [])
    .filter((issue) => !body.message.includes(issue.message))
    .map((issue) => `\n  ${issue.path || '(input)'}: ${issue.message}`)
    .join('');
  const hint = body.hint ? `\n${body.hint}` : status === 401 ? '\nRun "bartizan login" first.' : '';
  return `${body.message}${issues}${hint}${body.requestId ? `\n(request ${body.requestId})` : ''}`;
}
