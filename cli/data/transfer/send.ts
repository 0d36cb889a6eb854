import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DataPush,
  type DataPushFile,
  DataPushInput,
  dataPushFingerprintText,
  dataPushRoutes,
} from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from '../../exit.ts';
import type { HashedFile } from '../../model/transfer/hashing.ts';
import { createPatience } from '../../model/transfer/patience.ts';
import type { ByteProgress } from '../../model/transfer/progress.ts';
import { sendFiles } from '../../model/transfer/send-files.ts';
import { clientFor, type Stored } from '../../session.ts';

const POLL_MS = 500;

export interface SendOptions {
  readonly session: Stored;
  readonly input: Omit<DataPushInput, 'files'>;
  readonly files: readonly HashedFile[];
  readonly progress: ByteProgress;
  readonly note: (line: string) => void;
  /** Told while the server reads: rows so far, and what it does. */
  readonly reading: (rows: number, stage: string) => void;
}

/** The push that was begun for the same files and words, or a new one. */
async function openPush(api: Client, { input, files, note }: SendOptions): Promise<DataPush> {
  const body = { ...input, files: files.map(({ path, size, sha256 }) => ({ path, size, sha256 })) };
  const parsed = DataPushInput.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CliError(`${issue?.path.join('.') || 'this'}: ${issue?.message ?? 'is not valid'}`, EXIT.usage);
  }
  const fingerprint = createHash('sha256').update(dataPushFingerprintText(parsed.data)).digest('hex');
  const { items } = await api.call(dataPushRoutes.list, {});
  const begun = items.find((one) => one.fingerprint === fingerprint && one.state === 'open');
  if (begun === undefined) return await api.call(dataPushRoutes.create, { body });
  note(`Going on with a push that was begun: ${begun.receivedBytes} of ${begun.totalBytes} bytes are there.`);
  return begun;
}

async function statesOf(api: Client, id: string): Promise<ReadonlyMap<string, DataPushFile>> {
  const states = new Map<string, DataPushFile>();
  let cursor: string | undefined;
  do {
    const page = await api.call(dataPushRoutes.files, { params: { id }, query: { cursor, limit: 5_000 } });
    for (const state of page.items) states.set(state.path, state);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return states;
}

/**
 * Sends files as a new version of a dataset, going on with a push of the same that broke off, and waits until the
 * server has read and hashed them. Breaks of the line and restarts of the server are waited out.
 */
export async function sendPush(options: SendOptions): Promise<DataPush> {
  const api = clientFor(options.session);
  const patience = createPatience(options.note);
  const push = await openPush(api, options);
  options.progress.set(push.receivedBytes);
  await sendFiles({
    session: options.session,
    route: dataPushRoutes.sendFile,
    id: push.id,
    files: options.files,
    states: () => statesOf(api, push.id),
    progress: options.progress,
    patience,
  });
  options.progress.end();
  let now = await patience.insist(() => api.call(dataPushRoutes.finish, { params: { id: push.id } }));
  while (now.state === 'reading' || now.state === 'open') {
    if (now.progress !== null) options.reading(now.progress.rows, now.progress.stage);
    await sleep(POLL_MS);
    now = await patience.insist(() => api.call(dataPushRoutes.get, { params: { id: push.id } }));
  }
  if (now.state === 'failed') throw new CliError(now.failure ?? 'the data could not be read', EXIT.failed);
  return now;
}
