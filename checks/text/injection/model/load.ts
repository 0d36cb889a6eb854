import { createHash, webcrypto } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readLinear } from './linear.ts';
import { InjectionModelError, Manifest } from './manifest.ts';
import type { InjectionModel } from './model.ts';
import { WordPiece } from './tokenizer.ts';

export type { InjectionModel } from './model.ts';

/** Bytes of `model.json` that are read. */
const MAX_MANIFEST_BYTES = 64 * 1024;
/** Files whose presence says that a model was meant to be here. */
const SIGNS_OF_A_MODEL = ['encoder.onnx', 'upper.onnx', 'vocab.txt', 'linear.bin'];

/** Whether a folder holds a model, whole or not. */
export function holdsModel(folder: string): boolean {
  return ['model.json', ...SIGNS_OF_A_MODEL].some((name) => existsSync(join(folder, name)));
}

/**
 * Reads a model folder and checks every file against its digest. Null where there is no model; throws
 * {@link InjectionModelError} where there is one that is damaged, incomplete or of another format.
 * `networks`: whether the encoder's files are checked too; not needed beside an encoder that runs, which checked them.
 */
export function loadModel(
  folder: string,
  { networks = true }: { readonly networks?: boolean } = {},
): InjectionModel | null {
  if (!holdsModel(folder)) return null;
  const manifest = readManifest(join(folder, 'model.json'));
  const { encoder, upper, vocabulary, linear } = manifest.files;
  if (networks) {
    for (const file of [encoder, upper]) readListed(folder, file);
    readVocabulary(readListed(folder, vocabulary));
  }
  return assembled(folder, manifest, readListed(folder, linear));
}

/** As {@link loadModel}, for a process that serves: large files are read and hashed off its event loop. */
export async function loadModelAside(folder: string): Promise<InjectionModel | null> {
  if (!holdsModel(folder)) return null;
  const manifest = readManifest(join(folder, 'model.json'));
  const { encoder, upper, vocabulary, linear } = manifest.files;
  for (const file of [encoder, upper]) await readAside(join(folder, file.name), file);
  readVocabulary(await readAside(join(folder, vocabulary.name), vocabulary));
  return assembled(folder, manifest, await readAside(join(folder, linear.name), linear));
}

function assembled(folder: string, manifest: Manifest, linearBytes: Buffer): InjectionModel {
  const { encoder, upper, vocabulary } = manifest.files;
  return Object.freeze({
    name: `${manifest.id}@${manifest.version}`,
    manifest,
    linear: readLinear(linearBytes),
    paths: {
      encoder: join(folder, encoder.name),
      upper: join(folder, upper.name),
      vocabulary: join(folder, vocabulary.name),
    },
  });
}

function readManifest(path: string): Manifest {
  let json: unknown;
  try {
    if (statSync(path).size > MAX_MANIFEST_BYTES) throw new Error(`more than ${MAX_MANIFEST_BYTES} bytes`);
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new InjectionModelError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const parsed = Manifest.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InjectionModelError(
    `${path} does not describe a model of format 1: ${z.prettifyError(parsed.error)}`,
  );
}

/** A file's bytes, once they are those that the manifest lists. */
export function readListed(
  folder: string,
  file: { readonly name: string; readonly sha256: string; readonly bytes: number },
): Buffer {
  return readVerified(join(folder, file.name), file);
}

/** Reads a file whose size and SHA-256 digest are known. Throws {@link InjectionModelError} where they differ. */
export function readVerified(
  path: string,
  expected: { readonly sha256: string; readonly bytes: number },
): Buffer {
  let bytes: Buffer;
  try {
    demandSize(path, expected.bytes);
    bytes = readFileSync(path);
  } catch (cause) {
    throw damaged(path, cause);
  }
  return demandDigest(path, bytes, {
    expected: expected.sha256,
    found: createHash('sha256').update(bytes).digest('hex'),
  });
}

/** As {@link readVerified}; the digest is worked out in another thread. */
async function readAside(
  path: string,
  expected: { readonly sha256: string; readonly bytes: number },
): Promise<Buffer> {
  let bytes: Buffer;
  try {
    demandSize(path, expected.bytes);
    bytes = await readFile(path);
  } catch (cause) {
    throw damaged(path, cause);
  }
  const found = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
  return demandDigest(path, bytes, { expected: expected.sha256, found });
}

function demandSize(path: string, bytes: number): void {
  const { size } = statSync(path);
  if (size !== bytes) throw new Error(`it has ${size} bytes, not ${bytes}`);
}

function damaged(path: string, cause: unknown): InjectionModelError {
  return new InjectionModelError(`${path}: ${(cause as Error).message}; the model folder is damaged.`, {
    cause,
  });
}

function demandDigest(
  path: string,
  bytes: Buffer,
  { expected, found }: { readonly expected: string; readonly found: string },
): Buffer {
  if (found === expected) return bytes;
  throw new InjectionModelError(`${path} is not the file that model.json lists (SHA-256 ${found}).`);
}

/** The tokenizer of a vocabulary file. Throws {@link InjectionModelError} where special tokens are missing. */
export function readVocabulary(bytes: Buffer): WordPiece {
  const pieces = bytes.toString('utf8').split(/\r?\n/);
  if (pieces.at(-1) === '') pieces.pop();
  try {
    return new WordPiece(pieces);
  } catch (cause) {
    throw new InjectionModelError((cause as Error).message, { cause });
  }
}
