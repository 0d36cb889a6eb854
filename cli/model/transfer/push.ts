import { createHash } from 'node:crypto';
import {
  type Upload,
  type UploadedVersion,
  type UploadFile,
  UploadInput,
  uploadFingerprintText,
  uploadRoutes,
} from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from '../../exit.ts';
import { clientFor, type Stored } from '../../session.ts';
import { changed, type HashedFile } from './hashing.ts';
import { createPatience, type Patience } from './patience.ts';
import type { ByteProgress } from './progress.ts';
import { sendPart } from './send-part.ts';

/** Each request sends at most this, so that proxies need not let endless ones pass. */
const PART_BYTES = 128 * 1024 * 1024;
const AT_ONCE = 4;

export interface PushOptions {
  readonly session: Stored;
  readonly input: Omit<UploadInput, 'files'>;
  readonly files: readonly HashedFile[];
  readonly progress: ByteProgress;
  readonly note: (line: string) => void;
  /** Demands that there is an upload to go on with. */
  readonly resume: boolean;
  readonly patienceMs?: number;
}

/** The upload that was begun for the same files and words, or a new one. */
async function openUpload(api: Client, { input, files, resume, note }: PushOptions): Promise<Upload> {
  const body = { ...input, files: files.map(({ path, size, sha256 }) => ({ path, size, sha256 })) };
  const parsed = UploadInput.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CliError(`${issue?.path.join('.') || 'this'}: ${issue?.message ?? 'is not valid'}`, EXIT.usage);
  }
  const fingerprint = createHash('sha256').update(uploadFingerprintText(parsed.data)).digest('hex');
  const { items } = await api.call(uploadRoutes.list, {});
  const begun = items.find((one) => one.fingerprint === fingerprint && one.state === 'open');
  if (begun) {
    const upload = await api.call(uploadRoutes.get, { params: { id: begun.id } });
    note(
      `Going on with an upload that was begun: ${upload.receivedBytes} of ${upload.totalBytes} bytes are there.`,
    );
    return upload;
  }
  if (resume) {
    throw new CliError(
      'there is no upload of these files to go on with; without --resume a new one is begun',
    );
  }
  return await api.call(uploadRoutes.create, { body });
}

/** Sends what is missing of one file. */
async function sendFile(
  options: Pick<PushOptions, 'session' | 'progress'> & { readonly api: Client; readonly patience: Patience },
  uploadId: string,
  { file, state: known }: { readonly file: HashedFile; readonly state: UploadFile },
): Promise<void> {
  const { session, progress, api, patience } = options;
  let state = known;
  let counted = state.received;
  let best = state.received;
  const count = (to: number) => {
    progress.add(to - counted);
    counted = to;
  };
  for (let attempt = 0; !state.complete; ) {
    const length = Math.min(PART_BYTES, file.size - state.received);
    try {
      let sent = state.received;
      state = await sendPart({
        session,
        uploadId,
        file,
        offset: state.received,
        length,
        sent(bytes) {
          sent += bytes;
          count(sent);
        },
      });
    } catch (error) {
      if (error instanceof ApiFailure && error.status === 400 && /sha256/.test(error.message))
        throw changed(file.path);
      await patience.wait(error, attempt++);
      const { files } = await patience.insist(() => api.call(uploadRoutes.get, { params: { id: uploadId } }));
      state = files.find(({ path }) => path === file.path) ?? state;
    }
    count(state.received);
    if (state.received > best || state.complete) patience.well();
    if (state.received > best) [best, attempt] = [state.received, 0];
  }
}

/**
 * Uploads files as a new version of a model, and goes on with an upload of the same that was begun and broke off.
 * Breaks of the line and restarts of the server are waited out.
 */
export async function pushVersion(options: PushOptions): Promise<UploadedVersion> {
  const { session, files, progress, note, patienceMs } = options;
  const api = clientFor(session);
  const patience = createPatience(note, patienceMs);
  const upload = await openUpload(api, options);
  const states = new Map(upload.files.map((state) => [state.path, state]));
  progress.set(upload.receivedBytes);
  const work = files.flatMap((file) => {
    const state = states.get(file.path);
    return state && !state.complete ? [{ file, state }] : [];
  });
  const left = work.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const one of left) await sendFile({ session, progress, api, patience }, upload.id, one);
    }),
  );
  return await patience.insist(() => api.call(uploadRoutes.finish, { params: { id: upload.id } }));
}
