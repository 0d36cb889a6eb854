import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { type DatasetVersion, datasetRoutes } from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { verifyHere } from '../data/versions/verify-here.ts';
import { CliError, EXIT } from '../exit.ts';
import { localFiles } from '../model/transfer/files.ts';
import { type HashedFile, hashFiles } from '../model/transfer/hashing.ts';
import { printable } from '../output.ts';
import type { FileFact, Recipe } from './recipe.ts';

type Input = Recipe['inputs'][number];

/** What a run reads: where it lies here, and what it is. */
export interface Prepared {
  readonly input: Input;
  /** Variable that tells the command where it lies, of datasets. */
  readonly variable: string | null;
  readonly path: string;
}

/** Every file of a path, with where it lies and its digest. */
export async function filesOf(path: string): Promise<readonly HashedFile[]> {
  return await hashFiles((await localFiles(path)).files, () => undefined);
}

export const factOf = ({ path, size, sha256 }: HashedFile): FileFact => ({ path, bytes: size, sha256 });

const factsOf = async (path: string): Promise<FileFact[]> => (await filesOf(path)).map(factOf);

/** `loans@3`, `loans@3=data/loans.csv`, or `data/prices.csv`. */
export function inputOf(
  text: string,
): { dataset: string; version: string; path: string | null } | { path: string } {
  const match = /^([^@=]+)@(latest|[1-9]\d{0,8})(?:=(.+))?$/.exec(text);
  if (match?.[1] && match[2]) return { dataset: match[1], version: match[2], path: match[3] ?? null };
  if (text !== '') return { path: text };
  throw new CliError('write an input like loans@3, loans@3=loans.csv or prices.csv', EXIT.usage);
}

/** `BARTIZAN_INPUT_LOANS_2026` for `loans-2026`. */
export const variableOf = (dataset: string): string =>
  `BARTIZAN_INPUT_${dataset.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`;

/** The server breaks a download off where stored content is not what was pushed; a lost connection looks the same. */
const notWhole = (name: string, cause: Error): CliError =>
  new CliError(
    `The content of ${printable(name)} could not be fetched whole (${printable(cause.message)}): it may have been altered where it is stored, or the connection was lost.\nFind out with: bartizan data verify ${printable(name)}`,
    EXIT.findings,
  );

async function download(
  api: Client,
  version: DatasetVersion,
  folder: string,
  purpose: string,
): Promise<string> {
  if (version.format === 'texts' || version.format === 'images')
    throw new CliError(
      `${printable(version.dataset)}@${version.number} is a folder: fetch it, and name it with =PATH`,
      EXIT.usage,
    );
  const params = { dataset: version.datasetId, version: String(version.number) };
  const answer = await api.stream(datasetRoutes.content, { params, purpose });
  if (answer.body === null) throw new CliError('the server sent no content');
  const place = join(folder, `${version.datasetId}-${version.number}.${version.format}`);
  await pipeline(
    Readable.fromWeb(answer.body as ReadableStream<Uint8Array>),
    createWriteStream(place, { mode: 0o600 }),
  ).catch((error: unknown) => {
    // What goes wrong here, such as a full disk, names a call of the system.
    if (!(error instanceof Error) || 'syscall' in error) throw error;
    throw notWhole(`${version.dataset}@${version.number}`, error);
  });
  return place;
}

/** Fetches or verifies what a run is to read. What is named as a version must be that version, record by record. */
export async function prepareInputs(
  api: Client,
  texts: readonly string[],
  { purpose, note }: { readonly purpose: string; readonly note: (line: string) => void },
): Promise<{ readonly prepared: readonly Prepared[]; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-run-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const prepared: Prepared[] = [];
    for (const text of texts) prepared.push(await prepare(api, text, { folder, purpose, note }));
    return { prepared, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function prepare(
  api: Client,
  text: string,
  { folder, purpose, note }: { folder: string; purpose: string; note: (line: string) => void },
): Promise<Prepared> {
  const asked = inputOf(text);
  if (!('dataset' in asked))
    return {
      input: { name: asked.path, dataset: null, files: await factsOf(asked.path) },
      variable: null,
      path: resolve(asked.path),
    };
  const { dataset, version: ref } = asked;
  const version = await api.call(datasetRoutes.version, { params: { dataset, version: ref } });
  const name = `${version.dataset}@${version.number}`;
  if (version.state !== 'ready' || version.quarantined || version.root === null)
    throw new CliError(
      `${printable(name)} may not be used: ${version.quarantined ? 'it is in quarantine' : `it is ${version.state}`}`,
      EXIT.denied,
    );
  if (asked.path === null) note(`Fetching ${printable(name)}`);
  const path = asked.path ?? (await download(api, version, folder, purpose));
  const found = await verifyHere({ api, dataset, version: String(version.number), path, limit: 3 });
  if (found.state !== 'intact')
    throw new CliError(
      `${printable(path)} is not ${printable(name)}: ${found.tamperings[0]?.message ?? found.failure ?? 'records differ'}`,
      EXIT.findings,
    );
  return {
    input: {
      name,
      dataset: { name: version.dataset, version: version.number, root: version.root },
      files: await factsOf(path),
    },
    variable: variableOf(version.dataset),
    path: resolve(path),
  };
}
