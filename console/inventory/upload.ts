import { type UploadedVersion, type UploadInput, uploadRoutes } from '@bartizan/contracts';
import { api } from '../app/api.ts';
import { sendFile } from '../app/send-file.ts';

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

/** Chosen files under their paths below the folder that was chosen, if one was. */
export function chosenOf(files: readonly File[]): Chosen[] {
  return files.map((file) => {
    const inside = file.webkitRelativePath.split('/').slice(1).join('/');
    return { path: inside === '' ? file.name : inside, file };
  });
}

/** How far a file is, as the server has it. */
async function receivedOf(id: string, path: string, signal: AbortSignal): Promise<number> {
  const upload = await api.call(uploadRoutes.get, { params: { id }, signal });
  return upload.files.find((file) => file.path === path)?.received ?? 0;
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
      await sendFile({
        route: uploadRoutes.sendFile,
        id: upload.id,
        path: each.path,
        file: each.file,
        from: state?.received ?? 0,
        receivedOf: () => receivedOf(upload.id, each.path, signal),
        signal,
        onSent: report,
      });
    }
    before += each.file.size;
  }
  onProgress({ sentBytes: totalBytes, totalBytes, file: '' });
  return api.call(uploadRoutes.finish, { params: { id: upload.id }, signal });
}

/** Removes what arrived of an upload that is not wanted any more. */
export const discardUpload = (id: string): Promise<unknown> =>
  api.call(uploadRoutes.discard, { params: { id } });
