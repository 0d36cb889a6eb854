import { createHash } from 'node:crypto';
import { z } from 'zod';
import { rootDigest } from './manifest.ts';
import { byBytes, byNames } from './paths.ts';
import { STATEMENT_TYPE, type Statement } from './statement.ts';

export const SLSA_V1 = 'https://slsa.dev/provenance/v1';

export interface Material {
  readonly name: string;
  readonly uri: string | null;
  /** `algorithm:hexadecimal`. */
  readonly digest: string | null;
}

/** What SLSA provenance v1 says, shortened; all of it is the signer's word. Instants in ms since the epoch. */
export interface Provenance {
  readonly buildType: string;
  readonly builder: string;
  readonly invocation: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly source: { readonly repository: string; readonly revision: string | null } | null;
  readonly materials: readonly Material[];
  /** Materials beyond those listed. */
  readonly moreMaterials: number;
}

const LONGEST = 500;
const MOST_MATERIALS = 100;
/** Foreign text for people: one line, short. */
const Text = z.string().transform((text) =>
  text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .slice(0, LONGEST)
    .toWellFormed(),
);
const Descriptor = z.object({
  name: Text.optional(),
  uri: Text.optional(),
  digest: z.record(Text, Text).optional(),
});
/** SLSA provenance v1; members that are not shown are left aside, as the specification asks. */
const Predicate = z.object({
  buildDefinition: z.object({
    buildType: Text,
    externalParameters: z.unknown(),
    resolvedDependencies: z.array(Descriptor).max(100_000).optional(),
  }),
  runDetails: z.object({
    builder: z.object({ id: Text }),
    metadata: z
      .object({
        invocationId: Text.optional(),
        startedOn: z.string().optional(),
        finishedOn: z.string().optional(),
      })
      .optional(),
  }),
});

const instantOf = (text: string | undefined): number | null => {
  const at = text === undefined || text.length > 40 ? Number.NaN : Date.parse(text);
  return Number.isSafeInteger(at) && at >= 0 ? at : null;
};

/** Reads the predicate of a verified statement as SLSA provenance v1; null when it is none. */
export function provenanceOf({ predicateType, predicate }: Statement): Provenance | null {
  if (predicateType !== SLSA_V1) return null;
  const parsed = Predicate.safeParse(predicate);
  if (!parsed.success) return null;
  const { buildDefinition, runDetails } = parsed.data;
  const all = (buildDefinition.resolvedDependencies ?? []).map(materialOf);
  return {
    buildType: buildDefinition.buildType,
    builder: runDetails.builder.id,
    invocation: runDetails.metadata?.invocationId ?? null,
    startedAt: instantOf(runDetails.metadata?.startedOn),
    finishedAt: instantOf(runDetails.metadata?.finishedOn),
    source: sourceOf(all),
    materials: all.slice(0, MOST_MATERIALS),
    moreMaterials: Math.max(0, all.length - MOST_MATERIALS),
  };
}

function materialOf({ name, uri, digest }: z.infer<typeof Descriptor>): Material {
  const [first] = Object.entries(digest ?? {});
  return { name: name ?? uri ?? '', uri: uri ?? null, digest: first ? `${first[0]}:${first[1]}` : null };
}

/** The first material that is fetched with git. */
function sourceOf(materials: readonly Material[]): Provenance['source'] {
  const git = materials.find(
    ({ uri, digest }) => uri?.startsWith('git+') || digest?.startsWith('gitCommit:'),
  );
  if (!git?.uri) return null;
  const revision = git.digest?.startsWith('gitCommit:') ? git.digest.slice('gitCommit:'.length) : null;
  return { repository: repositoryOf(git.uri.replace(/^git\+/, '')), revision };
}

/** The address without what stands behind `@` in its path (a branch or tag) and without credentials. */
function repositoryOf(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = '';
  url.password = '';
  url.pathname = url.pathname.replace(/@.*$/, '');
  return url.href;
}

export interface DigestedFile {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Digests over the contents of files, whatever these are called: their order by bytes, which is ours, and name by name, which is Python's. */
export function digestsOfFiles(files: readonly DigestedFile[]): readonly string[] {
  const inOrder = (order: (a: string, b: string) => number): string =>
    rootDigest(files.toSorted((a, b) => order(a.path, b.path)).map(({ sha256 }) => sha256));
  return [...new Set([inOrder(byBytes), inOrder(byNames)])];
}

/** In the digests of a subject: {@link filesDigest}, which binds what the files are called. */
export const FILES_V1 = 'bartizanFilesV1';

/**
 * A digest of files with their paths: sha256 over, for each file in the order of the paths' UTF-8 bytes, the path, a
 * NUL, and the raw sha256 of its content. No path has a NUL, so that no two sets of files give the same bytes.
 */
export function filesDigest(files: readonly DigestedFile[]): string {
  const sum = createHash('sha256');
  for (const { path, sha256 } of files.toSorted((a, b) => byBytes(a.path, b.path)))
    sum.update(path, 'utf8').update('\0').update(sha256, 'hex');
  return sum.digest('hex');
}

/**
 * What of a set of files a statement is about: `names` where it binds every path to its content and nothing else
 * (subjects for each file, or {@link filesDigest}), `contents` where its subject is only the digest over the contents
 * in their order, which files of other names have too; null where it is not about these files.
 */
export function bindingOf(
  { subject }: Statement,
  files: readonly DigestedFile[],
): 'names' | 'contents' | null {
  if (files.length === 0) return null;
  const [contents, named] = [digestsOfFiles(files), filesDigest(files)];
  let binding: 'contents' | null = null;
  for (const { digest } of subject) {
    const [root, own] = [digest.sha256, Object.hasOwn(digest, FILES_V1) ? digest[FILES_V1] : undefined];
    if (root !== undefined && !contents.includes(root)) continue;
    if (own === named) return 'names';
    if (own === undefined && root !== undefined) binding = 'contents';
  }
  return namesEach(subject, files) ? 'names' : binding;
}

/** Whether the subjects are the files: the same paths, each once, with the same contents. */
function namesEach(subject: Statement['subject'], files: readonly DigestedFile[]): boolean {
  const named = new Map(subject.map(({ name, digest }) => [name, digest.sha256]));
  return (
    subject.length === files.length &&
    named.size === files.length &&
    files.every(({ path, sha256 }) => named.get(path) === sha256)
  );
}

export interface NewProvenance {
  /** The files of the model: their names are bound, and their contents by the digest that others know too. */
  readonly subject: { readonly name: string; readonly files: readonly DigestedFile[] };
  readonly buildType: string;
  readonly builder: string;
  readonly invocation: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly dependencies: readonly {
    readonly name?: string;
    readonly uri?: string;
    readonly digest?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

const iso = (ms: number | null): string | undefined => (ms === null ? undefined : new Date(ms).toISOString());

const subjectDigest = (files: readonly DigestedFile[]) => ({
  sha256: rootDigest(files.toSorted((a, b) => byBytes(a.path, b.path)).map(({ sha256 }) => sha256)),
  [FILES_V1]: filesDigest(files),
});

/** The text of a statement with SLSA provenance v1, ready to be signed. */
export function provenanceStatement(given: NewProvenance): string {
  return JSON.stringify({
    _type: STATEMENT_TYPE,
    subject: [{ name: given.subject.name, digest: subjectDigest(given.subject.files) }],
    predicateType: SLSA_V1,
    predicate: {
      buildDefinition: {
        buildType: given.buildType,
        externalParameters: given.parameters,
        internalParameters: {},
        resolvedDependencies: given.dependencies,
      },
      runDetails: {
        builder: { id: given.builder },
        metadata: {
          invocationId: given.invocation ?? undefined,
          startedOn: iso(given.startedAt),
          finishedOn: iso(given.finishedAt),
        },
      },
    },
  });
}
