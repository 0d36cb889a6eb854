import { type DataFormat, type DataPush, type DataPushInput, dataPushRoutes } from '@bartizan/contracts';
import { api } from '../../app/api.ts';
import { sendFile } from '../../app/send-file.ts';
import type { Chosen, UploadProgress } from '../upload.ts';

const TABLES: Readonly<Record<string, DataFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
  npy: 'npy',
};
const PICTURES = new Set(['png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp', 'tif', 'tiff']);

const ending = (path: string): string => path.slice(path.lastIndexOf('.') + 1).toLowerCase();

/** What chosen files look like: one table, or a folder of texts or images; null where that cannot be told. */
export function guessFormat(paths: readonly string[]): DataFormat | null {
  const [first] = paths;
  if (first === undefined) return null;
  if (paths.length === 1) {
    const table = TABLES[ending(first)];
    if (table !== undefined) return table;
  }
  const pictures = paths.filter((path) => PICTURES.has(ending(path))).length;
  if (pictures === paths.length) return 'images';
  return pictures === 0 && paths.length > 1 ? 'texts' : null;
}

export interface PushJob {
  readonly input: Omit<DataPushInput, 'files'>;
  readonly chosen: readonly Chosen[];
  /** Id of a push that an earlier attempt with these very files had begun; null begins one. */
  readonly resume: string | null;
  readonly signal: AbortSignal;
  readonly onBegun: (id: string) => void;
  readonly onProgress: (progress: UploadProgress) => void;
}

/** How far each file of a push is, by its path. */
async function receivedBy(id: string, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const received = new Map<string, number>();
  let cursor: string | undefined;
  do {
    const page = await api.call(dataPushRoutes.files, {
      params: { id },
      query: { cursor, limit: 5_000 },
      signal,
    });
    for (const file of page.items) received.set(file.path, file.received);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return received;
}

/** Sends the files of a push and has them read; what is read goes on when this page is left. */
export async function sendPush(job: PushJob): Promise<DataPush> {
  const { input, chosen, resume, signal, onBegun, onProgress } = job;
  const files = chosen.map(({ path, file }) => ({ path, size: file.size }));
  const id = resume ?? (await api.call(dataPushRoutes.create, { body: { ...input, files }, signal })).id;
  onBegun(id);
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const there = await receivedBy(id, signal);
  let before = 0;
  for (const { path, file } of chosen) {
    const report = (received: number) => onProgress({ sentBytes: before + received, totalBytes, file: path });
    const from = there.get(path) ?? 0;
    report(from);
    if (from < file.size || file.size === 0)
      await sendFile({
        route: dataPushRoutes.sendFile,
        id,
        path,
        file,
        from,
        receivedOf: async () => (await receivedBy(id, signal)).get(path) ?? 0,
        signal,
        onSent: report,
      });
    before += file.size;
  }
  onProgress({ sentBytes: totalBytes, totalBytes, file: '' });
  return api.call(dataPushRoutes.finish, { params: { id }, signal });
}

/** Removes what arrived of a push that is not wanted any more. */
export const discardPush = (id: string): Promise<unknown> =>
  api.call(dataPushRoutes.discard, { params: { id } });
