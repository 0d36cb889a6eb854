import { AppError } from '../../../kernel/error.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'this server may not use the folder',
  EPERM: 'this server may not use the folder',
  EROFS: 'the disk is read-only',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk fails',
  EFBIG: 'the file system takes no file of this size',
};

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Whatever the file system says, as an error that people understand; what is one already stays as it is. */
export function unusable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const reason = REASONS[codeOf(error)] ?? `the file system answered ${codeOf(error) || 'with an error'}`;
  return new AppError('unavailable', `the object store cannot be used: ${reason}`, {
    hint: 'Look at the disk and the permissions of the folder "objects" in the data directory.',
    cause: error,
  });
}

/** Runs a step of the file system; its failures become `unavailable`. */
export async function onDisk<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw unusable(error);
  }
}

/** As {@link onDisk}; null when there is no such file. */
export async function ifThere<T>(step: Promise<T>): Promise<T | null> {
  try {
    return await step;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw unusable(error);
  }
}
