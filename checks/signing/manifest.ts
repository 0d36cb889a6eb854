import { createHash } from 'node:crypto';
import { z } from 'zod';
import { quoted, SignatureError } from './error.ts';
import { isPlainPath } from './paths.ts';
import { DIGESTS_V01, STATEMENT_TYPE, type Statement } from './statement.ts';

export const SIGNATURE_V1 = 'https://model_signing/signature/v1.0';
/** Names that model-signing gives to hashes, and those of node:crypto. BLAKE3 is not among these. */
export const HASHES = Object.freeze({ sha256: 'sha256', blake2b: 'blake2b512' } as const);
export type HashType = keyof typeof HASHES;

/** A file, or a part of one, with its digest in hexadecimal. */
export interface Resource {
  /** As signed: the path, `.` for a model that is one file, or `path:start:end` of a part. */
  readonly name: string;
  readonly digest: string;
}

/** What a model signature vouches for. */
export interface Manifest {
  readonly modelName: string;
  /** `shards`: files in parts of `shardBytes`. */
  readonly method: 'files' | 'shards';
  readonly shardBytes: number | null;
  readonly hash: HashType;
  readonly allowsSymlinks: boolean;
  /** Left out by the signer, with all below; relative to the model. */
  readonly ignoredPaths: readonly string[];
  readonly resources: readonly Resource[];
  /** SHA-256 over the raw digests of the resources in their order, in hexadecimal. */
  readonly digest: string;
}

const Hex = z.string().regex(/^[0-9a-f]{64,128}$/);
const MOST_RESOURCES = 200_000;
const Predicate = z.object({
  serialization: z.object({
    method: z.string(),
    hash_type: z.string(),
    allow_symlinks: z.boolean(),
    shard_size: z.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
    ignore_paths: z.array(z.string()).max(10_000).default([]),
  }),
  resources: z
    .array(z.object({ name: z.string(), algorithm: z.string().max(100), digest: Hex }))
    .max(MOST_RESOURCES),
});

const bad = (message: string): never => {
  throw new SignatureError('malformed', message);
};

/** SHA-256 over raw digests, one after the other: the digest of a model (model-signing v1 predicate, subject). */
export function rootDigest(digests: Iterable<string>): string {
  const sum = createHash('sha256');
  for (const digest of digests) sum.update(digest, 'hex');
  return sum.digest('hex');
}

/**
 * What of a verified statement is the model signature: predicate v1.0, or that of model-signing 0.2. Throws
 * `unsupported` for other predicates, methods and hashes, `digest_inconsistent` when the subject is not the digest of
 * the resources, and `malformed` for names that are no paths inside of a model or stand there twice.
 */
export function manifestOf(statement: Statement): Manifest {
  const { predicateType } = statement;
  if (predicateType === DIGESTS_V01) return manifestOfV02(statement);
  if (predicateType !== SIGNATURE_V1)
    throw new SignatureError(
      'unsupported',
      `the statement is no model signature but ${quoted(predicateType)}`,
    );
  const parsed = Predicate.safeParse(statement.predicate);
  if (!parsed.success) return bad('the predicate is not that of a model signature v1.0');
  const { serialization, resources } = parsed.data;
  const { method, hash_type: hash, shard_size: shardBytes } = serialization;
  if (method !== 'files' && method !== 'shards')
    throw new SignatureError('unsupported', `models are not taken apart by the method ${quoted(method)}`);
  if ((method === 'shards') !== (shardBytes !== undefined))
    bad('the size of shards is missing, or misplaced');
  const [subject, ...more] = statement.subject;
  if (!subject || more.length > 0) return bad('a model signature has one subject');
  const manifest = {
    modelName: subject.name,
    method,
    shardBytes: shardBytes ?? null,
    hash: hashNamed(hash),
    allowsSymlinks: serialization.allow_symlinks,
    ignoredPaths: serialization.ignore_paths.map(ignoredPath),
    resources: resources.map(({ name, digest }) => ({ name, digest })),
    digest: rootDigest(resources.map(({ digest }) => digest)),
  } as const;
  if (resources.some(({ algorithm }) => !algorithm.startsWith(hash))) bad('resources name another hash');
  if (subject.digest.sha256 !== manifest.digest)
    throw new SignatureError(
      'digest_inconsistent',
      'the subject is not the digest of the files that are listed',
    );
  return checked(manifest);
}

/** The order of subjects stands for the digest, which that release did not have. */
function manifestOfV02({ subject }: Statement): Manifest {
  const resources = subject.map(({ name, digest }) => {
    const parsed = Hex.safeParse(digest.sha256);
    return { name, digest: parsed.success ? parsed.data : bad('a subject has no SHA-256') };
  });
  return checked({
    modelName: '',
    method: 'files',
    shardBytes: null,
    hash: 'sha256',
    allowsSymlinks: false,
    ignoredPaths: [],
    resources,
    digest: rootDigest(resources.map(({ digest }) => digest)),
  });
}

function hashNamed(name: string): HashType {
  if (Object.hasOwn(HASHES, name)) return name as HashType;
  throw new SignatureError('unsupported', `files hashed by ${quoted(name)} cannot be compared here`);
}

/** Of Python a folder may come with a slash at its end; the whole model is never ignored. */
function ignoredPath(path: string): string {
  const plain = path.endsWith('/') ? path.slice(0, -1) : path;
  return isPlainPath(plain) ? plain : bad(`${quoted(path)} is no path inside of a model`);
}

const SHARD = /^(.+):(0|[1-9]\d{0,15}):([1-9]\d{0,15})$/s;

function checked(manifest: Manifest): Manifest {
  const { resources, method, hash } = manifest;
  if (resources.length === 0) bad('no file is listed');
  const length = hash === 'sha256' ? 64 : 128;
  const names = new Set<string>();
  for (const { name, digest } of resources) {
    const path = method === 'shards' ? (SHARD.exec(name)?.[1] ?? '') : name;
    const isWhole = path === '.' && (method === 'shards' || resources.length === 1);
    if (!isWhole && !isPlainPath(path)) bad(`${quoted(name)} is no path inside of a model`);
    if (digest.length !== length) bad(`the digest of ${quoted(name)} has another length than its hash gives`);
    if (names.has(name)) bad(`${quoted(name)} is listed twice`);
    names.add(name);
  }
  return Object.freeze(manifest);
}

/** The parts that a file of `sizeBytes` is taken into, of `shardBytes` each; an empty file has none. */
export function shardsOf(
  path: string,
  sizeBytes: number,
  shardBytes: number,
): { readonly name: string; readonly start: number; readonly end: number }[] {
  if (sizeBytes / shardBytes > MOST_RESOURCES)
    throw new SignatureError('too_large', `${quoted(path)} would come in too many parts`);
  const parts = [];
  for (let start = 0; start < sizeBytes; start += shardBytes) {
    const end = Math.min(start + shardBytes, sizeBytes);
    parts.push({ name: `${path}:${start}:${end}`, start, end });
  }
  return parts;
}

export interface Differences {
  /** Signed, but not there. */
  readonly missing: readonly string[];
  /** There, but not signed. */
  readonly added: readonly string[];
  /** There with other content. */
  readonly changed: readonly string[];
}

/** How what is there differs from what was signed; null when it does not. */
export function differences(signed: Manifest, actual: readonly Resource[]): Differences | null {
  const there = new Map(actual.map(({ name, digest }) => [name, digest]));
  const known = new Set(signed.resources.map(({ name }) => name));
  const missing = signed.resources.filter(({ name }) => !there.has(name)).map(({ name }) => name);
  const changed = signed.resources
    .filter(({ name, digest }) => there.has(name) && there.get(name) !== digest)
    .map(({ name }) => name);
  const added = actual.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  return missing.length + changed.length + added.length > 0 ? { missing, added, changed } : null;
}

/** The differences in one sentence; at most a few names of each kind. */
export function describeDifferences({ missing, added, changed }: Differences): string {
  const some = (names: readonly string[]): string => {
    const shown = names.slice(0, 3).map(quoted).join(', ');
    return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
  };
  return [
    changed.length > 0 ? `changed: ${some(changed)}` : '',
    missing.length > 0 ? `missing: ${some(missing)}` : '',
    added.length > 0 ? `not signed: ${some(added)}` : '',
  ]
    .filter(Boolean)
    .join('; ');
}

export type NewManifest = Pick<Manifest, 'modelName' | 'ignoredPaths' | 'allowsSymlinks'> & {
  /** In the order in which they are to be listed. */
  readonly resources: readonly Resource[];
};

/** The statement of a model signature v1.0 over whole files by SHA-256. Throws for what could not be verified. */
export function modelStatement({ modelName, ignoredPaths, allowsSymlinks, resources }: NewManifest): string {
  const digest = rootDigest(resources.map((one) => one.digest));
  checked({
    modelName,
    method: 'files',
    shardBytes: null,
    hash: 'sha256',
    allowsSymlinks,
    ignoredPaths: ignoredPaths.map(ignoredPath),
    resources,
    digest,
  });
  return JSON.stringify({
    _type: STATEMENT_TYPE,
    subject: [{ name: modelName, digest: { sha256: digest } }],
    predicateType: SIGNATURE_V1,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: allowsSymlinks,
        ...(ignoredPaths.length > 0 ? { ignore_paths: ignoredPaths } : {}),
      },
      resources: resources.map(({ name, digest: value }) => ({ name, algorithm: 'sha256', digest: value })),
    },
  });
}
