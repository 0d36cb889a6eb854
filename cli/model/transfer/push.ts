import { createHash } from 'node:crypto';
import {
  type Upload,
  type UploadedVersion,
  type UploadFile,
  UploadInput,
  uploadFingerprintText,
  uploadRoutes,
} from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from '../../exit.ts';
import { clientFor, type Stored } from '../../session.ts';
import type { HashedFile } from './hashing.ts';
import { createPatience } from './patience.ts';
import type { ByteProgress } from './progress.ts';
import { sendFiles } from './send-files.ts';

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

/**
 * Uploads files as a new version of a model, and goes on with an upload of the same that was begun and broke off.
 * Breaks of the line and restarts of the server are waited out.
 */
export async function pushVersion(options: PushOptions): Promise<UploadedVersion> {
  const { session, files, progress, note, patienceMs } = options;
  const api = clientFor(session);
  const patience = createPatience(note, patienceMs);
  const upload = await openUpload(api, options);
  progress.set(upload.receivedBytes);
  let known: readonly UploadFile[] | null = upload.files;
  await sendFiles({
    session,
    route: uploadRoutes.sendFile,
    id: upload.id,
    files,
    async states() {
      const now = known ?? (await api.call(uploadRoutes.get, { params: { id: upload.id } })).files;
      known = null;
      return new Map(now.map((state) => [state.path, state]));
    },
    progress,
    patience,
  });
  return await patience.insist(() => api.call(uploadRoutes.finish, { params: { id: upload.id } }));
}
