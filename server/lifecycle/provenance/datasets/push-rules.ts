import { AppError } from '../../../kernel/error.ts';
import { isFolder } from './laying.ts';
import type { ParsedPush } from './model.ts';

type Files = ParsedPush['files'];

/** Most file systems take no longer name of one file or folder; in bytes of UTF-8. */
const MAX_STEP_BYTES = 255;
/** As the reader of folders has it. */
const MAX_STEPS = 32;

const gib = (bytes: number): string => `${Math.round((bytes / 2 ** 30) * 100) / 100} GiB`;

/** Bytes of all files; `too_large` past what the instance allows. */
export function demandFits(files: Files, maxUploadBytes: number): number {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (Number.isSafeInteger(total) && total <= maxUploadBytes) return total;
  throw new AppError(
    'too_large',
    `the files are ${gib(total)} together; ${gib(maxUploadBytes)} are allowed`,
    {
      hint: 'The setting is BARTIZAN_MAX_UPLOAD_GIB. Or push by reference: then the data stay where they are.',
    },
  );
}

function stepProblem(path: string): string | null {
  const steps = path.split('/');
  if (steps.length > MAX_STEPS) return `lies more than ${MAX_STEPS} folders deep`;
  if (steps.some((step) => Buffer.byteLength(step) > MAX_STEP_BYTES))
    return `has a name of more than ${MAX_STEP_BYTES} bytes`;
  // The reader of folders leaves them out, so that they would be lost without a word.
  if (steps.some((step) => step.startsWith('.'))) return 'has a name that begins with a dot';
  return null;
}

/** Paths of folders become files on a disk of ours; `invalid_input` for those that cannot. */
export function demandPaths({ format, storage, files }: ParsedPush): void {
  if (!isFolder(format) || storage === 'reference') return;
  const issues = files.flatMap(({ path }, at) => {
    const problem = stepProblem(path);
    return problem === null ? [] : [{ path: `files.${at}.path`, message: `the path ${problem}` }];
  });
  if (issues.length === 0) return;
  throw new AppError('invalid_input', `${issues.length} of the files cannot be records of a folder`, {
    hint: 'Leave them out, or give them other names.',
    issues: issues.slice(0, 20),
  });
}
