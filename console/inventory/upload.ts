import type { Upload, UploadedVersion, UploadFile, UploadInput } from '@bartizan/contracts';
import { ApiError, uploadRoutes } from '@bartizan/contracts';
import { ApiFailure, routeUrl } from '@bartizan/contracts/client.ts';
import { api } from '../app/api.ts';

/** A file that a person chose, under the path that it will have in the version. */
export interface Chosen {
  readonly path: string;
  readonly file: File;
}

export interface UploadProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Path of the file under way; empty before and after. */
  readonly file: string;
}

const PART_BYTES = 16 * 1024 * 1024;
const ATTEMPTS = 6;

/** Chosen files under their paths below the folder that was chosen, if one was. */
export function chosenOf(files: readonly File[]): Chosen[] {
  return files.map((file) => {
    const inside = file.webkitRelativePath.split('/').slice(1).join('/');
    return { path: inside === '' ? file.name : inside, file };
  });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

interface Part {
  readonly id: string;
  readonly path: string;
  readonly offset: number;
  readonly bytes: Blob;
}

async function sendPart({ id, path, offset, bytes }: Part, signal: AbortSignal): Promise<UploadFile> {
  const route = uploadRoutes.sendFile;
  let response: Response;
  try {
    response = await fetch(routeUrl(route, { params: { id, '*': path }, query: { offset } }), {
      method: route.method,
      body: bytes,
      headers: { 'content-type': 'application/octet-stream' },
      credentials: 'same-origin',
      signal,
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiFailure(0, {
      code: 'unreachable',
      message: 'Bartizan does not answer',
      hint: 'The upload goes on when it does.',
      requestId: '',
    });
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return route.response ? route.response.parse(body) : (body as UploadFile);
  const parsed = ApiError.safeParse(body);
  throw new ApiFailure(
    response.status,
    parsed.success
      ? parsed.data.error
      : { code: 'unexpected', message: `the server answered ${response.status}`, requestId: '' },
  );
}

/** Worth another try: nobody answered, or somebody is busy. */
const isPassing = (failure: unknown): boolean =>
  failure instanceof ApiFailure && [0, 408, 429, 502, 503, 504].includes(failure.status);

/** How far a file is, as the server has it. */
async function receivedOf(id: string, path: string, signal: AbortSignal): Promise<number> {
  const upload = await api.call(uploadRoutes.get, { params: { id }, signal });
  return upload.files.find((file) => file.path === path)?.received ?? 0;
}

interface FileJob {
  readonly upload: Upload;
  readonly chosen: Chosen;
  readonly from: number;
  readonly signal: AbortSignal;
  readonly onSent: (received: number) => void;
}

/** Sends a file from `from` on, in parts. After a break it asks how far the server is and goes on from there. */
async function sendFile({ upload, chosen, from, signal, onSent }: FileJob): Promise<void> {
  let offset = from;
  let failed = 0;
  do {
    try {
      const bytes = chosen.file.slice(offset, offset + PART_BYTES);
      const state = await sendPart({ id: upload.id, path: chosen.path, offset, bytes }, signal);
      offset = state.received;
      failed = 0;
      onSent(offset);
    } catch (failure) {
      failed += 1;
      if (signal.aborted || !isPassing(failure) || failed >= ATTEMPTS) throw failure;
      await wait(500 * 2 ** failed, signal);
      offset = await receivedOf(upload.id, chosen.path, signal).catch(() => offset);
    }
  } while (offset < chosen.file.size);
}

export interface UploadJob {
  readonly input: Omit<UploadInput, 'files'>;
  readonly chosen: readonly Chosen[];
  /** Id of an upload that an earlier attempt with these very files had begun; null begins one. */
  readonly resume: string | null;
  readonly signal: AbortSignal;
  readonly onBegun: (id: string) => void;
  readonly onProgress: (progress: UploadProgress) => void;
}

/**
 * Makes a model version of chosen files, and goes on where an earlier attempt stopped. Rejects with what the server
 * said; what arrived is kept for the next attempt.
 */
export async function uploadVersion(job: UploadJob): Promise<UploadedVersion> {
  const { input, chosen, resume, signal, onBegun, onProgress } = job;
  const files = chosen.map(({ path, file }) => ({ path, size: file.size }));
  const upload =
    resume === null
      ? await api.call(uploadRoutes.create, { body: { ...input, files }, signal })
      : await api.call(uploadRoutes.get, { params: { id: resume }, signal });
  onBegun(upload.id);
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const states = new Map(upload.files.map((file) => [file.path, file]));
  let before = 0;
  for (const each of chosen) {
    const state = states.get(each.path);
    const report = (received: number) =>
      onProgress({ sentBytes: before + received, totalBytes, file: each.path });
    report(state?.received ?? 0);
    if (!state?.complete) {
      await sendFile({ upload, chosen: each, from: state?.received ?? 0, signal, onSent: report });
    }
    before += each.file.size;
  }
  onProgress({ sentBytes: totalBytes, totalBytes, file: '' });
  return api.call(uploadRoutes.finish, { params: { id: upload.id }, signal });
}

/** Removes what arrived of an upload that is not wanted any more. */
export const discardUpload = (id: string): Promise<unknown> =>
  api.call(uploadRoutes.discard, { params: { id } });
