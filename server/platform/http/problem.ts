import type { ApiError } from '@bartizan/contracts';
import { z } from 'zod';
import { AppError, type ErrorCode } from '../../kernel/error.ts';
import { databaseUnavailable, isDatabaseUnavailable } from '../database/index.ts';

const MAX_ISSUES = 50;

/** Problems found by a schema, as `invalid_input`. Never quotes the value. */
export function invalidInput(error: z.ZodError, where: 'path' | 'query' | 'body'): AppError {
  const issues = error.issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: issue.path.map(String).join('.'),
    message: issue.message,
  }));
  const first = issues[0];
  const named = first?.path ? `${first.path}: ${first.message}` : (first?.message ?? 'not as expected');
  return new AppError('invalid_input', `the ${where} is not valid: ${named}`, { issues });
}

/** What Fastify throws before a handler runs. */
function fromFastify(status: number, code: string): AppError | null {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE' || status === 413) {
    return new AppError('too_large', 'the request body is larger than this route takes');
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError('invalid_input', 'send JSON with "content-type: application/json"');
  }
  if (status === 404) return new AppError('not_found', 'there is nothing here');
  if (status >= 400 && status < 500) {
    return new AppError('invalid_input', 'the request could not be read: it is not valid HTTP or JSON');
  }
  return null;
}

/**
 * SQLSTATEs of class 22 (data exception, PostgreSQL manual, Appendix A) that say that a value cannot be
 * stored: a NUL or half a surrogate pair in a text, a number or date out of range, a malformed id.
 */
const NOT_STORABLE = /^22(?:001|003|007|008|021|P02|P05)$/;

function fromDatabase(code: string, cause: Error): AppError | null {
  if (NOT_STORABLE.test(code)) {
    return new AppError('invalid_input', 'the request holds a value that cannot be stored', {
      hint: 'Look for control characters, broken characters and numbers out of range.',
    });
  }
  // Our statement timeout cancelled it.
  if (code !== '57014') return null;
  return new AppError('unavailable', 'the database took too long', {
    hint: 'Ask for a smaller range.',
    cause,
  });
}

/** What the file server throws for hidden files and paths that leave its folder: a caller's doing, not a fault. */
const isRefusedFile = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'ForbiddenError' || error.name === 'NotFoundError' || error.name === 'BadRequestError') &&
  'status' in error &&
  (error.status === 403 || error.status === 404 || error.status === 400);

/** Any error as one that may be shown. What is not ours to show becomes `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isRefusedFile(error)) return new AppError('not_found', 'there is nothing here');
  if (isDatabaseUnavailable(error)) return databaseUnavailable(error);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
    const known = error.code.startsWith('FST_')
      ? fromFastify(status, error.code)
      : 'severity' in error
        ? fromDatabase(error.code, error)
        : null;
    if (known) return known;
  }
  return new AppError('internal', 'something went wrong on our side', {
    hint: 'The log of the server says more under this request id.',
    cause: error,
  });
}

/** The wire form of an error. */
export function toApiError(error: AppError, requestId: string): ApiError {
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      requestId,
      ...(error.issues === undefined ? {} : { issues: [...error.issues] }),
    },
  };
}

/** What a log may say of an error: no driver details, which quote values. */
export function loggable(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'a value that is no error was thrown' };
  const code = 'code' in error ? error.code : undefined;
  const cause = error.cause === undefined ? {} : { cause: loggable(error.cause) };
  return { name: error.name, code, message: error.message, stack: error.stack, ...cause };
}

export const SCIM_TYPE = 'application/scim+json';

/** The form of an error in SCIM (RFC 7644 §3.12). */
export function toScimError(error: AppError): object {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(error.status),
    detail: error.hint === undefined ? error.message : `${error.message}. ${error.hint}`,
  };
}

/**
 * The form of an error in MLflow's REST API (`mlflow.protos.databricks_pb2.ErrorCode`). Clients look at the code
 * before the status; a thing that is already there is a 400 with them.
 */
const MLFLOW_CODES: Readonly<Partial<Record<ErrorCode, string>>> = Object.freeze({
  invalid_input: 'INVALID_PARAMETER_VALUE',
  purpose_required: 'INVALID_PARAMETER_VALUE',
  unauthenticated: 'UNAUTHENTICATED',
  forbidden: 'PERMISSION_DENIED',
  step_up_required: 'PERMISSION_DENIED',
  second_factor_required: 'PERMISSION_DENIED',
  not_found: 'RESOURCE_DOES_NOT_EXIST',
  conflict: 'RESOURCE_ALREADY_EXISTS',
  review_required: 'PERMISSION_DENIED',
  gone: 'RESOURCE_DOES_NOT_EXIST',
  too_large: 'INVALID_PARAMETER_VALUE',
  too_many_requests: 'REQUEST_LIMIT_EXCEEDED',
  unavailable: 'TEMPORARILY_UNAVAILABLE',
});

export function toMlflowError(error: AppError): object {
  return {
    error_code: MLFLOW_CODES[error.code] ?? 'INTERNAL_ERROR',
    message: error.hint === undefined ? error.message : `${error.message.replace(/\.$/, '')}. ${error.hint}`,
  };
}
