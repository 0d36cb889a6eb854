import type { dataPushRoutes, UploadFile, uploadRoutes } from '@bartizan/contracts';
import { ApiFailure } from '@bartizan/contracts/client.ts';
import type { Stored } from '../../session.ts';
import { changed, type HashedFile } from './hashing.ts';
import type { Patience } from './patience.ts';
import type { ByteProgress } from './progress.ts';
import { sendPart } from './send-part.ts';

/** Each request sends at most this, so that proxies need not let endless ones pass. */
const PART_BYTES = 128 * 1024 * 1024;
const AT_ONCE = 4;

/** How far a file is, as the server has it. */
type FileState = Pick<UploadFile, 'path' | 'received' | 'complete'>;

export interface Sending {
  readonly session: Stored;
  readonly route: typeof uploadRoutes.sendFile | typeof dataPushRoutes.sendFile;
  /** Id of the upload or push that the files belong to. */
  readonly id: string;
  readonly files: readonly HashedFile[];
  /** How far each file is, by its path; asked again after every break. */
  readonly states: () => Promise<ReadonlyMap<string, FileState>>;
  readonly progress: ByteProgress;
  readonly patience: Patience;
}

/** Sends what is missing of one file. */
async function sendFile(sending: Sending, file: HashedFile, known: FileState): Promise<void> {
  const { session, route, id, states, progress, patience } = sending;
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
        route,
        uploadId: id,
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
      state = (await patience.insist(states)).get(file.path) ?? state;
    }
    count(state.received);
    if (state.received > best || state.complete) patience.well();
    if (state.received > best) [best, attempt] = [state.received, 0];
  }
}

/**
 * Sends what is missing of files, four at once. Breaks of the line and restarts of the server are waited out; throws
 * when patience ends, and when a file is no longer what it was when it was hashed.
 */
export async function sendFiles(sending: Sending): Promise<void> {
  const known = await sending.states();
  const work = sending.files.flatMap((file) => {
    const state = known.get(file.path);
    return state && !state.complete ? [{ file, state }] : [];
  });
  const left = work.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const { file, state } of left) await sendFile(sending, file, state);
    }),
  );
}
