import { AppError } from '../../../kernel/error.ts';

interface ServiceError {
  readonly name: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const REASONS: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket',
  AccessDenied: 'the credentials do not allow it',
  Forbidden: 'the credentials do not allow it',
  InvalidAccessKeyId: 'the credentials are not known there',
  SignatureDoesNotMatch: 'the secret key is not the right one',
  ExpiredToken: 'the credentials have ended',
  InvalidToken: 'the session token is not known there',
  RequestTimeTooSkewed: 'the clock of this server is wrong',
  PermanentRedirect: 'the bucket is in another region',
  AuthorizationHeaderMalformed: 'the bucket is in another region',
  SlowDown: 'it asks for fewer requests',
  TimeoutError: 'it does not answer in time',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up',
  EPIPE: 'it closed the connection',
  XMinioStorageFull: 'it is full',
  QuotaExceeded: 'its quota is used up',
};

const asService = (error: unknown): ServiceError | null =>
  error instanceof Error ? (error as ServiceError) : null;

export const statusOf = (error: unknown): number => asService(error)?.$metadata?.httpStatusCode ?? 0;

/** Whether the store says that there is no such object (a bucket that is not there is no such answer). */
export function saysNotFound(error: unknown): boolean {
  const name = asService(error)?.name;
  return name === 'NoSuchKey' || name === 'NotFound' || (statusOf(error) === 404 && name !== 'NoSuchBucket');
}

/** Whatever the store or the way to it says, as an error that people understand; what is one already stays. */
export function unusable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { name = '', code } = asService(error) ?? {};
  const reason =
    REASONS[name] ??
    (typeof code === 'string' ? REASONS[code] : undefined) ??
    (statusOf(error) > 0 ? `it answered ${statusOf(error)} ${name}`.trim() : 'it cannot be reached');
  return new AppError('unavailable', `the object store cannot be used: ${reason}`, {
    hint: 'Look at BARTIZAN_OBJECTS_URL and its credentials; "bartizan doctor" tries them.',
    cause: error,
  });
}

/** Runs a request; its failures become `unavailable`. */
export async function onStore<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw unusable(error);
  }
}
